import { AdjointError } from '@shared/errors';
import type { DeviceRequest } from '../numerics/devices/device';
import { loadDevice } from '../numerics/devices/ladder';
import { readCheckpoint } from '../store/checkpoint';
import { type Dataset, readDataset } from '../store/dataset';
import type { RunDirectory } from '../store/runDirectory';
import { checkData } from '../store/runData';
import { wholeCheckpoint } from '../store/wholeCheckpoint';
import { restoreState, type SavedScalars } from '../training/checkpoint';
import { type EvaluationSplit, instancesOf } from '../training/evaluation';
import { resolveDefaults } from '../training/experimentSchema';
import { createTraining } from '../training/loop';
import { disposeState } from '../training/state';
import { validationMetrics } from '../training/validation';
import { requireSameNetwork } from './openCheckpoint';

/**
 * Scores a run's network with its technique, as validation does, on any split of a dataset of the same problem, and times it.
 *
 * @throws AdjointError `unsupported` for a run that trains no network, `not-found` where there is no such checkpoint, `conflict` where the dataset is of
 *   another problem or the checkpoint of another network
 */
export async function evaluateRun(
  run: RunDirectory,
  dataset: Dataset,
  split: EvaluationSplit,
  { step, threads }: { step?: number; threads: number },
): Promise<{ step: number; instances: number; metrics: Record<string, number> }> {
  const manifest = run.manifest();
  if (manifest.kind !== 'training')
    throw new AdjointError('unsupported', 'Only runs that train a network have one to score.', {
      where: run.id,
      fix: `This is a run of kind “${manifest.kind}”.`,
    });
  const chosen = wholeCheckpoint(run, step);
  const path = run.checkpointPath(chosen.step);
  const checkpoint = readCheckpoint(path);
  const saved = { tensors: checkpoint.tensors, state: checkpoint.state as unknown as SavedScalars };
  const trainedOn = await checkData(manifest);
  if (trainedOn !== null) requireSameProblem(readDataset(trainedOn), dataset, run.id);
  const set = instancesOf(dataset, split);
  const device = await loadDevice(saved.state.device as DeviceRequest, { threads, packageFolders: [] });
  // Nothing is trained: the set that is scored stands for both.
  const data = { problem: dataset, train: set, valid: set };
  const training = createTraining(device, resolveDefaults(manifest.experiment), data, { threads });
  const expected = training.init();
  try {
    requireSameNetwork(expected.weights, checkpoint, path);
  } finally {
    disposeState(expected);
  }
  const state = restoreState(device, saved);
  try {
    const { outputs, metrics: measured } = await training.validate(state, { timed: true });
    const metrics = validationMetrics(dataset, set, outputs);
    for (const key of ['time/inference', 'time/exact_solver']) {
      const seconds = measured[key];
      if (seconds !== null) metrics[key] = seconds;
    }
    return { step: chosen.step, instances: set.count, metrics };
  } finally {
    training.dispose(state);
  }
}

/** Constant parts: a network answers for those that it was trained with. @throws AdjointError `conflict` */
function requireSameProblem(own: Dataset, other: Dataset, run: string): void {
  const none = new Float64Array(0);
  for (const name of ['Q', 'p', 'A', 'G', 'H', 'h', 'lower', 'upper'] as const) {
    const [a, b] = [own[name] ?? none, other[name] ?? none];
    if (a.length === b.length && a.every((value, i) => value === b[i])) continue;
    throw new AdjointError('conflict', `The dataset is of another problem than the run’s: ${name} differs.`, {
      where: run,
      fix: 'Score the run on its own dataset, or on one with the same constant parts and other instances.',
    });
  }
}
