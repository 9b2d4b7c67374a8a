import { dot } from './products';

/**
 * PᵀAP = LLᵀ of a symmetric positive semidefinite matrix of rank r, with the largest remaining pivot first (Golub & Van Loan, *Matrix
 * Computations*, 4th ed., §4.2.8): A[order[i], order[j]] = Σ_{k<r} l[i, k]·l[j, k] up to `tolerance`.
 */
export interface PivotedCholesky {
  n: number;
  order: Int32Array;
  /** [n, n], of which the first `rank` columns count. */
  l: Float64Array;
  rank: number;
  /** The largest pivot that was left out; negative beyond rounding if A is not semidefinite. */
  remainder: number;
}

/** Factors a [n, n] (both triangles), which is overwritten. Pivots of at most `tolerance`, absolute, are left out. */
export function pivotedCholesky(n: number, a: Float64Array, tolerance: number): PivotedCholesky {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const l = a;
  const pivots = new Float64Array(n);
  const column = new Float64Array(n);
  for (let i = 0; i < n; i++) pivots[i] = a[i * (n + 1)];
  let rank = 0;
  let remainder = 0;
  for (; rank < n; rank++) {
    let best = rank;
    for (let i = rank + 1; i < n; i++) if (pivots[i] > pivots[best]) best = i;
    remainder = pivots[best];
    if (!(remainder > tolerance)) break;
    swap(n, l, pivots, order, rank, best);
    const root = Math.sqrt(remainder);
    for (let i = rank + 1; i < n; i++) column[i] = (l[i * n + rank] - dot(rank, l, i * n, l, rank * n)) / root;
    l[rank * n + rank] = root;
    for (let i = rank + 1; i < n; i++) {
      l[i * n + rank] = column[i];
      pivots[i] -= column[i] * column[i];
    }
  }
  if (rank === n) remainder = 0;
  return { n, order, l, rank, remainder };
}

/** Exchanges rows and columns i < j of the matrix of which the first i columns are factored. */
function swap(n: number, a: Float64Array, pivots: Float64Array, order: Int32Array, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0; k < n; k++) [a[i * n + k], a[j * n + k]] = [a[j * n + k], a[i * n + k]];
  for (let k = i; k < n; k++) [a[k * n + i], a[k * n + j]] = [a[k * n + j], a[k * n + i]];
  [pivots[i], pivots[j]] = [pivots[j], pivots[i]];
  [order[i], order[j]] = [order[j], order[i]];
}

/** x ← a solution of Ax = b for b in the range of A, with zeros at the pivots that were left out. */
export function solvePivoted({ n, order, l, rank }: PivotedCholesky, x: Float64Array): void {
  const z = Float64Array.from(order, (j) => x[j]);
  for (let i = 0; i < rank; i++) z[i] = (z[i] - dot(i, l, i * n, z, 0)) / l[i * n + i];
  for (let i = rank - 1; i >= 0; i--) {
    z[i] /= l[i * n + i];
    for (let k = 0; k < i; k++) z[k] -= l[i * n + k] * z[i];
  }
  for (let i = 0; i < n; i++) x[order[i]] = i < rank ? z[i] : 0;
}

/** The columns of a basis of the null space of A as rows [n − rank, n]. */
export function nullVectors({ n, order, l, rank }: PivotedCholesky): Float64Array {
  const result = new Float64Array((n - rank) * n);
  const z = new Float64Array(rank);
  for (let j = rank; j < n; j++) {
    // L₁₁ᵀz = −l_j
    for (let k = 0; k < rank; k++) z[k] = -l[j * n + k];
    for (let i = rank - 1; i >= 0; i--) {
      z[i] /= l[i * n + i];
      for (let k = 0; k < i; k++) z[k] -= l[i * n + k] * z[i];
    }
    const at = (j - rank) * n;
    for (let i = 0; i < rank; i++) result[at + order[i]] = z[i];
    result[at + order[j]] = 1;
  }
  return result;
}
