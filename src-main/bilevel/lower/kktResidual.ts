import { addRowsInY, rowValues, type BilevelProblem } from '../problem';
import type { LowerSolution } from './lowerLevel';

type Point = Pick<LowerSolution, 'y' | 'multipliers'>;

/** How well y and its multipliers satisfy the conditions of Karush, Kuhn and Tucker of the lower level at x; in the problem's units. */
export interface KktResiduals {
  /** ‖∇_y g + q + Aᵀλ − λ_lower + λ_upper‖, the largest entry and the Euclidean norm. */
  stationarity: number;
  stationarityNorm: number;
  /** The largest violation of a row or bound. */
  violation: number;
  /** max λ_i·|slack_i| */
  complementarity: number;
}

/** q is the problem's own unless the lower level was solved with another. */
export function kktResiduals(
  problem: BilevelProblem,
  x: Float64Array,
  { y, multipliers }: Point,
  q?: Float64Array,
): KktResiduals {
  const { n, m, bounds } = problem;
  const residual = new Float64Array(n);
  problem.lowerGradientY(x, y, residual, q);
  addRowsInY(problem, multipliers.inequality, residual);
  const values = new Float64Array(m);
  rowValues(problem, x, y, values);
  let [stationarity, square, violation, complementarity] = [0, 0, 0, 0];
  const limit = (value: number, multiplier: number) => {
    violation = Math.max(violation, value);
    if (multiplier !== 0) complementarity = Math.max(complementarity, Math.abs(multiplier * value));
  };
  values.forEach((value, r) => limit(value, multipliers.inequality[r]));
  for (let j = 0; j < n; j++) {
    residual[j] += multipliers.upper[j] - multipliers.lower[j];
    stationarity = Math.max(stationarity, Math.abs(residual[j]));
    square += residual[j] ** 2;
    limit(bounds.lower[j] - y[j], multipliers.lower[j]);
    limit(y[j] - bounds.upper[j], multipliers.upper[j]);
  }
  return { stationarity, stationarityNorm: Math.sqrt(square), violation, complementarity };
}

/** The largest of the residuals: 0 at a solution of the lower level at x. */
export function kktResidual(problem: BilevelProblem, x: Float64Array, point: Point, q?: Float64Array): number {
  const { stationarity, violation, complementarity } = kktResiduals(problem, x, point, q);
  return Math.max(stationarity, violation, complementarity);
}

/**
 * A bound of ‖y − y*‖₂ for a y that is feasible and whose multipliers are complementary: it solves the lower level with the residual of
 * stationarity as one more linear term, and strong monotonicity bounds how far that moves y*. Infinity without a known curvature.
 */
export function distanceBound(problem: BilevelProblem, x: Float64Array, point: Point, q?: Float64Array): number {
  const { least } = problem.lowerCurvature(x);
  return least > 0 ? kktResiduals(problem, x, point, q).stationarityNorm / least : Infinity;
}
