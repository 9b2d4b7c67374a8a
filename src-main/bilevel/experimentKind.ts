import { changedFromDefaults, type ExperimentKind } from '../modelling/experimentKind';
import { describeMethod } from '../modelling/method';
import { outerAlgorithms } from './algorithms/registry';
import { estimators } from './estimators/registry';
import { bilevelExperimentSchema, resolveBilevel, type BilevelExperiment } from './experimentSchema';

/** Settings without a default: those of a problem that is no family. */
const neededOf = ({ problem }: BilevelExperiment): object =>
  problem.kind === 'file' || problem.kind === 'text' ? { problem } : {};

/** Experiments that solve a bilevel problem. */
export const bilevelKind: ExperimentKind<'bilevel', BilevelExperiment> = {
  kind: 'bilevel',
  schema: bilevelExperimentSchema,
  methods: () => [
    describeMethod('experiment', {
      kind: 'bilevel',
      title: 'Bilevel',
      summary: 'Minimises an upper objective whose lower level is solved at every step.',
      reference: null,
      settings: bilevelExperimentSchema,
    }),
    ...outerAlgorithms.map((method) => describeMethod('outerAlgorithm', method)),
    ...estimators.map((method) => describeMethod('estimator', method)),
  ],
  changed: (experiment) =>
    changedFromDefaults(resolveBilevel, experiment, neededOf(experiment), [
      'problem',
      'algorithm',
      'estimator',
      'start',
    ]),
  seed: ({ seed }) => seed,
  repeated: (experiment, name, seed) => ({ ...experiment, name, seed }),
  data: ({ problem }) =>
    problem.kind === 'file' ? { form: 'problem', at: 'problem.path', setting: problem.path } : null,
  work(settings) {
    const amount = settings['algorithm.iterations'];
    const like = ['problem.kind', 'problem.d', 'problem.n', 'algorithm.kind', 'estimator.kind', 'useLayer'];
    return typeof amount === 'number' ? { amount, like: like.map((path) => settings[path]).join(' ') } : null;
  },
  entryNames: () => null,
  headline: ['bilevel/F', 'bilevel/gap', 'bilevel/gradient_norm', 'bilevel/lower_solves'],
};
