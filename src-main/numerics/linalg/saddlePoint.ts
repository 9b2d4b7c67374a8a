import { cholesky, solveCholesky } from './cholesky';
import { addProduct, addTransposedCompensated, compensatedDot } from './compensated';
import { nullVectors, pivotedCholesky, solvePivoted, type PivotedCholesky } from './pivotedCholesky';
import { addTransposed, dot, multiply, multiplySymmetric, multiplyTransposed } from './products';
import { applyQ, applyQTransposed, factorRowSpace, orthonormalRows, type RowSpace } from './rowSpace';

/**
 * The saddle-point system
 *
 *     [H Jᵀ; J 0] [x; λ] = [f; g],   H [n, n] symmetric and positive semidefinite on the null space of J, J [r, n] of any rank
 *
 * by the null-space method (Nocedal & Wright, *Numerical Optimization*, 2nd ed., §16.2) after symmetric equilibration by powers of
 * two (Ruiz, RAL-TR-2001-034), which rounds nothing, with iterative refinement on residuals in twice the working precision. Dependent
 * rows get the multipliers of least norm (in the scaled system); directions along which ZᵀHZ is singular are not moved along.
 */
export interface SaddlePoint {
  n: number;
  r: number;
  /** The scaled matrices, [n, n] and [r, n], and the scales of variables and rows. */
  H: Float64Array;
  J: Float64Array;
  columns: Float64Array;
  rows: Float64Array;
  objective: number;
  space: RowSpace;
  /** Zᵀ [n − rank, n]; ZᵀHZ. */
  basis: Float64Array;
  reduced: PivotedCholesky;
  /** Cholesky factor of LᵀL [rank, rank] where rows are dependent, else null. */
  gram: Float64Array | null;
  /** Rank of J, and the dimension of the null space of ZᵀHZ. */
  rank: number;
  singular: number;
  /** ZᵀHZ has an eigenvalue below 0 beyond rounding. */
  indefinite: boolean;
}

/** Relative sizes below which a row counts as dependent, and a curvature as zero. */
export const rankTolerance = 1e-11;
const curvatureTolerance = 1e-12;

/** Factors the system. H and J are not changed. */
export function factorSaddlePoint(n: number, r: number, H: Float64Array, J: Float64Array): SaddlePoint {
  const scaled = equilibrate(n, r, H, J);
  const space = factorRowSpace(scaled.J, r, n, rankTolerance);
  const { rank } = space;
  const basis = orthonormalRows(space, rank);
  const k = n - rank;
  const half = new Float64Array(k * n);
  multiplyTransposed(k, n, n, basis, scaled.H, half);
  const reducedMatrix = new Float64Array(k * k);
  multiplySymmetric(k, n, half, basis, reducedMatrix);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(scaled.H[i * (n + 1)]));
  for (let i = 0; i < k; i++) for (let j = 0; j < i; j++) reducedMatrix[j * k + i] = reducedMatrix[i * k + j];
  const reduced = pivotedCholesky(k, reducedMatrix, curvatureTolerance * n * largest);
  return {
    ...{ n, r, ...scaled, space, basis, reduced, rank },
    gram: rank < r ? gramOf(space) : null,
    singular: k - reduced.rank,
    indefinite: hasNegativePivot(reduced, 1e-9 * largest),
  };
}

/** A pivot that was left out because it is well below 0. */
function hasNegativePivot({ n, l, rank, order }: PivotedCholesky, tolerance: number): boolean {
  if (order.length === 0) return false;
  for (let i = rank; i < n; i++) if (l[i * (n + 1)] - dot(rank, l, i * n, l, i * n) < -tolerance) return true;
  return false;
}

/** LᵀL [rank, rank], factored. */
function gramOf({ rows, columns, packed, diagonal, rank }: RowSpace): Float64Array {
  const gram = new Float64Array(rank * rank);
  const entry = (j: number, a: number) => (a === j ? diagonal[j] : packed[j * columns + a]);
  for (let j = 0; j < rows; j++)
    for (let a = 0; a <= Math.min(j, rank - 1); a++)
      for (let b = 0; b <= a; b++) gram[a * rank + b] += entry(j, a) * entry(j, b);
  cholesky(rank, gram);
  return gram;
}

const powerOfTwo = (value: number): number => 2 ** Math.round(Math.log2(value));

/** Copies of H and J with rows and columns of magnitude about 1. */
function equilibrate(n: number, r: number, H: Float64Array, J: Float64Array) {
  const columns = new Float64Array(n).fill(1);
  const rows = new Float64Array(r).fill(1);
  let objective = 1;
  const most = new Float64Array(n);
  for (let sweep = 0; sweep < 8; sweep++) {
    most.fill(0);
    let largest = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const value = objective * columns[i] * Math.abs(H[i * n + j]) * columns[j];
        if (value > most[i]) most[i] = value;
        if (value > largest) largest = value;
      }
    for (let i = 0; i < r; i++) {
      let row = 0;
      for (let j = 0; j < n; j++) {
        const value = rows[i] * Math.abs(J[i * n + j]) * columns[j];
        if (value > row) row = value;
        if (value > most[j]) most[j] = value;
      }
      if (row > 0) rows[i] /= Math.sqrt(row);
    }
    for (let j = 0; j < n; j++) if (most[j] > 0) columns[j] /= Math.sqrt(most[j]);
    if (largest > 0) objective /= Math.sqrt(largest);
  }
  for (let i = 0; i < r; i++) {
    let row = 0;
    for (let j = 0; j < n; j++) row = Math.max(row, Math.abs(J[i * n + j]) * powerOfTwo(columns[j]));
    if (row > 0) rows[i] = 1 / row;
  }
  objective = powerOfTwo(objective);
  for (let j = 0; j < n; j++) columns[j] = powerOfTwo(columns[j]);
  for (let i = 0; i < r; i++) rows[i] = powerOfTwo(rows[i]);
  const scaledH = new Float64Array(n * n);
  const scaledJ = new Float64Array(r * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) scaledH[i * n + j] = objective * columns[i] * H[i * n + j] * columns[j];
  for (let i = 0; i < r; i++) for (let j = 0; j < n; j++) scaledJ[i * n + j] = rows[i] * J[i * n + j] * columns[j];
  return { H: scaledH, J: scaledJ, columns, rows, objective };
}

