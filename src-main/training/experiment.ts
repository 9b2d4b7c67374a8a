import { isMap, parseDocument } from 'yaml';

/** Experiments as engine and command line see them. Nothing here loads a device or TensorFlow.js. */
export {
  changedSettings,
  type Experiment,
  type ExperimentKind,
  experimentSchemas,
  jsonSchema,
  methods,
  type NetworkSettings,
  type OptimizerSettings,
  resolveDefaults,
  type TechniqueSettings,
  type TrainingExperiment,
} from './experimentSchema';
export { experimentIdentity, isSweep, parseSweep, type PlannedRun, type SweepPlan } from './sweeps/sweep';
export { parseExperiment, type ParsedExperiment } from './experimentText';

/** What the text calls its experiment, whether or not the rest of it is valid. */
export function experimentTitle(yaml: string): string | null {
  const { contents } = parseDocument(yaml);
  const name: unknown = isMap(contents) ? contents.get('name') : null;
  return typeof name === 'string' ? name : null;
}
