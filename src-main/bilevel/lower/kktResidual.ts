import { addTransposed, dot } from '../../numerics/linalg/products';
import { rowLimits, type BilevelProblem } from '../problem';
import type { LowerSolution } from './lowerLevel';

/**
 * The largest of ‖Qy + c + q + Pᵀx + Aᵀλ − λ_l + λ_u‖∞, the violation of rows and bounds, and multiplier × slack: 0 at a solution of the
 * lower level at x.
 */
export function kktResidual(
  problem: BilevelProblem,
  x: Float64Array,
  { y, linear, multipliers }: Pick<LowerSolution, 'y' | 'linear' | 'multipliers'>,
): number {
  const { n, m, lower } = problem;
  const stationarity = new Float64Array(n);
  addTransposed(m, n, lower.A, multipliers.inequality, stationarity);
  const limits = new Float64Array(m);
  rowLimits(problem, x, limits);
  let worst = 0;
  const row = (slack: number, multiplier: number) => {
    worst = Math.max(worst, -slack);
    if (multiplier !== 0) worst = Math.max(worst, Math.abs(multiplier * slack));
  };
  for (let j = 0; j < n; j++) {
    const slope =
      stationarity[j] + dot(n, lower.Q, j * n, y, 0) + linear[j] - multipliers.lower[j] + multipliers.upper[j];
    worst = Math.max(worst, Math.abs(slope));
    row(y[j] - lower.lower[j], multipliers.lower[j]);
    row(lower.upper[j] - y[j], multipliers.upper[j]);
  }
  for (let r = 0; r < m; r++) row(limits[r] - dot(n, lower.A, r * n, y, 0), multipliers.inequality[r]);
  return worst;
}
