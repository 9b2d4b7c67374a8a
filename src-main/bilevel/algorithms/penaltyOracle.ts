import { AdjointError } from '@shared/errors';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { needsPositiveDefinite, WorkCounter, type Oracle } from '../estimators/estimator';
import { multiply } from '../../numerics/linalg/products';
import { kktResidual } from '../lower/kktResidual';
import type { LowerSolution } from '../lower/lowerLevel';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { addRowsInX, addRowsInY, rowValues, type BilevelProblem } from '../problem';
import { QuadraticBilevel } from '../quadratic';
import { needsRowsInX } from './domain';

/** Weight of a row in the penalty, from h_i(x, y*) and λ_i; rows with λ_i = 0 have none. */
export type RowWeight = (h: number, lambda: number) => number;

/** Every row that pushes counts fully. */
export const strictlyActive: RowWeight = () => 1;

/** Why the penalty cannot be used on a problem, or null. */
export const penaltyRefusal = (problem: BilevelProblem): string | null =>
  needsRowsInX(problem) ?? needsPositiveDefinite(problem);

/** Newton steps on the penalty; one where both levels are quadratic. */
const newtonSteps = 50;

/**
 * The hypergradient by a penalty, with first derivatives only (Kornowski et al., *First-Order Methods for Linearly Constrained Bilevel
 * Optimization*, NeurIPS 2024, §4): with y*, λ* of the lower level held fixed and α₁ = α⁻², α₂ = α⁻⁴,
 *
 *     L(x, y) = f + α₁[g(x, y) + λ*ᵀh(x, y) − g*(x)] + ½α₂ Σ ρ_i h_i(x, y)²,   y_α = argmin_y L,   ∇F ≈ ∇_x L(x, y_α)
 *
 * where ∇g*(x) = ∇_x g(x, y*) + (∇_x h)ᵀλ* is the gradient of the value function by the envelope theorem. Its second term cancels that of
 * λ*ᵀh; without it the error is α₁‖(∇_x h)ᵀλ*‖, which grows without bound as α falls. With linear rows, and h_i(x, y*) = 0 where
 * λ_i > 0, what is left is with t = y_α − y*
 *
 *     ∇_y f(x, y_α) + α₁[∇_y g(x, y_α) − ∇_y g(x, y*)] + α₂AᵀρAt = 0,
 *     ∇F ≈ ∇_x f(x, y_α) + α₁[∇_x g(x, y_α) − ∇_x g(x, y*)] + α₂BᵀρAt
 *
 * Bounds of y are rows without x. y* and y_α are exact but for rounding; the bias is O(α²) away from kinks.
 */
