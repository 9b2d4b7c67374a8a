import { z } from 'zod';
import { factorSaddlePoint, solveSaddlePoint } from '../../numerics/linalg/saddlePoint';
import { heldRows, normalsOf } from '../lower/heldRows';
import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { directPart, rowLimits, subtractThroughLower, upperValue } from '../problem';
import { addTransposed } from '../../numerics/linalg/products';
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
 *     ∇F ≈ ∇_x f(x, y_δ) + [P(y_δ − y*) + B̄ᵀ(λ_δ − λ*)]/δ
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
    const { d, n, m, upper, lower } = problem;
    const level = makeLowerLevel(problem);
    const gradient = new Float64Array(d);
    const blended = lower.Q.map((value, at) => value + delta * upper.Qyy[at]);
    const limits = new Float64Array(m);
    const f = new Float64Array(n);
    const work = new WorkCounter();
    return {
      at(x, options) {
        work.begin();
        const solution = level.solve(x, options);
        const { y, linear, multipliers, weak } = solution;
        const rows = heldRows(solution);
        rowLimits(problem, x, limits);
        const rhs = Float64Array.from(rows, ({ kind, index }) =>
          kind === 'inequality' ? limits[index] : kind === 'lower' ? -lower.lower[index] : lower.upper[index],
        );
        f.fill(0);
        addTransposed(d, n, upper.Qxy, x, f);
        for (let j = 0; j < n; j++) f[j] = -(linear[j] + delta * (upper.cy[j] + f[j]));
        const system = factorSaddlePoint(n, rows.length, blended, normalsOf(problem, rows));
        const { x: perturbed, lambda } = solveSaddlePoint(system, f, rhs);
        work.lowerSolves += 2;
        const u = y.map((value, j) => (value - perturbed[j]) / delta);
        const w = new Float64Array(m);
        rows.forEach(({ kind, index }, r) => {
          if (kind === 'inequality') w[index] = (multipliers.inequality[index] - lambda[r]) / delta;
        });
        directPart(problem, x, perturbed, gradient);
        subtractThroughLower(problem, u, w, gradient);
        work.products += m > 0 ? 2 : 1;
        const F = upperValue(problem, x, y);
        work.end();
        return { F, gradient, y, weak, work, residual: () => kktResidual(problem, x, solution) };
      },
      save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
      restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
    };
  },
};
