import { dot } from '../numerics/linalg/products';
import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import type { LossProbe } from './lossProbe';
import type { Progress } from './progress';

export interface EffectiveRank {
  /** exp(−Σ p_k ln p_k), p the singular values divided by their sum (Roy & Vetterli, EUSIPCO 2007): between 1 and `most`. NaN for zeros. */
  rank: number;
  /** Rows or columns, whichever are fewer. */
  most: number;
  /** Falling. */
  singularValues: Float64Array;
}

/** Of a matrix [rows, columns], row-major. */
export function effectiveRank(rows: number, columns: number, values: Float64Array): EffectiveRank {
  const byRows = rows <= columns;
  const size = byRows ? rows : columns;
  const vectors = byRows ? values : transposed(rows, columns, values);
  const length = byRows ? columns : rows;
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++)
      gram[i * size + j] = gram[j * size + i] = dot(length, vectors, i * length, vectors, j * length);
  const singularValues = symmetricEigenvalues(size, gram)
    .map((value) => Math.sqrt(Math.max(0, value)))
    .sort()
    .reverse();
  const sum = singularValues.reduce((total, value) => total + value, 0);
  let entropy = 0;
  for (const value of singularValues) if (value > 0) entropy -= (value / sum) * Math.log(value / sum);
  return { rank: sum > 0 ? Math.exp(entropy) : NaN, most: size, singularValues };
}

function transposed(rows: number, columns: number, values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return result;
}

/** Of the features that the network's last layer starts from, over the probe's instances. */
export async function featureRank(probe: LossProbe): Promise<EffectiveRank> {
  const { values, width } = await probe.features();
  return effectiveRank(probe.instances.length, width, values);
}

/** Of the gradients of single instances: how many directions a batch pulls into. One gradient an instance. */
export async function gradientRank(probe: LossProbe, onProgress: Progress = () => undefined): Promise<EffectiveRank> {
  const count = probe.instances.length;
  const rows = new Float64Array(count * probe.size);
  for (let i = 0; i < count; i++) {
    rows.set(await probe.gradient(probe.weights, probe.instances.subarray(i, i + 1)), i * probe.size);
    await onProgress(i + 1, count);
  }
  return effectiveRank(count, probe.size, rows);
}
