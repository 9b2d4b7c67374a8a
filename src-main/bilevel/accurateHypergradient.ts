import { AdjointError } from '@shared/errors';
import { compensatedDot } from '../numerics/linalg/compensated';
import { solveAccurately } from '../numerics/linalg/solveAccurately';
import { makeLowerLevel } from './lower/makeLowerLevel';
import type { QuadraticBilevel } from './quadratic';

export interface AccurateHypergradient {
  /** ∇F(x), [d] */
  gradient: Float64Array;
  /** y*(x), [n] */
  y: Float64Array;
  /** Least distance of a free variable from its bounds, or size of a multiplier: 0 at a kink. */
  margin: number;
}

/**
 * ∇F(x) where the lower level has bounds only, to nearly the last digit: what estimators are measured against. The active set is the
 * active-set method's and is proved here by the signs of slacks and multipliers; on it everything is computed anew by another way,
 * elimination instead of Cholesky, with every product in twice the precision.
 *
 * @throws AdjointError `unsupported` with rows that couple x and y; `internal` for an active set that is not the optimal one
 */
export function accurateHypergradient(
  problem: QuadraticBilevel,
  x: Float64Array,
  q: Float64Array = problem.lower.q,
): AccurateHypergradient {
  const { d, n, m, upper, lower } = problem;
  if (m > 0)
    throw new AdjointError(
      'unsupported',
      'The accurate hypergradient knows bounds on y only, and this problem has rows.',
    );
  const { side } = makeLowerLevel(problem).solve(x, { q });
  const free = Int32Array.from([...side.keys()].filter((j) => side[j] === 0));
  const k = free.length;
  const linear = plus(transposed(d, n, lower.P, x), lower.c, q);
  const y = Float64Array.from(side, (at, j) => (at > 0 ? lower.upper[j] : at < 0 ? lower.lower[j] : 0));
  const reduced = Float64Array.from({ length: k * k }, (_, at) => lower.Q[free[Math.floor(at / k)] * n + free[at % k]]);
  const fromBounds = Float64Array.from(free, (j) => -compensatedDot(n, lower.Q, j * n, y, 0, linear[j]));
  solveAccurately(reduced, fromBounds).forEach((value, at) => (y[free[at]] = value));

  let margin = Infinity;
  for (let j = 0; j < n; j++) {
    const slope = compensatedDot(n, lower.Q, j * n, y, 0, linear[j]);
    margin = Math.min(
      margin,
      side[j] === 0 ? Math.min(y[j] - lower.lower[j], lower.upper[j] - y[j]) : -side[j] * slope,
    );
  }
  if (margin < -1e-12) throw new AdjointError('internal', `The active set is wrong by ${margin.toExponential(1)}.`);

  const cotangent = plus(transposed(d, n, upper.Qxy, x), upper.cy);
  for (const j of free) cotangent[j] = compensatedDot(n, upper.Qyy, j * n, y, 0, cotangent[j]);
  const minusU = new Float64Array(n);
  solveAccurately(
    reduced,
    Float64Array.from(free, (j) => cotangent[j]),
  ).forEach((value, at) => (minusU[free[at]] = -value));
  const gradient = Float64Array.from({ length: d }, (_, i) => {
    const direct = compensatedDot(d, upper.Qxx, i * d, x, 0, upper.cx[i]);
    return compensatedDot(n, lower.P, i * n, minusU, 0, compensatedDot(n, upper.Qxy, i * n, y, 0, direct));
  });
  return { gradient, y, margin };
}

/** Mᵀx for M [rows, columns]. */
function transposed(rows: number, columns: number, M: Float64Array, x: Float64Array): Float64Array {
  const column = new Float64Array(rows);
  return Float64Array.from({ length: columns }, (_, j) => {
    for (let i = 0; i < rows; i++) column[i] = M[i * columns + j];
    return compensatedDot(rows, column, 0, x, 0);
  });
}

const plus = (first: Float64Array, ...others: Float64Array[]): Float64Array =>
  first.map((value, j) => others.reduce((sum, other) => sum + other[j], value));

/** max |a − b| / max |b| */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return worst / largest;
}
