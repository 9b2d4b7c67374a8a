import { AdjointError } from '@shared/errors';
import type { LayerAudit, LayerAuditAsk, LayerPathAsk } from '@shared/layerAudit';
import { Generator } from '@shared/random/generator';
import { SeedSequence } from '@shared/random/seedSequence';
import { loadDevice } from '../numerics/devices/ladder';
import { gainRatioSearch, type LeastSquaresSettings } from '../solvers/leastSquares/settings';
import { readCheckpoint } from '../store/checkpoint';
import { readDataset, type Dataset } from '../store/dataset';
import { RunDirectory } from '../store/runDirectory';
import { wholeCheckpoint } from '../store/wholeCheckpoint';
import { bindNetwork } from '../training/bound';
import { restoreState, type SavedScalars } from '../training/checkpoint';
import { resolveDefaults, type NetworkSettings } from '../training/experimentSchema';
import { labelledSet } from '../training/labelledSet';
import { innerWeights } from '../training/techniques/theseusLayer/inner';
import { layerSettings, type TheseusSettings } from '../training/techniques/theseusLayer/settings';
import { type NamedTensors, upload } from '../training/tensors';

/** A source whose files have been found. */
export type FoundAuditSource =
  | { kind: 'run'; directory: string; step?: number }
  | { kind: 'dataset'; path: string; name: string; seed: number; hidden: number[] };

/** A batch that reaches the layer: the network's outputs ŷ [size, n] and x [size, e]. */
export interface AuditedOutputs {
  name: string;
  about: string;
  problem: Dataset;
  instances: number[];
  anchor: Float64Array;
  x: Float64Array;
  own: LayerAudit['own'];
  solver: LeastSquaresSettings;
  warnings: string[];
}

/**
 * Reads dataset and network and computes the network's outputs for instances first … first + count − 1 of the split.
 *
 * @throws AdjointError `not-found` for a checkpoint or an instance that is not there, `bad-request` for a run that trains no network
 */
export async function auditedOutputs(
  source: FoundAuditSource,
  ask: Pick<LayerAuditAsk | LayerPathAsk, 'split' | 'damping' | 'adaptive'>,
  first: number,
  count: number,
): Promise<AuditedOutputs> {
  const found = source.kind === 'run' ? fromRun(source) : fromDataset(source);
  const { problem, network } = found;
  const set = labelledSet(problem, ask.split);
  if (first >= set.count)
    throw new AdjointError('not-found', `The split “${ask.split}” has ${set.count} instances, no number ${first}.`, {
      where: 'instance',
      fix: `Choose one from 0 to ${set.count - 1}.`,
    });
  const size = Math.min(count, set.count - first);
  const { n, e } = problem;
  const x = set.X.slice(first * e, (first + size) * e);
  // Float64 wherever it can be had, whatever the run was trained in.
  const device = await loadDevice('auto', { threads: 1 });
  const { weights, buffers, technique } = found.state(device);
  const input = device.tensor(x, [size, e]);
  const bound = bindNetwork(network);
  const anchor = Float64Array.from(
    await device.read(bound.apply(device, { weights, buffers, training: null }, input).y),
  );
  if (anchor.length !== size * n)
    throw new AdjointError(
      'bad-request',
      `The network has ${anchor.length / size} outputs, the dataset ${n} variables.`,
      {
        where: found.name,
      },
    );
  const settings = found.theseus;
  const learnt = settings && innerWeights(settings, problem, technique);
  return {
    ...{ name: found.name, about: found.about, problem, anchor, x },
    instances: Array.from(problem.splits[ask.split].subarray(first, first + size)),
    own: settings && learnt ? ownWay(settings, learnt.anchorWeight) : null,
    solver: solverOf(settings, ask, learnt?.damping),
    warnings: learnt?.rowWeights ? ['The run weights its rows; here all of them have weight 1.'] : [],
  };
}

interface FoundNetwork {
  name: string;
  about: string;
  problem: Dataset;
  network: NetworkSettings;
  theseus: TheseusSettings | null;
  state(device: Awaited<ReturnType<typeof loadDevice>>): {
    weights: NamedTensors;
    buffers: NamedTensors;
    technique: NamedTensors;
  };
}

function fromRun({ directory, step }: Extract<FoundAuditSource, { kind: 'run' }>): FoundNetwork {
  const run = RunDirectory.open(directory);
  const manifest = run.manifest();
  if (manifest.kind !== 'training' || !manifest.dataset)
    throw new AdjointError('bad-request', 'This run trains no network.', {
      where: run.id,
      fix: 'Choose a run of kind training.',
    });
  const checkpoint = wholeCheckpoint(run, step);
  const { network, technique } = resolveDefaults(manifest.experiment);
  const saved = readCheckpoint(run.checkpointPath(checkpoint.step));
  return {
    name: manifest.name,
    about: `step ${checkpoint.step}, ${manifest.dataset.name}, seed ${manifest.seed}`,
    problem: readDataset(manifest.dataset.path),
    network,
    theseus: technique.kind === 'theseusLayer' ? technique : null,
    state(device) {
      const scalars = { ...(saved.state as unknown as SavedScalars), dtype: device.dtype };
      const state = restoreState(device, { tensors: saved.tensors, state: scalars });
      return { weights: state.weights, buffers: state.buffers, technique: state.techniqueWeights };
    },
  };
}

function fromDataset({ path, name, seed, hidden }: Extract<FoundAuditSource, { kind: 'dataset' }>): FoundNetwork {
  const problem = readDataset(path);
  const { network } = resolveDefaults({ dataset: name, network: { kind: 'mlp', hidden } });
  return {
    ...{ name, about: `untrained network ${hidden.join(' × ') || 'linear'}, seed ${seed}`, problem, network },
    theseus: null,
    state(device) {
      // The stream that a run of this seed draws its weights from.
      const [weights] = new SeedSequence(seed).spawn(3);
      const bound = bindNetwork(network);
      const drawn = bound.init({ inputs: problem.e, outputs: problem.n }, new Generator(weights));
      return { weights: upload(device, drawn), buffers: upload(device, bound.buffers()), technique: {} };
    },
  };
}

const ownWay = ({ mode, backward, iterations }: TheseusSettings, anchorWeight: number): LayerAudit['own'] => ({
  ...{ mode, backward: backward.kind, iterations, anchorWeight },
});

/** The run's solver, with what the question changes of it. */
function solverOf(
  settings: TheseusSettings | null,
  { damping, adaptive }: { damping?: number; adaptive?: boolean },
  learnt: number | undefined,
): LeastSquaresSettings {
  const own = settings ? layerSettings(settings).solver : null;
  if (own && own.descent.kind !== 'levenbergMarquardt' && damping === undefined && adaptive === undefined) return own;
  const ownAdaptive = own?.search.kind === 'gainRatio';
  const ownDamping = own?.descent.kind === 'levenbergMarquardt' ? (learnt ?? own.descent.damping) : 1e-3;
  return {
    descent: {
      kind: 'levenbergMarquardt',
      damping: damping ?? ownDamping,
      ellipsoidal: own?.descent.kind === 'levenbergMarquardt' && own.descent.ellipsoidal,
    },
    search: (adaptive ?? ownAdaptive) ? gainRatioSearch : { kind: 'fixedStep', stepSize: 1 },
    ...{ maxIterations: 10, gradientTolerance: 0, stepTolerance: 0, divergence: 1e12 },
  };
}
