import { AdjointError } from '@shared/errors';
import { directionalDerivative, type OneSided } from '../layers/convex/oneSided';
import { dot } from '../numerics/linalg/products';
import { makeDualActiveSet, solveInequalityQp } from '../solvers/activeSet/dualActiveSet';
import { solveConvex } from '../solvers/convex/solve';
import { heldRows, normalsOf } from './lower/heldRows';
import { lowerLevelFailure, type LowerLevel, type LowerRow, type LowerSolution } from './lower/lowerLevel';
import { makeLowerLevel } from './lower/makeLowerLevel';
import { bilevelPreflight } from './preflight';
import { addRowsInX, subtractThroughLower, type BilevelProblem } from './problem';
import { convexProblemAt, type QuadraticBilevel } from './quadratic';

/**
 * The gradient of the value function of the lower level, g*(x) = g(x, y*(x)), [d]: by the envelope theorem ∇_x g + Bᵀλ (Rockafellar,
 * *Convex Analysis*, §29; Danskin where no row holds x). Without the second term it is wrong as soon as a row with x is active.
 */
export function lowerValueGradient(
  problem: BilevelProblem,
  x: Float64Array,
  { y, multipliers }: LowerSolution,
): Float64Array {
  const gradient = new Float64Array(problem.d);
  problem.lowerGradientX(x, y, gradient);
  addRowsInX(problem, multipliers.inequality, gradient);
  return gradient;
}

/** Jacobian of y*(x), [n, d], at x and y of the last solve of a lower level: row j is −(Gᵀu + Bᵀw) of the adjoint of e_j. */
export function lowerJacobian(
  problem: BilevelProblem,
  level: LowerLevel,
  x: Float64Array,
  y: Float64Array,
): Float64Array {
  const { d, n } = problem;
  const space = new Float64Array(d);
  const jacobian = new Float64Array(n * d);
  const unit = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    unit.fill(0);
    unit[j] = 1;
    subtractThroughLower(problem, x, y, level.adjoint(unit), jacobian.subarray(j * d, (j + 1) * d), space);
  }
  return jacobian;
}

/**
 * One-sided derivatives of F along every coordinate, [d]: F′(x; ±e_i) = ±(∇_x f)_i + ∇_y fᵀy′, where y′ is the directional derivative
 * of the lower level (Ralph & Dempe, Math. Program. 70, 1995). They differ at a kink. `null` where the lower level becomes infeasible.
 *
 * @throws AdjointError `bad-request` where the lower level has no solution, `unsupported` where y* is not unique
 */
export function oneSidedGradient(problem: QuadraticBilevel, x: Float64Array): OneSided<(number | null)[]> {
  const { d, n, m, lower } = problem;
  const level = makeLowerLevel(problem);
  const { activeCount, activeRank } = bilevelPreflight(problem, x, level);
  const solution = level.solve(x);
  const direct = new Float64Array(d);
  const cotangent = new Float64Array(n);
  problem.upperGradientX(x, solution.y, direct);
  problem.upperGradientY(x, solution.y, cotangent);
  const isStrictlyConvex = level.method !== 'interior point' && activeRank === activeCount;
  const directionFor = isStrictlyConvex ? directionOnActiveSet(problem, solution) : directionOfAny(problem, x);
  const side = (i: number, sign: 1 | -1): number | null => {
    const rateOfP = Float64Array.from(lower.P.subarray(i * n, (i + 1) * n), (value) => sign * value);
    const rateOfH = Float64Array.from({ length: m }, (_, r) => 0 - sign * lower.B[r * d + i]);
    const direction = directionFor(rateOfP, rateOfH);
    return direction && direct[i] + sign * dot(n, direction, 0, cotangent, 0);
  };
  const every = (sign: 1 | -1) => Array.from({ length: d }, (_, i) => side(i, sign));
  return { plus: every(1), minus: every(-1) };
}

/** y′ for a change of p and h at these rates, or null where no y satisfies the moved rows. */
type Direction = (rateOfP: Float64Array, rateOfH: Float64Array) => Float64Array | null;

/** With unique multipliers: minimise ½y′ᵀQy′ + ṗᵀy′ with strictly active rows as equalities and weakly active ones as inequalities. */
function directionOnActiveSet(problem: QuadraticBilevel, solution: LowerSolution): Direction {
  const { n, lower } = problem;
  const { weak } = solution;
  const strict = heldRows(solution);
  const [A, G] = [normalsOf(problem, strict), normalsOf(problem, weak)];
  const solver = makeDualActiveSet({ n, e: strict.length, m: weak.length, Q: lower.Q, A, G });
  return (rateOfP, rateOfH) => {
    const rates = (rows: readonly LowerRow[]) =>
      rows.map(({ kind, index }) => (kind === 'inequality' ? rateOfH[index] : 0));
    return solveInequalityQp(solver, rateOfP, rates(strict), rates(weak)) === 'optimal' ? solver.y : null;
  };
}

/** Semidefinite Q, or dependent rows whose multipliers the direction chooses: as in the convex layer. */
function directionOfAny(problem: QuadraticBilevel, x: Float64Array): Direction {
  const convex = convexProblemAt(problem, x);
  const solution = solveConvex(convex);
  if (solution.status !== 'optimal') throw lowerLevelFailure(solution.status, x);
  const several = solution.findings.find(({ diagnosis }) => diagnosis === 'not-unique');
  if (several)
    throw new AdjointError('unsupported', `y*(x) is not one point: ${several.message}.`, { where: 'the lower level' });
  return (rateOfP, rateOfH) => directionalDerivative(convex, solution, rateOfP, rateOfH);
}
