import { AdjointError } from '@shared/errors';
import { innerMetrics } from '@shared/metrics/inner';
import { trainingMetrics } from '@shared/metrics/training';
import type { Clock } from '@shared/run';
import type { Checkpoint, Json } from '../store/checkpoint';
import { type Dataset, readDataset } from '../store/dataset';
import { traitsOf } from '../modelling/traits';
import type { Device } from '../numerics/devices/device';
import { bindNetwork, bindTechnique } from '../training/bound';
import { restoreState, type SavedScalars, saveState } from '../training/checkpoint';
import { resolveDefaults, type TrainingExperiment } from '../training/experimentSchema';
import { createTraining, type Training } from '../training/loop';
import { trainingKind } from '../training/experimentKind';
import { labelledSet } from '../training/labelledSet';
import { inequalityCount } from '../training/problem';
import { techniques } from '../training/techniques/registry';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

const ours = new Set([...trainingMetrics, ...innerMetrics].map(({ key }) => key));

/** Runs of kind `training`. */
export const trainingJob: JobKind = {
  kind: 'training',
  device: (experiment) => resolveDefaults(experiment).device,
  checkpoints(experiment) {
    const { checkpointSeconds, keepCheckpoints } = resolveDefaults(experiment).training;
    return { seconds: checkpointSeconds, keep: keepCheckpoints };
  },
  async create({ manifest, device, dataPath, log }: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
    const experiment = resolveDefaults(manifest.experiment);
    if (dataPath === null)
      throw new AdjointError('invalid-experiment', 'A training run needs a dataset.', {
        where: 'manifest.json: dataset',
      });
    const dataset = readDataset(dataPath);
    const data = { problem: dataset, train: labelledSet(dataset, 'train'), valid: labelledSet(dataset, 'valid') };
    if (!device) throw new AdjointError('internal', 'A training run was given no device.');
    const unfit = trainingKind.unfit?.(experiment, () => traitsOf(dataset));
    if (unfit) throw new AdjointError('invalid-experiment', unfit.message, { where: unfit.path });
    const training = createTraining(device, experiment, data);
    log(describe(experiment, dataset, training));
    const { technique, settings } = bindTechnique(experiment.technique);
    for (const caution of technique.cautions?.(settings, dataset) ?? []) log(caution);
    return makeJob(device, experiment, columnsOf(experiment, dataset), training, checkpoint, log);
  },
};

/** Metrics of the catalogue that this experiment records; some vectors have an entry a row of the dataset's problem. */
function columnsOf({ technique, optimizer, network, training }: TrainingExperiment, dataset: Dataset): Job['columns'] {
  const bound = bindTechnique(technique);
  const own = bound.technique.metrics ?? [];
  const foreign = new Set(techniques.flatMap(({ metrics }) => metrics ?? []).filter((key) => !own.includes(key)));
  if (optimizer.clip === 0) foreign.add('gradient/norm');
  if (training.microBatches < 2) foreign.add('gradient/signal_to_noise');
  const layers = bindNetwork(network).layers.length;
  const lengths = bound.technique.vectors?.(bound.settings, dataset) ?? {};
  const wanted = (key: string) => ours.has(key) && !foreign.has(key);
  const columns = (clock: Clock) => catalogueColumns(clock, wanted, (key) => lengths[key] ?? layers);
  const inner = columns('inner');
  return { step: columns('step'), epoch: columns('epoch'), ...(inner.length > 0 ? { inner } : {}) };
}

function makeJob(
  device: Device,
  experiment: TrainingExperiment,
  columns: Job['columns'],
  training: Training,
  checkpoint: Checkpoint | null,
  log: (line: string) => void,
): Job {
  const { metric, patience } = experiment.training.earlyStopping;
  const saved = checkpoint && { tensors: checkpoint.tensors, state: checkpoint.state as unknown as SavedScalars };
  let state = saved ? restoreState(device, saved) : training.init();
  // A state at the end of an epoch is validated before anything else happens to it, also after a resume.
  let validated = false;
  let lastRow: Record<string, number | null> = {};
  const cautioned = new Set<string>();
  const whyStopped = (): string => {
    const { stale, best, bestStep } = state.stopping;
    const found =
      best === undefined
        ? 'it was never a number'
        : `its best score, ${best.toPrecision(4)}, is that of step ${bestStep}, whose checkpoint is kept`;
    return `${metric} has not improved for ${stale} validations; ${found}`;
  };
  return {
    columns,
    get total() {
      return training.stopped(state) ? state.step : training.totalSteps;
    },
    unit: 'steps',
    position: () => ({ step: state.step, epoch: state.step / training.stepsPerEpoch }),
    finished: () => training.finished(state) && validated,
    async advance(record: Recorder) {
      if (!validated && training.validationDue(state)) {
        const { metrics, vectors, inner, notes, cautions } = await training.validate(state);
        lastRow = metrics;
        record('epoch', { ...metrics, ...vectors });
        if (inner) record('inner', inner);
        const at = `Validation at step ${state.step}:`;
        for (const note of notes) log(`${at} ${note}`);
        for (const { code, message } of cautions) {
          if (!cautioned.has(code)) log(`${at} ${message}`);
          cautioned.add(code);
        }
        state = training.observe(state, lastRow);
        validated = true;
        return;
      }
      const result = await training.step(state);
      record('step', result.metrics);
      ({ state } = result);
      validated = false;
    },
    async save(activeSeconds) {
      const { tensors, state: scalars } = await saveState(device, { ...state, activeSeconds }, training.stepsPerEpoch);
      return { tensors, state: scalars as unknown as Json };
    },
    bestStep: () => (patience > 0 ? (state.stopping.bestStep ?? null) : null),
    conclusion() {
      const shown = ['valid/gap_mean', 'valid/eq_max', 'valid/ineq_max'] as const;
      const values = shown.map((key) => `${key} ${lastRow[key]?.toPrecision(4) ?? '–'}`).join(', ');
      return training.stopped(state) ? `stopped early: ${whyStopped()}; ${values}` : values;
    },
    dispose: () => training.dispose(state),
  };
}

function describe(experiment: TrainingExperiment, dataset: Dataset, training: Training): string {
  const { n, m, e, H, splits } = dataset;
  const bounds = inequalityCount(dataset) - m;
  const rows = [`${m} ${H.some((value) => value !== 0) ? 'quadratic' : 'linear'} inequality`, `${e} equality rows`];
  if (bounds > 0) rows.push(`${bounds} bounds`);
  return (
    `Training ${experiment.network.kind} with ${experiment.technique.kind} and ${experiment.optimizer.kind}: ` +
    `${n} variables, ${rows.join(', ')}, ` +
    `${splits.train.length} training and ${splits.valid.length} validation instances, ` +
    `${training.totalSteps} steps in ${experiment.training.epochs} epochs.`
  );
}
