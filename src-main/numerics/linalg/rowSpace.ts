import { dot } from './products';

/**
 * A[order[j]] = Σ_k L[j,k] q_k with orthonormal q_0 … q_{e−1} and L lower triangular: Householder QR of Aᵀ with pivoting of the
 * rows of A (Golub & Van Loan, *Matrix Computations*, 4th ed., §5.2 and §5.4.2). Row-major A makes every column of Aᵀ contiguous.
 *
 * With it, A⁺ = Q₁L⁻¹P and the last n − e columns of Q are an orthonormal basis Z of the null space of A.
 */
export interface RowSpace {
  /** e and n: rows and columns of A. */
  rows: number;
  columns: number;
  /** Which row of A is the j-th of L. */
  order: Int32Array;
  /** [e, n]: left of the diagonal the strict lower part of L, from the diagonal on the Householder vectors. */
  packed: Float64Array;
  /** [e], the diagonal of L. Its magnitudes do not increase. */
  diagonal: Float64Array;
  /** [e], β of the reflections I − βvvᵀ. */
  beta: Float64Array;
  /** Rows that are independent to working precision: |L[k,k]| > max(e, n)·ε·|L[0,0]|. */
  rank: number;
}

/**
 * Factors A [rows, columns]. Dependent rows are not an error here: see `rank`. With a `tolerance` the factorisation ends where what is
 * left of every row is within it, relative to the largest row, and L has `rank` columns.
 */
export function factorRowSpace(a: Float64Array, rows: number, columns: number, tolerance = 0): RowSpace {
  const steps = Math.min(rows, columns);
  const packed = a.slice(0, rows * columns);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const diagonal = new Float64Array(rows);
  const beta = new Float64Array(rows);
  for (let k = 0; k < steps; k++) {
    let pivot = k;
    let largest = -1;
    for (let j = k; j < rows; j++) {
      const squared = dot(columns - k, packed, j * columns + k, packed, j * columns + k);
      if (squared > largest) [pivot, largest] = [j, squared];
    }
    if (pivot !== k) {
      const kept = packed.slice(k * columns, (k + 1) * columns);
      packed.copyWithin(k * columns, pivot * columns, (pivot + 1) * columns);
      packed.set(kept, pivot * columns);
      [order[k], order[pivot]] = [order[pivot], order[k]];
    }
    const at = k * columns + k;
    const norm = Math.sqrt(largest);
    if (norm <= tolerance * Math.abs(diagonal[0])) break;
    // The sign that avoids cancellation in v₀.
    diagonal[k] = packed[at] > 0 ? -norm : norm;
    if (norm === 0) continue;
    packed[at] -= diagonal[k];
    beta[k] = 2 / dot(columns - k, packed, at, packed, at);
    for (let j = k + 1; j < rows; j++) reflect(columns - k, beta[k], packed, at, packed, j * columns + k);
  }
  const least = Math.max(rows, columns) * Number.EPSILON * Math.abs(diagonal[0] ?? 0);
  let rank = 0;
  while (rank < steps && Math.abs(diagonal[rank]) > least) rank++;
  return { rows, columns, order, packed, diagonal, beta, rank };
}

/** w ← (I − βvvᵀ)w */
function reflect(length: number, beta: number, v: Float64Array, vAt: number, w: Float64Array, wAt: number): void {
  const scale = beta * dot(length, v, vAt, w, wAt);
  for (let i = 0; i < length; i++) w[wAt + i] -= scale * v[vAt + i];
}

/** w [n] ← Qw */
export function applyQ({ rows, columns, packed, beta }: RowSpace, w: Float64Array): void {
  for (let k = Math.min(rows, columns) - 1; k >= 0; k--) reflect(columns - k, beta[k], packed, k * columns + k, w, k);
}

/** w [n] ← Qᵀw */
export function applyQTransposed({ rows, columns, packed, beta }: RowSpace, w: Float64Array): void {
  const steps = Math.min(rows, columns);
  for (let k = 0; k < steps; k++) reflect(columns - k, beta[k], packed, k * columns + k, w, k);
}

/** y [n] ← A⁺x, the least-norm solution of Ay = x for x = `from[at …]`. A must have full row rank. */
export function leastNorm(space: RowSpace, from: Float64Array, at: number, y: Float64Array): void {
  const { rows, columns, order, packed, diagonal } = space;
  y.fill(0);
  for (let j = 0; j < rows; j++) y[j] = (from[at + order[j]] - dot(j, packed, j * columns, y, 0)) / diagonal[j];
  applyQ(space, y);
}

/** ν [e] ← (A⁺)ᵀg = argmin ‖Aᵀν − g‖; overwrites g [n]. A must have full row rank. */
export function transposedLeastSquares(space: RowSpace, g: Float64Array, nu: Float64Array): void {
  const { rows, columns, order, packed, diagonal } = space;
  applyQTransposed(space, g);
  for (let j = rows - 1; j >= 0; j--) {
    g[j] /= diagonal[j];
    for (let k = 0; k < j; k++) g[k] -= packed[j * columns + k] * g[j];
    nu[order[j]] = g[j];
  }
}

/** (A⁺)ᵀ [e, n], row-major: row j is the least-norm y with Ay = e_j. A must have full row rank. */
export function pseudoInverseTransposed(space: RowSpace): Float64Array {
  const { rows, columns } = space;
  const result = new Float64Array(rows * columns);
  const unit = new Float64Array(rows);
  for (let j = 0; j < rows; j++) {
    unit[j] = 1;
    leastNorm(space, unit, 0, result.subarray(j * columns, (j + 1) * columns));
    unit[j] = 0;
  }
  return result;
}

/** Zᵀ [n − e, n], row-major: orthonormal rows that span the null space of A. */
export const nullSpaceTransposed = (space: RowSpace): Float64Array => orthonormalRows(space, space.rows);

/** Orthonormal rows [e, n] that span the rows of A. */
export const rangeRows = (space: RowSpace): Float64Array => orthonormalRows(space, 0, space.rows);

/** The columns q_first … q_{end−1} of Q as rows, [end − first, n]. The first e of all span the rows of A, the rest its null space. */
export function orthonormalRows(space: RowSpace, first: number, end = space.columns): Float64Array {
  const { columns } = space;
  const result = new Float64Array((end - first) * columns);
  for (let i = first; i < end; i++) {
    const row = result.subarray((i - first) * columns, (i - first + 1) * columns);
    row[i] = 1;
    applyQ(space, row);
  }
  return result;
}