/**
 * x [n] and λ [r] for the right-hand side f [n] and g [r], which must be consistent where rows are dependent. `refinements` steps of
 * iterative refinement.
 */
export function solveSaddlePoint(
  system: SaddlePoint,
  f: Float64Array,
  g: Float64Array,
  refinements = 3,
): { x: Float64Array; lambda: Float64Array } {
  const { n, r, H, J, columns, rows, objective } = system;
  const top = f.map((value, j) => objective * columns[j] * value);
  const bottom = g.map((value, i) => rows[i] * value);
  const x = new Float64Array(n);
  const lambda = new Float64Array(r);
  const residual = { top: top.slice(), bottom: bottom.slice() };
  let before = Infinity;
  for (let pass = 0; pass <= refinements; pass++) {
    const step = solveOnce(system, residual.top, residual.bottom);
    const size = step.x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    // A correction that does not shrink is rounding, or a direction that the system does not determine.
    if (pass > 0 && !(size < 0.5 * before)) break;
    before = size;
    for (let j = 0; j < n; j++) x[j] += step.x[j];
    for (let i = 0; i < r; i++) lambda[i] += step.lambda[i];
    const high = top.slice();
    const low = new Float64Array(n);
    addTransposedCompensated(r, n, J, lambda, -1, high, low);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) addProduct(high, low, i, -H[i * n + j], x[j]);
    for (let j = 0; j < n; j++) residual.top[j] = high[j] + low[j];
    for (let i = 0; i < r; i++) residual.bottom[i] = -compensatedDot(n, J, i * n, x, 0, -bottom[i]);
  }
  for (let j = 0; j < n; j++) x[j] *= columns[j];
  for (let i = 0; i < r; i++) lambda[i] *= rows[i] / objective;
  return { x, lambda };
}

/** One solve of the scaled system in working precision. */
function solveOnce(system: SaddlePoint, f: Float64Array, g: Float64Array) {
  const { n, r, H, space, basis, reduced, rank } = system;
  const { order, packed, diagonal } = space;
  const k = n - rank;
  // The part of x in the range of Jᵀ from the independent rows.
  const x = new Float64Array(n);
  for (let j = 0; j < rank; j++) x[j] = (g[order[j]] - dot(j, packed, j * n, x, 0)) / diagonal[j];
  applyQ(space, x);
  // ZᵀHZ z = Zᵀ(f − Hx)
  const remaining = new Float64Array(n);
  multiply(n, n, H, x, remaining);
  for (let j = 0; j < n; j++) remaining[j] = f[j] - remaining[j];
  const z = new Float64Array(k);
  multiply(k, n, basis, remaining, z);
  solvePivoted(reduced, z);
  addTransposed(k, n, basis, z, x);
  // Jᵀλ = f − Hx
  multiply(n, n, H, x, remaining);
  for (let j = 0; j < n; j++) remaining[j] = f[j] - remaining[j];
  applyQTransposed(space, remaining);
  return { x, lambda: rowMultipliers(system, remaining, r) };
}

/** λ of least norm with Lᵀλ[order] = q. */
function rowMultipliers({ space, gram, rank, n }: SaddlePoint, q: Float64Array, r: number): Float64Array {
  const { order, packed, diagonal } = space;
  const lambda = new Float64Array(r);
  if (gram) {
    // λ = L(LᵀL)⁻¹q
    const w = q.slice(0, rank);
    solveCholesky(rank, gram, w);
    for (let j = 0; j < r; j++) {
      let value = dot(Math.min(j, rank), packed, j * n, w, 0);
      if (j < rank) value += diagonal[j] * w[j];
      lambda[order[j]] = value;
    }
    return lambda;
  }
  for (let j = rank - 1; j >= 0; j--) {
    q[j] /= diagonal[j];
    for (let i = 0; i < j; i++) q[i] -= packed[j * n + i] * q[j];
    lambda[order[j]] = q[j];
  }
  return lambda;
}

/** Directions that the system leaves free, as rows [singular, n]: J d = 0 and H d = 0. */
export function freeDirections({ n, basis, reduced, rank, singular, columns }: SaddlePoint): Float64Array {
  const k = n - rank;
  const inBasis = nullVectors(reduced);
  const result = new Float64Array(singular * n);
  for (let i = 0; i < singular; i++) {
    const d = result.subarray(i * n, (i + 1) * n);
    addTransposed(k, n, basis, inBasis.subarray(i * k, (i + 1) * k), d);
    let largest = 0;
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs((d[j] *= columns[j])));
    for (let j = 0; j < n; j++) d[j] /= largest;
  }
  return result;
}
