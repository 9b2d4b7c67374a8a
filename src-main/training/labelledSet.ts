import { AdjointError } from '@shared/errors';
import type { Dataset, SplitName } from '../store/dataset';

/** A set of instances: X[N,e] and their labelled optima Y[N,n], both row-major. */
export interface LabelledSet {
  count: number;
  X: Float64Array;
  Y: Float64Array;
}

/**
 * The instances of a split, in its order.
 * @throws AdjointError `invalid-dataset` if it has none
 */
export function labelledSet(dataset: Dataset, split: SplitName): LabelledSet {
  const indices = dataset.splits[split];
  if (indices.length === 0)
    throw new AdjointError('invalid-dataset', `The split “${split}” has no instances.`, {
      where: `splits.${split}`,
      fix: 'Give every split at least one instance, or leave the splits out.',
    });
  return {
    count: indices.length,
    X: pickRows(dataset.X, indices, dataset.e),
    Y: pickRows(dataset.Y, indices, dataset.n),
  };
}

/** Rows of a matrix [·,width] by number. */
export function pickRows(matrix: Float64Array, indices: Int32Array, width: number): Float64Array {
  const picked = new Float64Array(indices.length * width);
  indices.forEach((index, i) => picked.set(matrix.subarray(index * width, (index + 1) * width), i * width));
  return picked;
}
