import { AdjointError } from '@shared/errors';
import { SeedSequence } from '@shared/random/seedSequence';
import { Generator } from '@shared/random/generator';
import { loadDevice } from '../numerics/devices/ladder';
import { type Checkpoint, readCheckpoint } from '../store/checkpoint';
import { readDataset } from '../store/dataset';
import { checkData } from '../store/runData';
import type { RunDirectory } from '../store/runDirectory';
import { wholeCheckpoint } from '../store/wholeCheckpoint';
import { restoreState, type SavedScalars } from '../training/checkpoint';
import { resolveDefaults } from '../training/experimentSchema';
import { labelledSet } from '../training/labelledSet';
import { createTraining } from '../training/loop';
import { disposeState } from '../training/state';
import { inFloat64 } from './inFloat64';
import { LossProbe } from './lossProbe';
import { type ViolationMap, violationMap } from './violationMap';

export interface OpenedCheckpoint {
  probe: LossProbe;
  step: number;
  epoch: number;
  /** Violations over the validation set. */
  violations(): Promise<ViolationMap>;
  dispose(): void;
}

export interface ProbeSettings {
  /** Of the checkpoint; the newest whole one when left out. */
  step?: number;
  /** Training instances that the loss is taken over. */
  instances: number;
  /** Chooses them. */
  seed: number;
  threads: number;
}

/**
 * A run's network at one of its checkpoints, ready to be looked at, in float64 whatever it was trained in. Nothing of the run is changed.
 *
 * @throws AdjointError `unsupported` for a run that trains no network, `not-found` where there is no such checkpoint or the data are gone,
 *   `conflict` where the data or the network are no longer those of the checkpoint, `corrupt`
 */
export async function openCheckpoint(run: RunDirectory, settings: ProbeSettings): Promise<OpenedCheckpoint> {
  const manifest = run.manifest();
  if (manifest.kind !== 'training')
    throw new AdjointError('unsupported', 'Only runs that train a network have a loss to look at.', {
      where: run.id,
      fix: `This is a run of kind “${manifest.kind}”.`,
    });
  const chosen = wholeCheckpoint(run, settings.step);
  const path = await checkData(manifest);
  if (path === null)
    throw new AdjointError('invalid-experiment', 'The run names no dataset.', { where: 'manifest.json: dataset' });
  const dataset = readDataset(path);
  const experiment = resolveDefaults(manifest.experiment);
  const data = { problem: dataset, train: labelledSet(dataset, 'train'), valid: labelledSet(dataset, 'valid') };
  const { threads } = settings;
  const device = await loadDevice('simd64', { threads, packageFolders: [] });
  const training = createTraining(device, experiment, data, { threads });
  const checkpoint = readCheckpoint(run.checkpointPath(chosen.step));
  const expected = training.init();
  try {
    requireSameNetwork(expected.weights, checkpoint, run.checkpointPath(chosen.step));
  } finally {
    // Tensors of the state only: the problem's are shared with what follows.
    disposeState(expected);
  }
  const state = restoreState(
    device,
    inFloat64({ tensors: checkpoint.tensors, state: checkpoint.state as unknown as SavedScalars }),
  );
  const count = Math.min(settings.instances, data.train.count);
  const order = new Generator(new SeedSequence(settings.seed)).permutation(data.train.count);
  const probe = await LossProbe.at(device, training, state, order.slice(0, count));
  return {
    probe,
    step: chosen.step,
    epoch: chosen.step / training.stepsPerEpoch,
    async violations() {
      const { outputs } = await training.validate(state, { timed: false });
      return violationMap(dataset, outputs, data.valid.X);
    },
    dispose: () => training.dispose(state),
  };
}

/** @throws AdjointError `conflict` naming the first tensor that does not fit */
export function requireSameNetwork(
  expected: Readonly<Record<string, { shape: readonly number[] }>>,
  { tensors }: Checkpoint,
  where: string,
): void {
  const prefix = 'network/';
  const found = new Map([...tensors].filter(([name]) => name.startsWith(prefix)));
  const text = (shape: readonly number[] | undefined) => (shape ? `[${shape.join(', ')}]` : 'nothing');
  const names = new Set([...Object.keys(expected), ...[...found.keys()].map((name) => name.slice(prefix.length))]);
  for (const name of names) {
    const [wanted, there] = [text(expected[name]?.shape), text(found.get(prefix + name)?.shape)];
    if (wanted === there) continue;
    throw new AdjointError('conflict', `The checkpoint is of another network: ${name} is ${there}, where the run’s settings make ${wanted}.`, {
      where,
      fix: 'Put back the run’s own checkpoint or manifest; one of the two came from elsewhere.',
    }); // prettier-ignore
  }
}