export function penaltyOracle(problem: BilevelProblem, alpha: number, weight: RowWeight): Oracle {
  const { d, n, m, rows } = problem;
  const [alpha1, alpha2] = [alpha ** -2, alpha ** -4];
  const level = makeLowerLevel(problem);
  const zeros = () => new Float64Array(n);
  const [y, t, step, space, anchor] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  const [H, other] = [new Float64Array(n * n), new Float64Array(n * n)];
  const [gradient, inX] = [new Float64Array(d), new Float64Array(d)];
  const push = new Float64Array(m);
  const work = new WorkCounter();
  // The second step of Newton’s method is then a refinement of the first.
  const hasConstantHessian = problem instanceof QuadraticBilevel;

  /** `t` ← y_α − y*, `y` ← y_α and `push` ← α₂ρAt, by Newton’s method. */
  const minimise = (x: Float64Array, solution: LowerSolution, rho: Weights, q?: Float64Array) => {
    t.fill(0);
    problem.lowerGradientY(x, solution.y, anchor, q);
    let last = Infinity;
    for (let k = 0; k < newtonSteps; k++) {
      residual(x, solution.y, rho, q);
      if (k === 0 || !hasConstantHessian) factor(x, rho);
      solveCholesky(n, H, step);
      let [size, scale] = [0, 0];
      for (let j = 0; j < n; j++) {
        t[j] += step[j];
        size = Math.max(size, Math.abs(step[j]));
        scale = Math.max(scale, Math.abs(t[j]));
      }
      // What does not get shorter is rounding.
      if (size <= 1e-14 * scale || size >= last) break;
      last = size;
    }
    residual(x, solution.y, rho, q);
  };

  /** `step` ← −∇_y L at y* + t. */
  const residual = (x: Float64Array, solution: Float64Array, rho: Weights, q?: Float64Array) => {
    for (let j = 0; j < n; j++) y[j] = solution[j] + t[j];
    multiply(m, n, rows.A, t, push);
    for (let r = 0; r < m; r++) push[r] *= alpha2 * rho.rows[r];
    problem.lowerGradientY(x, y, step, q);
    problem.upperGradientY(x, y, space);
    addRowsInY(problem, push, space);
    for (let j = 0; j < n; j++) step[j] = -alpha1 * (step[j] - anchor[j]) - space[j] - alpha2 * rho.bounds[j] * t[j];
  };

  /** `H` ← the Cholesky factor of ∇²_yy f + α₁∇²_yy g + α₂Σρ_i ∇h_i∇h_iᵀ */
  const factor = (x: Float64Array, rho: Weights) => {
    problem.lowerHessian(x, y, H);
    problem.upperHessianY(x, y, other);
    for (let at = 0; at < H.length; at++) H[at] = alpha1 * H[at] + other[at];
    for (let r = 0; r < m; r++) {
      if (rho.rows[r] === 0) continue;
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++) H[j * n + k] += alpha2 * rho.rows[r] * rows.A[r * n + j] * rows.A[r * n + k];
    }
    for (let j = 0; j < n; j++) H[j * n + j] += alpha2 * rho.bounds[j];
    if (cholesky(n, H) < 0) return;
    throw new AdjointError('bad-request', `With α = ${alpha} the penalised lower level f + α⁻²g is not convex in y.`, {
      where: 'alpha',
      fix: 'Take a smaller α, so that g outweighs the negative curvature of f.',
    });
  };

  return {
    at(x, options) {
      work.begin();
      const solution = level.solve(x, options);
      minimise(x, solution, rowWeights(problem, x, solution, weight), options?.q);
      problem.upperGradientX(x, y, gradient);
      addRowsInX(problem, push, gradient);
      problem.lowerGradientX(x, y, inX);
      for (let i = 0; i < d; i++) gradient[i] += alpha1 * inX[i];
      problem.lowerGradientX(x, solution.y, inX);
      for (let i = 0; i < d; i++) gradient[i] -= alpha1 * inX[i];
      work.lowerSolves += 2;
      work.products += m > 0 ? 3 : 2;
      const F = problem.upperValue(x, solution.y);
      work.end();
      const { y: exact, weak } = solution;
      return { F, gradient, y: exact, weak, work, residual: () => kktResidual(problem, x, solution, options?.q) };
    },
    save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
    restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
  };
}

/** ρ of the rows [m], and of the bound at which y_j is [n]. */
interface Weights {
  rows: Float64Array;
  bounds: Float64Array;
}

function rowWeights(
  problem: BilevelProblem,
  x: Float64Array,
  { y, multipliers }: LowerSolution,
  weight: RowWeight,
): Weights {
  const { bounds } = problem;
  const values = new Float64Array(problem.m);
  rowValues(problem, x, y, values);
  const at = (h: number, lambda: number) => (lambda > 0 ? weight(h, lambda) : 0);
  return {
    rows: values.map((value, r) => at(value, multipliers.inequality[r])),
    bounds: y.map((value, j) =>
      Math.max(at(bounds.lower[j] - value, multipliers.lower[j]), at(value - bounds.upper[j], multipliers.upper[j])),
    ),
  };
}
