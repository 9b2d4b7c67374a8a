import type { ProblemTraits } from '@shared/applicability';
import { cholesky } from '../numerics/linalg/cholesky';
import { factorRowSpace } from '../numerics/linalg/rowSpace';
import type { Dataset } from '../store/dataset';

/** The rows of a family of problems. */
type Rows = Pick<Dataset, 'n' | 'm' | 'e' | 'A' | 'G' | 'H' | 'lower' | 'upper'>;

export type { ProblemTraits } from '@shared/applicability';

/** How far an eigenvalue may be below zero, relative to the largest entry of its matrix, and count as zero. */
const rounding = 1e-10;

export function traitsOf(problem: Rows): ProblemTraits {
  const { n, m, e, A, G, H } = problem;
  const perRow = H.length / Math.max(1, m);
  const rows = Array.from({ length: m }, (_, i) => H.subarray(i * perRow, (i + 1) * perRow));
  const curved = rows.filter((row) => row.some((value) => value !== 0));
  const bounded = boundedVariables(problem);
  const linear = new Float64Array((e + m + bounded.length) * n);
  linear.set(A);
  linear.set(G, e * n);
  bounded.forEach((j, i) => (linear[(e + m + i) * n + j] = 1));
  const { rank } = factorRowSpace(linear, e + m + bounded.length, n);
  const { rank: equalityRank } = factorRowSpace(A, e, n);
  const convexRows = curved.every((row) => isSemidefinite(n, row));
  return { n, e, m, curvedRows: curved.length, convexRows, boundedVariables: bounded.length, equalityRank, rank };
}

/** The variables that have a finite bound, in their order. */
export function boundedVariables({ n, lower, upper }: Pick<Rows, 'n' | 'lower' | 'upper'>): number[] {
  const variables = Array.from({ length: n }, (_, j) => j);
  return variables.filter((j) => (lower?.[j] ?? -Infinity) > -Infinity || (upper?.[j] ?? Infinity) < Infinity);
}

/** H_i [n] (a diagonal) or [n, n]. */
function isSemidefinite(n: number, H: Float64Array): boolean {
  let largest = 0;
  for (const value of H) largest = Math.max(largest, Math.abs(value));
  const shift = rounding * largest;
  if (H.length === n) return H.every((value) => value >= -shift);
  // Only the lower triangle is looked at; yᵀHy is that of the symmetric part.
  const shifted = H.map((value, at) => (value + H[(at % n) * n + Math.floor(at / n)]) / 2);
  for (let j = 0; j < n; j++) shifted[j * n + j] += shift;
  return cholesky(n, shifted) < 0;
}
