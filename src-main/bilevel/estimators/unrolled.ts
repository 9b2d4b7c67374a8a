import { z } from 'zod';
import { dot } from '../../numerics/linalg/products';
import { directPart, lowerLinear, subtractThroughLower, upperGradientY, upperValue } from '../problem';
import { eigenvalueBound, needsPositiveDefinite, WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('unrolled'),
  iterations: z.int().min(1).default(100).describe('Projected-gradient steps that are made and differentiated.'),
});

/**
 * Iterative differentiation: y ← Π(y − (Qy + c + q + Pᵀx)/L) for a fixed number of steps from the point of the box nearest 0 (or, warm,
 * from where the last call ended), and the derivative of that iteration in reverse. With D_k the variables that step k did not clip,
 * v ← D_kv, s ← s + v, v ← v − Qv/L from v = ∇_y f(y_K); ∇F ≈ ∇_x f − P s/L. The start is a constant.
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
    const { d, n, lower } = problem;
    const L = eigenvalueBound(n, lower.Q);
    const free = new Uint8Array(iterations * n);
    const [y, next, linear, v, s] = Array.from({ length: 5 }, () => new Float64Array(n));
    const gradient = new Float64Array(d);
    const noRows = new Float64Array(0);
    const work = new WorkCounter();
    return {
      at(x, { warm = false, q } = {}) {
        work.begin();
        lowerLinear(problem, x, linear, q);
        if (!warm) y.fill(0);
        for (let j = 0; j < n; j++) y[j] = Math.min(lower.upper[j], Math.max(lower.lower[j], y[j]));
        for (let k = 0; k < iterations; k++) {
          for (let j = 0; j < n; j++) {
            const moved = y[j] - (dot(n, lower.Q, j * n, y, 0) + linear[j]) / L;
            next[j] = Math.min(lower.upper[j], Math.max(lower.lower[j], moved));
            free[k * n + j] = next[j] === moved ? 1 : 0;
          }
          y.set(next);
        }
        upperGradientY(problem, x, y, v);
        s.fill(0);
        for (let k = iterations - 1; k >= 0; k--) {
          for (let j = 0; j < n; j++) s[j] += v[j] *= free[k * n + j];
          for (let j = 0; j < n; j++) next[j] = v[j] - dot(n, lower.Q, j * n, v, 0) / L;
          v.set(next);
        }
        for (let j = 0; j < n; j++) s[j] /= L;
        directPart(problem, x, y, gradient);
        subtractThroughLower(problem, s, noRows, gradient);
        work.products += 2 * iterations + 1;
        const F = upperValue(problem, x, y);
        work.end();
        /** ‖y − Π(y − ∇_y g)‖∞, 0 at the solution. */
        const residual = (): number => {
          let worst = 0;
          for (let j = 0; j < n; j++) {
            const moved = y[j] - (dot(n, lower.Q, j * n, y, 0) + linear[j]);
            worst = Math.max(worst, Math.abs(y[j] - Math.min(lower.upper[j], Math.max(lower.lower[j], moved))));
          }
          return worst;
        };
        return { F, gradient, y, weak: [], work, residual };
      },
      save: () => ({ arrays: { y: y.slice() }, values: {} }),
      restore: ({ arrays }) => y.set(arrays.y),
    };
  },
};
