import { Generator } from '@shared/random/generator';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { addTransposed, multiplySymmetric } from '../../numerics/linalg/products';

/** A⁺x + .3 N(0, I) of every instance, [size, n] */
export function nearLeastNorm(
  { n, e, A }: { n: number; e: number; A: Float64Array },
  X: Float64Array,
  size: number,
): Float64Array {
  const gram = new Float64Array(e * e);
  multiplySymmetric(e, n, A, A, gram);
  cholesky(e, gram);
  const start = new Generator(7).standardNormals(size * n).map((value) => 0.3 * value);
  for (let i = 0; i < size; i++) {
    const multiplier = X.slice(i * e, (i + 1) * e);
    solveCholesky(e, gram, multiplier);
    addTransposed(e, n, A, multiplier, start.subarray(i * n, (i + 1) * n));
  }
  return start;
}

/** max |a − b| / max |b| */
export function largestDifference(a: Float64Array, b: readonly number[]): number {
  const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  return worst / b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
