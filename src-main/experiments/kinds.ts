import type { MethodInfo } from '@shared/contract';
import { hypergradientsKind } from '../bilevel/comparison/experimentKind';
import type { HypergradientsExperiment } from '../bilevel/comparison/experimentSchema';
import { bilevelKind } from '../bilevel/experimentKind';
import type { BilevelExperiment } from '../bilevel/experimentSchema';
import { datasetKind, type DatasetExperiment } from '../modelling/datasetExperiment';
import type { ExperimentKind } from '../modelling/experimentKind';
import { trainingKind } from '../training/experimentKind';
import type { TrainingExperiment } from '../training/experimentSchema';

/** Every kind of experiment, by the value of its top-level `kind`. A new one is an object of its own and an entry here. */
const kinds = {
  training: trainingKind,
  dataset: datasetKind,
  bilevel: bilevelKind,
  hypergradients: hypergradientsKind,
} as const;

export type KindName = keyof typeof kinds;
export type Experiment = TrainingExperiment | DatasetExperiment | BilevelExperiment | HypergradientsExperiment;
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** What an experiment file without `kind` is. */
export const defaultKind: KindName = 'training';

export const isKindName = (name: unknown): name is KindName => typeof name === 'string' && name in kinds;

/** A kind looked up by the name in its own experiments takes those experiments: the cast says so, here only. */
export const experimentKind = (name: KindName): ExperimentKind<KindName, Experiment> =>
  kinds[name] as unknown as ExperimentKind<KindName, Experiment>;

/** Every registered method with its settings as JSON Schema: for forms and the reference page. */
export const methods = (): MethodInfo[] => kindNames.flatMap((name) => experimentKind(name).methods());
