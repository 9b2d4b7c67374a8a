import { z } from 'zod';
import { factorSaddlePoint, solveSaddlePoint } from '../../numerics/linalg/saddlePoint';
import { addTransposed } from '../../numerics/linalg/products';
import { heldRows, normalsOf } from '../lower/heldRows';
import { kktResidual } from '../lower/kktResidual';
import type { LowerSolution } from '../lower/lowerLevel';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { addRowsInX, type BilevelProblem } from '../problem';
import { needsPositiveDefinite, WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('first-order'),
  delta: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Weight δ of f in the perturbed lower level: the bias falls with δ, the rounding grows with 1/δ.')
    .meta({ scale: 'log' }),
});

/**
 * Finite differences of the active-set solution: the lower level is solved once more with g + δf in place of g and its active rows as
 * equalities. With (y_δ, λ_δ) that solution,
 *
 *     ∇F ≈ ∇_x f(x, y_δ) + [∇_x g(x, y_δ) − ∇_x g(x, y*) + B̄ᵀ(λ_δ − λ*)]/δ
 *
 * the difference quotient in δ of the gradient of the value function min g + δf, in which no second derivative occurs.
 */
export const firstOrder: Estimator<'first-order', typeof settings> = {
  kind: 'first-order',
  title: 'Differences of the active-set solution',
  summary:
    'Solves the lower level a second time, with a little of f added and the active rows as equalities, and differences the Lagrangian’s gradient.',
  reference: 'Zhao et al., A Fully First-Order Layer for Differentiable Optimization, arXiv 2512.02494',
  settings,
  refusal: needsPositiveDefinite,
  make(problem, { delta }) {
    const { d, m } = problem;
    const level = makeLowerLevel(problem);
    const [gradient, before, after] = Array.from({ length: 3 }, () => new Float64Array(d));
    const rates = new Float64Array(m);
    const { n } = problem;
    const work = new WorkCounter();
    return {
      at(x, options) {
        work.begin();
        const solution = level.solve(x, options);
        const { y, multipliers, weak } = solution;
        const rows = heldRows(solution);
        const moved = perturbedSolution(problem, x, solution, delta, options?.q);
        work.lowerSolves += 2;
        // Both Hessians and the factored saddle point: scaled copies, Z, ZᵀHZ and its factor, the rows and their QR.
        work.bytes = level.bytes + 8 * (7 * n * n + 3 * rows.length * n + 3 * d);
        rates.fill(0);
        rows.forEach(({ kind, index }, r) => {
          if (kind === 'inequality') rates[index] = moved.lambda[r] - multipliers.inequality[index];
        });
        problem.lowerGradientX(x, y, before);
        problem.lowerGradientX(x, moved.y, after);
        for (let i = 0; i < d; i++) after[i] -= before[i];
        addRowsInX(problem, rates, after);
        problem.upperGradientX(x, moved.y, gradient);
        for (let i = 0; i < d; i++) gradient[i] += after[i] / delta;
        work.products += m > 0 ? 3 : 2;
        const F = problem.upperValue(x, y);
        work.end();
        return { F, gradient, y, weak, work, residual: () => kktResidual(problem, x, solution, options?.q) };
      },
      save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
      restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
    };
  },
};

/** Newton steps until they are rounding; one for a quadratic problem. */
const newtonSteps = 30;

/** Minimises g + δf with the rows held at `solution` as equalities, by Newton's method from there; λ in the order of `heldRows`. */
function perturbedSolution(
  problem: BilevelProblem,
  x: Float64Array,
  solution: LowerSolution,
  delta: number,
  q?: Float64Array,
): { y: Float64Array; lambda: Float64Array } {
  const { n } = problem;
  const rows = heldRows(solution);
  const normals = normalsOf(problem, rows);
  const y = solution.y.slice();
  const lambda = Float64Array.from(rows, ({ kind, index }) => solution.multipliers[kind][index]);
  const [slope, ofUpper] = [new Float64Array(n), new Float64Array(n)];
  const [hessian, hessianOfUpper] = [new Float64Array(n * n), new Float64Array(n * n)];
  const onRows = new Float64Array(rows.length);
  for (let step = 0; step < newtonSteps; step++) {
    problem.lowerHessian(x, y, hessian);
    problem.upperHessianY(x, y, hessianOfUpper);
    for (let at = 0; at < n * n; at++) hessian[at] += delta * hessianOfUpper[at];
    problem.lowerGradientY(x, y, slope, q);
    problem.upperGradientY(x, y, ofUpper);
    for (let j = 0; j < n; j++) slope[j] += delta * ofUpper[j];
    addTransposed(rows.length, n, normals, lambda, slope);
    const system = factorSaddlePoint(n, rows.length, hessian, normals);
    const { x: change, lambda: rate } = solveSaddlePoint(
      system,
      slope.map((value) => 0 - value),
      onRows,
    );
    let [moved, size] = [0, 1];
    for (let j = 0; j < n; j++) {
      y[j] += change[j];
      moved = Math.max(moved, Math.abs(change[j]));
      size = Math.max(size, Math.abs(y[j]));
    }
    for (let r = 0; r < lambda.length; r++) lambda[r] += rate[r];
    if (!(moved > 4 * Number.EPSILON * size)) break;
  }
  return { y, lambda };
}
