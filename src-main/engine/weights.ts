import { AdjointError } from '@shared/errors';
import type { WeightsFormat } from '@shared/run';
import { readCheckpoint, type Checkpoint } from '../store/checkpoint';
import type { NdArray } from '../store/ndarray';
import { writeNpz } from '../store/npz';
import type { RunDirectory } from '../store/runDirectory';
import { encodeSafetensors, layOutTensors } from '../store/safetensors';
import { wholeCheckpoint } from '../store/wholeCheckpoint';
import { networkWeights } from '../training/checkpoint';

export interface WeightsFile {
  /** A name for the file, with its extension. */
  name: string;
  step: number;
  tensors: { name: string; shape: number[] }[];
  bytes: Uint8Array;
}

const numpyNames = { F32: 'float32', F64: 'float64', I32: 'int32' } as const;

/**
 * The network of one checkpoint as .safetensors or .npz: weights and running statistics under their names in the network, kernels
 * [inputs, outputs], so that a layer is x @ kernel + bias. What the file belongs to (run, step, network, dataset) is in the
 * metadata of the one and in the array `metadata` of the other, as JSON.
 *
 * @param step of the checkpoint; the newest whole one when left out
 * @throws AdjointError `not-found` where there is no such checkpoint or no network in it, `corrupt`
 */
export function exportWeights(run: RunDirectory, format: WeightsFormat, step?: number): WeightsFile {
  const checkpoint = wholeCheckpoint(run, step);
  const tensors = networkWeights(readCheckpoint(run.checkpointPath(checkpoint.step)));
  if (tensors.size === 0)
    throw new AdjointError('not-found', 'The checkpoint holds no network.', {
      where: run.id,
      fix: 'Weights are kept by runs that train a network.',
    });
  const metadata = describe(run, checkpoint.step);
  return {
    name: `${run.id}-step${checkpoint.step}.${format}`,
    step: checkpoint.step,
    tensors: [...tensors].map(([name, { shape }]) => ({ name, shape })),
    bytes:
      format === 'npz'
        ? writeNpz(numpyArrays(tensors, metadata))
        : encodeSafetensors(layOutTensors(tensors, run.id), metadata),
  };
}

/** safetensors takes texts only. */
function describe(run: RunDirectory, step: number): Record<string, string> {
  const { id, experiment, dataset, seed, code } = run.manifest();
  return {
    producer: `Adjoint ${code.version}`,
    ...{ run: id, step: String(step), seed: String(seed) },
    network: JSON.stringify(experiment.network ?? null),
    experiment: JSON.stringify(experiment),
    dataset: JSON.stringify(dataset),
    layout: 'layerN/kernel is [inputs, outputs]: z = x @ kernel + bias',
  };
}

function numpyArrays(tensors: Checkpoint['tensors'], metadata: Record<string, string>): Map<string, NdArray> {
  const arrays = new Map<string, NdArray>();
  for (const [name, { dtype, shape, data }] of tensors) arrays.set(name, { dtype: numpyNames[dtype], shape, data });
  return arrays.set('metadata', { dtype: 'str', shape: [], data: [JSON.stringify(metadata)] });
}
