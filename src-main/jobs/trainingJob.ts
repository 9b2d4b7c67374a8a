import { ActiveClock } from '@shared/activeClock';
import { AdjointError } from '@shared/errors';
import { dynamicsMetrics } from '@shared/metrics/dynamics';
import { innerMetrics } from '@shared/metrics/inner';
import { trainingMetrics } from '@shared/metrics/training';
import { histogramEdges } from '@shared/metrics/bins';
import type { Clock } from '@shared/run';
import type { Checkpoint, Json } from '../store/checkpoint';
import { type Dataset, readDataset } from '../store/dataset';
import { describeDiagnosis, diagnosticColumns, TrainingDiagnostics } from '../diagnostics/duringTraining';
import { traitsOf } from '../modelling/traits';
import type { Device } from '../numerics/devices/device';
import { bindNetwork, bindTechnique } from '../training/bound';
import { mapTensors } from '../training/tensors';
import { restoreState, type SavedScalars, saveState } from '../training/checkpoint';
import { resolveDefaults, type TrainingExperiment } from '../training/experimentSchema';
import { followedInstances } from '../training/diagnosticsSchema';
import { createTraining } from '../training/loop';
import type { Training } from '../training/training';
import { trainingKind } from '../training/experimentKind';
import { labelledSet } from '../training/labelledSet';
import { inequalityCount, rowCount } from '../training/problem';
import { techniques } from '../training/techniques/registry';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

const ours = new Set([...trainingMetrics, ...innerMetrics, ...dynamicsMetrics].map(({ key }) => key));

/** Runs of kind `training`. */
export const trainingJob: JobKind = {
  kind: 'training',
  device: (experiment) => resolveDefaults(experiment).device,
  threads: (experiment) => resolveDefaults(experiment).threads,
  checkpoints(experiment) {
    const { checkpointSeconds, keepCheckpoints } = resolveDefaults(experiment).training;
    return { seconds: checkpointSeconds, keep: keepCheckpoints };
  },
  async create({ manifest, device, dataPath, threads, log }: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
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
    const training = createTraining(device, experiment, data, { threads });
    log(describe(experiment, dataset, training));
    const { technique, settings } = bindTechnique(experiment.technique);
    if (experiment.training.budgetSeconds > 0)
      log(
        `The run ends when its steps have taken ${experiment.training.budgetSeconds} s, validation and diagnostics not counted. Its length depends on ` +
          'the machine, and with it every schedule: run again, it does not give the same bits.',
      );
    for (const caution of technique.cautions?.(settings, dataset) ?? []) log(caution);
    const diagnostics = new TrainingDiagnostics({ device, training }, experiment, data, threads);
    return makeJob(device, experiment, columnsOf(experiment, dataset), training, diagnostics, checkpoint, log);
  },
};

/** Metrics of the catalogue that this experiment records; some vectors have an entry a row of the dataset's problem. */
function columnsOf(experiment: TrainingExperiment, dataset: Dataset): Job['columns'] {
  const { technique, optimizer, network, training, diagnostics } = experiment;
  const bound = bindTechnique(technique);
  const own = bound.technique.metrics ?? [];
  const foreign = new Set(techniques.flatMap(({ metrics }) => metrics ?? []).filter((key) => !own.includes(key)));
  if (optimizer.clip === 0) foreign.add('gradient/norm');
  if (training.microBatches < 2) foreign.add('gradient/signal_to_noise');
  const layers = bindNetwork(network).layers.length;
  const followed = followedInstances(experiment.diagnostics, dataset.splits.valid.length);
  if (followed === 0) foreign.add('valid/probe_outputs');
  const atIntervals = diagnosticColumns(diagnostics);
  const lengths: Record<string, number> = {
    ...{ 'valid/row_violation': rowCount(dataset), 'valid/probe_outputs': followed * dataset.n },
    ...mapTensors(histogramEdges, (edges) => edges.length - 1),
    ...atIntervals,
    ...bound.technique.vectors?.(bound.settings, dataset),
  };
  const wanted = (key: string) => ours.has(key) && !foreign.has(key);
  const columns = (clock: Clock, among = wanted) => catalogueColumns(clock, among, (key) => lengths[key] ?? layers);
  const inner = columns('inner');
  const rare = columns('diagnostics', (key) => key in atIntervals);
  return {
    ...{ step: columns('step'), epoch: columns('epoch') },
    ...(inner.length > 0 ? { inner } : {}),
    ...(rare.length > 0 ? { diagnostics: rare } : {}),
  };
}

function makeJob(
  device: Device,
  experiment: TrainingExperiment,
  columns: Job['columns'],
  training: Training,
  diagnostics: TrainingDiagnostics,
  checkpoint: Checkpoint | null,
  log: (line: string) => void,
): Job {
  const { keepEvery, earlyStopping } = experiment.training;
  const { metric, patience } = earlyStopping;
  const saved = checkpoint && { tensors: checkpoint.tensors, state: checkpoint.state as unknown as SavedScalars };
  let state = saved ? restoreState(device, saved) : training.init();
  // A state at the end of an epoch is validated before anything else happens to it, also after a resume.
  let validated = false;
  // Then come the diagnostics that are due, piece by piece; a run that is cut among them begins them again.
  let looking: ReturnType<TrainingDiagnostics['begin']> = null;
  let looked = false;
  // Runs while the job advances, and only then.
  const clock = new ActiveClock(state.activeSeconds);
  clock.pause();
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
  async function validate(record: Recorder): Promise<void> {
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
  }

  async function advance(record: Recorder): Promise<void> {
    if (!validated && training.validationDue(state)) return validate(record);
    if (!looked) {
      looking ??= diagnostics.begin(state);
      const ended = await looking?.next();
      if (looking && !ended) return;
      if (ended) {
        record('diagnostics', ended.value.row);
        for (const line of describeDiagnosis(ended.value, clock.seconds)) log(`Step ${state.step}: ${line}`);
      }
      [looking, looked] = [null, true];
      if (ended) return;
    }
    const result = await training.step(state);
    record('step', result.metrics);
    ({ state } = result);
    [validated, looked] = [false, false];
  }

  return {
    columns,
    get total() {
      return training.expectedSteps(state);
    },
    unit: 'steps',
    position: () => ({ step: state.step, epoch: state.step / training.stepsPerEpoch }),
    finished: () => training.finished(state) && validated && (looked || diagnostics.due(state).length === 0),
    async advance(record: Recorder) {
      clock.resume();
      try {
        await advance(record);
      } finally {
        clock.pause();
      }
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
    isMilestone: (step) => keepEvery > 0 && step % (keepEvery * training.stepsPerEpoch) === 0,
    dispose() {
      diagnostics.dispose();
      training.dispose(state);
    },
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
