import type { LeastSquaresStatus } from '../../solvers/leastSquares/leastSquares';
import type { RestorationStatus } from '../../solvers/leastSquares/restoration';
import { chunkSize, ownChunks, takeChunks, type Control } from '../threads/part';
import {
  datumLength,
  instanceData,
  type LeastSquaresDatum,
  type LeastSquaresGradients,
  type LeastSquaresResult,
} from './batch';
import type { LeastSquaresLayer } from './leastSquaresLayer';

/** A batch in memory that threads share. */
export interface SharedBatch {
  size: number;
  /** Parts of `chunkSize` instances. */
  chunks: number;
  anchor: Float64Array;
  x: Float64Array;
  initial: Float64Array;
  cotangent: Float64Array;
  /** Of which the lists are not shared: status and restoration are `codes` [size, 2], and what is not `good` [size] is reported or dropped. */
  result: LeastSquaresResult;
  codes: Int32Array;
  good: Int32Array;
  unconverged: Float64Array;
  /** Bytes that each thread holds. */
  held: Float64Array;
  /** [chunks]: the thread that solved it, and has what its derivative needs. */
  owner: Int32Array;
  /** [size, …] of data of instances, [chunks, …] of the others. */
  gradients: LeastSquaresGradients['gradients'];
}

export interface Order {
  batch: SharedBatch;
  pass:
    | { kind: 'forward'; anchorWeight?: number; rowWeights?: Float64Array; damping?: number; differentiated?: boolean }
    | { kind: 'backward'; asked: readonly LeastSquaresDatum[] };
}

export const statuses: readonly LeastSquaresStatus[] = [
  ...(['converged', 'iteration limit', 'singular normal matrix', 'diverged', 'NaN', 'stalled'] as const),
];
export const restorationStatuses: readonly (RestorationStatus | null)[] = [
  ...([null, 'converged', 'iteration limit', 'singular rows', 'NaN', 'stalled'] as const),
];

/** A thread's part of an order: chunks of instances that nobody has taken (forward) or that it has solved (backward). */
export function runOrder(layer: LeastSquaresLayer, { batch, pass }: Order, control: Control, thread: number): void {
  if (pass.kind === 'forward') {
    const { size, anchor, x, initial, result } = batch;
    const { anchorWeight, rowWeights, damping, differentiated } = pass;
    // Lists of its own: strings cannot be shared.
    const own = { ...result, status: [], restorationStatus: [] };
    layer.begin({ size, anchor, x, initial, anchorWeight, rowWeights, damping, differentiated }, own);
    takeChunks(control, batch.chunks, (chunk) => solveChunk(layer, batch, own, chunk, thread));
    return;
  }
  batch.held[thread] = layer.bytesHeld;
  ownChunks(control, batch.owner, thread, (chunk) => differentiateChunk(layer, batch, pass.asked, chunk));
}

function solveChunk(
  layer: LeastSquaresLayer,
  batch: SharedBatch,
  own: LeastSquaresResult,
  chunk: number,
  thread: number,
): void {
  batch.owner[chunk] = thread;
  for (let i = chunk * chunkSize; i < Math.min(batch.size, (chunk + 1) * chunkSize); i++) {
    layer.solve(i);
    batch.codes[2 * i] = statuses.indexOf(own.status[i]);
    batch.codes[2 * i + 1] = restorationStatuses.indexOf(own.restorationStatus[i]);
    batch.good[i] = layer.isGood(i) ? 1 : 0;
  }
}

function differentiateChunk(
  layer: LeastSquaresLayer,
  batch: SharedBatch,
  asked: readonly LeastSquaresDatum[],
  chunk: number,
): void {
  const parts: LeastSquaresGradients['gradients'] = {};
  for (const datum of asked) {
    const length = datumLength(layer.model.data, datum);
    const all = batch.gradients[datum]!;
    parts[datum] = instanceData.includes(datum) ? all : all.subarray(chunk * length, (chunk + 1) * length);
  }
  for (let i = chunk * chunkSize; i < Math.min(batch.size, (chunk + 1) * chunkSize); i++) {
    const unconverged = layer.differentiate(i, batch.cotangent, parts);
    batch.good[i] = unconverged === null ? 0 : 1;
    batch.unconverged[i] = unconverged ?? 0;
  }
}
