import { AdjointError } from '@shared/errors';
import type { Checkpoint } from '../store/checkpoint';
import type { Dataset } from '../store/dataset';
import type { Device } from '../numerics/devices/device';
import { boundRows, boundsAsRows } from '../solvers/qcqp/bounds';
import { bindTechnique } from '../training/bound';
import { restoreState, type SavedScalars, saveState } from '../training/checkpoint';
import { resolveDefaults, type TrainingExperiment } from '../training/experiment';
import { createTraining, type Training, type TrainingData } from '../training/loop';
import type { LabelledSet } from '../training/validation';
import { techniques } from '../training/techniques/registry';
import { catalogueColumns } from './columns';
import type { Job, JobContext, JobKind, Recorder } from './job';

/** Runs of kind `training`. */
export const trainingJob: JobKind = {
  kind: 'training',
  device: (experiment) => resolveDefaults(experiment).device,
  columns(experiment) {
    const own = bindTechnique(resolveDefaults(experiment).technique).technique.metrics ?? [];
    const foreign = new Set(techniques.flatMap(({ metrics }) => metrics ?? []).filter((key) => !own.includes(key)));
    return {
      step: catalogueColumns('step', (key) => !foreign.has(key) && !key.startsWith('labels/')),
      epoch: catalogueColumns('epoch'),
    };
  },
  checkpoints(experiment) {
    const { checkpointSeconds, keepCheckpoints } = resolveDefaults(experiment).training;
    return { seconds: checkpointSeconds, keep: keepCheckpoints };
  },
  async create({ manifest, device, dataset, log }: JobContext, checkpoint: Checkpoint | null): Promise<Job> {
    const experiment = resolveDefaults(manifest.experiment);
    if (!dataset)
      throw new AdjointError('invalid-experiment', 'A training run needs a dataset.', {
        where: 'manifest.json: dataset',
      });
    const data = trainingData(dataset);
    if (!device) throw new AdjointError('internal', 'A training run was given no device.');
    const training = createTraining(device, experiment, data);
    log(describe(experiment, dataset, training));
    return makeJob(device, training, checkpoint);
  },
};

function makeJob(device: Device, training: Training, checkpoint: Checkpoint | null): Job {
  const saved = checkpoint && { tensors: checkpoint.tensors, state: checkpoint.state as unknown as SavedScalars };
  let state = saved ? restoreState(device, saved) : training.init();
  // A state at the end of an epoch is validated before anything else happens to it, also after a resume.
  let validated = false;
  let lastRow: Record<string, number | null> = {};
  return {
    total: training.totalSteps,
    unit: 'steps',
    position: () => ({ step: state.step, epoch: state.step / training.stepsPerEpoch }),
    finished: () => training.finished(state) && validated,
    async advance(record: Recorder) {
      if (!validated && training.validationDue(state)) {
        lastRow = await training.validate(state);
        record('epoch', lastRow);
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
      return { tensors, state: { ...scalars, generator: { ...scalars.generator } } };
    },
    conclusion() {
      const shown = ['valid/gap_mean', 'valid/eq_max', 'valid/ineq_max'] as const;
      return shown.map((key) => `${key} ${lastRow[key]?.toPrecision(4) ?? '–'}`).join(', ');
    },
    dispose: () => training.dispose(state),
  };
}

/** @throws AdjointError `invalid-dataset` if there is nothing to train on or to validate with. */
function trainingData(dataset: Dataset): TrainingData {
  const pick = (split: 'train' | 'valid'): LabelledSet => {
    const indices = dataset.splits[split];
    if (indices.length === 0)
      throw new AdjointError('invalid-dataset', `The split “${split}” has no instances.`, {
        where: `splits.${split}`,
        fix: 'Give every split at least one instance, or leave the splits out.',
      });
    return { count: indices.length, X: rows(dataset.X, indices, dataset.e), Y: rows(dataset.Y, indices, dataset.n) };
  };
  // Techniques and metrics know rows only: a bound is one more of them.
  return { problem: boundsAsRows(dataset), train: pick('train'), valid: pick('valid') };
}

function rows(matrix: Float64Array, indices: Int32Array, width: number): Float64Array {
  const picked = new Float64Array(indices.length * width);
  indices.forEach((index, i) => picked.set(matrix.subarray(index * width, (index + 1) * width), i * width));
  return picked;
}

function describe(experiment: TrainingExperiment, dataset: Dataset, training: Training): string {
  const { n, m, e, splits } = dataset;
  const bounds = boundRows(dataset).length;
  return (
    `Training ${experiment.network.kind} with ${experiment.technique.kind} and ${experiment.optimizer.kind}: ` +
    `QCQP with ${n} variables, ${m} inequality and ${e} equality rows${bounds > 0 ? `, ${bounds} bounds as further rows` : ''}, ` +
    `${splits.train.length} training and ${splits.valid.length} validation instances, ` +
    `${training.totalSteps} steps in ${experiment.training.epochs} epochs.`
  );
}
