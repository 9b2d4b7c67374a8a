import { flattenSettings } from '@shared/settings';
import { changedFromDefaults, type ExperimentKind } from '../modelling/experimentKind';
import { describeMethod } from '../modelling/method';
import { outerAlgorithms } from './algorithms/registry';
import { estimators } from './estimators/registry';
import { bilevelExperimentSchema, bilevelSettings, type BilevelExperiment } from './experimentSchema';

const sections = ['problem', 'algorithm', 'estimator', 'start'] as const;
/** Problems and starts that have settings without a default. */
const given: ReadonlySet<string> = new Set(['file', 'text', 'point']);

/** What is given and no default counts as changed as a whole. */
function changed(experiment: BilevelExperiment): string[] {
  const standard = bilevelSettings.parse({});
  const whole = (['problem', 'start'] as const).filter((name) => given.has(experiment[name].kind));
  const rest = { ...experiment };
  if (whole.includes('problem')) rest.problem = standard.problem;
  if (whole.includes('start')) rest.start = standard.start;
  const paths = whole.flatMap((name) => Object.keys(flattenSettings({ [name]: experiment[name] })));
  return [...paths, ...changedFromDefaults((some) => bilevelSettings.parse(some), rest, {}, sections)];
}

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
  changed,
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
