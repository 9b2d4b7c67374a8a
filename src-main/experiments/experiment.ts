import { isMap, parseDocument } from 'yaml';
import { experimentKind, type Experiment } from './kinds';

/** Experiments of every kind as engine and command line see them. Nothing here loads a device or TensorFlow.js. */
export { experimentKind, isKindName, methods, type Experiment, type KindName } from './kinds';
export { experimentIdentity, isSweep, parseSweep, type PlannedRun, type SweepPlan } from './sweeps/sweep';
export { parseExperiment, placeFinding, type ParsedExperiment } from './experimentText';

/** Paths of settings that differ from their defaults. */
export const changedSettings = (experiment: Experiment): string[] =>
  experimentKind(experiment.kind).changed(experiment);

/** What the text calls its experiment, whether or not the rest of it is valid. */
export function experimentTitle(yaml: string): string | null {
  const { contents } = parseDocument(yaml);
  const name: unknown = isMap(contents) ? contents.get('name') : null;
  return typeof name === 'string' ? name : null;
}
