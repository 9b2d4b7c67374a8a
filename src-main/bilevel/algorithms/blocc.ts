import { z } from 'zod';
import { needsPositiveDefinite, WorkCounter, type Oracle } from '../estimators/estimator';
import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { addRowsInX, type BilevelProblem } from '../problem';
import { makeSolver, type OuterAlgorithm, type OuterState } from './algorithm';
import { makeBlendedLevel } from './blendedLevel';
import { needsRowsInX } from './domain';
import { curvature, measuredLength } from './stepLength';

const settings = z.strictObject({
  kind: z.literal('blocc'),
  iterations: z.int().min(1).default(1000).describe('Steps, at most.'),
  gamma: z
    .number()
    .positive()
    .default(1e3)
    .describe('γ of the penalty. x is O(1/γ) from a solution; curvature at kinks grows with γ.')
    .meta({ scale: 'log' }),
  rule: z
    .enum(['armijo', 'constant'])
    .default('armijo')
    .describe('Steps from the decrease of F_γ, or of constant length, as published.'),
  eta: measuredLength(
    'Length η of constant steps, or of the first one; by default the inverse of the curvature at the start.',
  ),
  decrease: z.number().positive().max(0.5).default(1e-4).describe('Share of ‖x⁺ − x‖²/η by which F_γ has to fall.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Ends where ‖x⁺ − x‖∞/η is below this.')
    .meta({ scale: 'log' }),
});

interface State extends OuterState {
  eta: number;
}

/** Backtracking ends at this share of the length that was tried first. */
const shortest = 2 ** -40;

/**
 * F_γ(x) = max_{μ≥0} min_y f + γ(g − g*(x)) + μᵀh = min_{h ≤ 0} (f + γg) − γ min_{h ≤ 0} g, which is differentiable:
 *
 *     ∇F_γ = ∇_x f(x, y_F) + γ[∇_x g(x, y_F) − ∇_x g(x, y_g)] + Bᵀ(μ_F − γμ_g)
 *
 * with (y_F, μ_F) and (y_g, μ_g) the solutions of the two; x ← Π_X(x − η∇F_γ). Both are solved exactly, by active sets
 * or Newton’s method, where the paper runs a max-min method.
 */
export const blocc: OuterAlgorithm<'blocc', typeof settings, State> = {
  kind: 'blocc',
  title: 'BLOCC',
  summary:
    'Gradient descent on a differentiable penalty function of two lower levels, g and f + γg, whose multipliers carry the rows that contain x.',
  reference:
    'Jiang, Xiao, Tenorio, Real-Rojas, Marques & Chen, A Primal-Dual-Assisted Penalty Approach to Bilevel Optimization with Coupled Constraints, NeurIPS 2024, Algorithm 1',
  settings,
  refusal: (problem) => needsRowsInX(problem) ?? needsPositiveDefinite(problem),
  make(problem, { iterations, gamma, rule, eta, decrease, tolerance }) {
    const oracle = penaltyFunction(problem, gamma);
    const trial = new Float64Array(problem.d);
    return makeSolver<State>({
      ...{ problem, oracle, iterations },
      own: () => ({ eta: eta ?? NaN }),
      step(state, evaluate, domain) {
        const { x, gradient } = state;
        if (Number.isNaN(state.eta)) {
          const measured = curvature((at) => (evaluate({ x: at }) ? gradient : null), x.slice(), 0);
          if (measured === null) return;
          state.eta = 1 / measured;
        }
        if (!evaluate()) return;
        const value = oracle.value;
        for (let length = state.eta; length > shortest * state.eta; length *= 0.5) {
          for (let i = 0; i < x.length; i++) trial[i] = x[i] - length * gradient[i];
          domain.project(trial);
          const { result: there, restored } = domain.attempt(trial, () => oracle.valueAt(trial));
          state.lowerSolves += restored ? 4 : 2;
          let [square, longest] = [0, 0];
          for (let i = 0; i < x.length; i++) {
            square += (trial[i] - x[i]) ** 2;
            longest = Math.max(longest, Math.abs(trial[i] - x[i]));
          }
          if (longest <= tolerance * length) {
            state.status = 'converged';
            return;
          }
          if (rule === 'armijo' && !(there <= value - (decrease * square) / length)) continue;
          x.set(trial);
          if (rule === 'armijo') state.eta = 2 * length;
          return;
        }
        state.status = 'no descent';
      },
    });
  },
};

interface PenaltyFunction extends Oracle {
  /** F_γ where `at` was last asked, and anywhere. */
  readonly value: number;
  valueAt(x: Float64Array): number;
}

/** F_γ and its gradient; the estimate's F is F(x) itself. */
function penaltyFunction(problem: BilevelProblem, gamma: number): PenaltyFunction {
  const { d, m } = problem;
  const levels = { lower: makeLowerLevel(problem), blended: makeBlendedLevel(problem, gamma) };
  const [gradient, inX] = [new Float64Array(d), new Float64Array(d)];
  const rates = new Float64Array(m);
  const work = new WorkCounter();
  const solve = (x: Float64Array, warm: boolean) => {
    const [g, F] = [levels.lower.solve(x, { warm }), levels.blended.solve(x, { warm })];
    const gap = problem.lowerValue(x, F.y) - problem.lowerValue(x, g.y);
    return { g, F, value: problem.upperValue(x, F.y) + gamma * gap };
  };
  let value = NaN;
  return {
    get value() {
      return value;
    },
    valueAt: (x) => solve(x, true).value,
    at(x, options) {
      work.begin();
      const { g, F, value: here } = solve(x, options?.warm ?? false);
      value = here;
      problem.upperGradientX(x, F.y, gradient);
      for (const [y, sign] of [
        [F.y, gamma],
        [g.y, -gamma],
      ] as const) {
        problem.lowerGradientX(x, y, inX);
        for (let i = 0; i < d; i++) gradient[i] += sign * inX[i];
      }
      for (let r = 0; r < m; r++) rates[r] = F.multipliers.inequality[r] - gamma * g.multipliers.inequality[r];
      addRowsInX(problem, rates, gradient);
      work.lowerSolves += 2;
      work.products += m > 0 ? 3 : 2;
      const exact = problem.upperValue(x, g.y);
      // Before the trial points of a line search overwrite the solution.
      const residual = kktResidual(problem, x, g);
      work.end();
      return { F: exact, gradient, y: g.y, weak: g.weak, work, residual: () => residual };
    },
    save: () => ({
      arrays: { lower: levels.lower.saveWarmStart(), blended: levels.blended.saveWarmStart() },
      values: {},
    }),
    restore({ arrays }) {
      levels.lower.restoreWarmStart(arrays.lower);
      levels.blended.restoreWarmStart(arrays.blended);
    },
  };
}
