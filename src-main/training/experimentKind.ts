import { changedFromDefaults, type ExperimentKind } from '../modelling/experimentKind';
import { describeMethod } from '../modelling/method';
import { bindNetwork, bindTechnique } from './bound';
import { resolveDefaults, trainingExperimentSchema, type TrainingExperiment } from './experimentSchema';
import { learningRates } from './learningRates/registry';
import { networks } from './networks/registry';
import { optimizers } from './optimizers/registry';
import { schedules } from './schedules/registry';
import { techniques } from './techniques/registry';
import { diagnoses } from './techniques/theseusLayer/inner';

/** Experiments that train a network. */
export const trainingKind: ExperimentKind<'training', TrainingExperiment> = {
  kind: 'training',
  schema: trainingExperimentSchema,
  methods: () => [
    describeMethod('experiment', {
      kind: 'training',
      title: 'Training',
      summary: 'Trains a network to map parameters x to solutions y of a family of problems.',
      reference: null,
      settings: trainingExperimentSchema,
    }),
    ...networks.map((method) => describeMethod('network', method)),
    ...techniques.map((method) => describeMethod('technique', method)),
    ...optimizers.map((method) => describeMethod('optimizer', method)),
    ...schedules.map((method) => describeMethod('schedule', method)),
    ...learningRates.map((method) => describeMethod('learningRate', method)),
  ],
  changed: (experiment) =>
    changedFromDefaults(resolveDefaults, experiment, { dataset: experiment.dataset }, [
      'network',
      'technique',
      'optimizer',
    ]),
  seed: ({ seed }) => seed,
  repeated: (experiment, name, seed) => ({ ...experiment, name, seed }),
  data: ({ dataset }) => ({ form: 'dataset', at: 'dataset', setting: dataset }),
  unfit({ technique: chosen }, traits) {
    const { technique, settings } = bindTechnique(chosen);
    const reason = technique.refusal?.(settings, traits());
    return reason
      ? { path: 'technique.kind', message: `${technique.title} cannot be used on this dataset: ${reason}` }
      : null;
  },
  work: ({ 'training.epochs': epochs }) => (typeof epochs === 'number' ? { like: '', amount: epochs } : null),
  /** Vectors of gradients have one entry a layer of the network; numbers where the network is not known here. */
  entryNames(metric, { network }) {
    if (metric === 'inner/failures') return diagnoses;
    if (!metric.startsWith('gradient/')) return null;
    return networks.some(({ kind }) => kind === network.kind) ? bindNetwork(network).layers : null;
  },
  headline: ['loss', 'valid/gap_mean', 'valid/ineq_max', 'valid/eq_max'],
};
