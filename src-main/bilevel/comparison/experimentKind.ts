import { changedFromDefaults, type ExperimentKind } from '../../modelling/experimentKind';
import { describeMethod } from '../../modelling/method';
import { hypergradientsSchema, type HypergradientsExperiment } from './experimentSchema';

/** Experiments that measure ways to the hypergradient beside one another. */
export const hypergradientsKind: ExperimentKind<'hypergradients', HypergradientsExperiment> = {
  kind: 'hypergradients',
  schema: hypergradientsSchema,
  methods: () => [
    describeMethod('experiment', {
      kind: 'hypergradients',
      title: 'Hypergradients',
      summary:
        'Measures ways to the hypergradient beside one another on one problem: time, error, stability, consistency, memory.',
      reference: null,
      settings: hypergradientsSchema,
    }),
  ],
  changed: (experiment) =>
    changedFromDefaults(
      (given) => hypergradientsSchema.parse(given),
      { ...experiment, allowVacuous: true },
      { allowVacuous: true },
      [],
    ),
  seed: ({ seed }) => seed,
  repeated: (experiment, name, seed) => ({ ...experiment, name, seed }),
  data: () => null,
  work(settings) {
    const d = settings['problem.d'];
    const like = ['problem.kind', 'problem.d', 'points', 'tolerance', 'budgetSeconds', 'ssigdSteps'];
    return typeof d === 'number' ? { amount: 1, like: like.map((path) => settings[path]).join(' ') } : null;
  },
  entryNames: () => null,
  headline: ['hypergradient/speedup', 'hypergradient/layer_error', 'hypergradient/direct_error'],
};
