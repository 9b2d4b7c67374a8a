import { z } from 'zod';
import { needsPositiveDefinite, WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('unrolled'),
  iterations: z.int().min(1).default(100).describe('Projected-gradient steps that are made and differentiated.'),
});

/**
 * Iterative differentiation: y ← Π(y − (∇_y g(x, y) + q)/L) for a fixed number of steps from the point of the box nearest 0 (or, warm,
 * from where the last call ended), and the derivative of that iteration in reverse. With D_k the variables that step k did not clip,
 * v ← D_kv, s ← s + G_kᵀv, v ← v − H_kv/L from v = ∇_y f(y_K), where H_k and G_k are ∇²_yy g and ∂(∇_y g)/∂x at the point that step k
 * started from; ∇F ≈ ∇_x f − s/L. The start is a constant, and so is L, the largest curvature at x.
 */
export const unrolled: Estimator<'unrolled', typeof settings> = {
  kind: 'unrolled',
  title: 'Unrolled projected gradient',
  summary:
    'Differentiates a fixed number of projected-gradient steps on the lower level. For bounds only; both y and its derivative are approximate.',
  reference: 'Maclaurin, Duvenaud & Adams, ICML 2015; Ji, Yang & Liang, ICML 2021 (ITD)',
  settings,
  refusal: (problem) =>
    problem.m > 0
      ? 'The lower level has rows A y + B x ≤ b: its projection has no closed form.'
      : needsPositiveDefinite(problem),
  make(problem, { iterations }) {
    const { d, n, bounds } = problem;
    const path = new Float64Array((iterations + 1) * n);
    const free = new Uint8Array(iterations * n);
    const [y, step, v] = Array.from({ length: 3 }, () => new Float64Array(n));
    const [gradient, s] = [new Float64Array(d), new Float64Array(d)];
    const clip = (value: number, j: number) => Math.min(bounds.upper[j], Math.max(bounds.lower[j], value));
    const work = new WorkCounter(8 * (path.length + 3 * n + 2 * d) + free.length);
    return {
      at(x, { warm = false, q } = {}) {
        work.begin();
        const L = problem.lowerCurvature(x).most;
        if (!warm) y.fill(0);
        for (let j = 0; j < n; j++) path[j] = clip(y[j], j);
        for (let k = 0; k < iterations; k++) {
          const from = path.subarray(k * n, (k + 1) * n);
          problem.lowerGradientY(x, from, step, q);
          for (let j = 0; j < n; j++) {
            const moved = from[j] - step[j] / L;
            const kept = clip(moved, j);
            path[(k + 1) * n + j] = kept;
            free[k * n + j] = kept === moved ? 1 : 0;
          }
        }
        y.set(path.subarray(iterations * n));
        problem.upperGradientY(x, y, v);
        problem.upperGradientX(x, y, gradient);
        for (let k = iterations - 1; k >= 0; k--) {
          const from = path.subarray(k * n, (k + 1) * n);
          for (let j = 0; j < n; j++) v[j] *= free[k * n + j];
          problem.lowerCrossProduct(x, from, v, s);
          for (let i = 0; i < d; i++) gradient[i] -= s[i] / L;
          problem.lowerHessianProduct(x, from, v, step);
          for (let j = 0; j < n; j++) v[j] -= step[j] / L;
        }
        work.products += 3 * iterations;
        const F = problem.upperValue(x, y);
        work.end();
        /** ‖y − Π(y − ∇_y g)‖∞, 0 at the solution. */
        const residual = (): number => {
          problem.lowerGradientY(x, y, step, q);
          return y.reduce((worst, value, j) => Math.max(worst, Math.abs(value - clip(value - step[j], j))), 0);
        };
        return { F, gradient, y, weak: [], work, residual };
      },
      save: () => ({ arrays: { y: y.slice() }, values: {} }),
      restore: ({ arrays }) => y.set(arrays.y),
    };
  },
};
