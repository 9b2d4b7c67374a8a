import { z } from 'zod';
import { addRowsInY, rowValues, type BilevelProblem } from '../problem';
import { makeSolver, type OuterAlgorithm } from './algorithm';
import { JointProjection, needsRowsInX } from './domain';
import {
  begin,
  clip,
  clipToBounds,
  isFinite,
  naturalResidual,
  ownEntries,
  productsOfStep,
  singleLoopSettings,
  Slopes,
  type SingleLoopState,
} from './singleLoop';

const settings = z.strictObject({
  kind: z.literal('lv-hba'),
  ...singleLoopSettings,
  beta: z.number().positive().max(1).default(0.1).describe('Step β of z.').meta({ scale: 'log' }),
});

/**
 * One step each on the single-level problem min f/c_k + g − v over (x, y, z), with the proximal Lagrangian value function
 *
 *     v(x, y, z) = min_{θ ∈ Y} max_{λ ∈ [0, r]ᵐ} g(x, θ) + λᵀh(x, θ) + ‖θ − y‖²/(2γ₁) − ‖λ − z‖²/(2γ₂):
 *
 *     θ ← Π_Y(θ − η[∇_y g(x, θ) + Aᵀλ + (θ − y)/γ₁]),   λ ← Π_[0,r](λ + η[h(x, θ) − (λ − z)/γ₂])
 *     (x, y) ← Π_C((x, y) − α(d_x, d_y)),   z ← Π_[0,r](z + β(λ − z)/γ₂)
 *     d_x = ∇_x f/c_k + ∇_x g(x, y) − ∇_x g(x, θ) − Bᵀλ,   d_y = ∇_y f/c_k + ∇_y g(x, y) − (y − θ)/γ₁
 *
 * Y are the bounds of y, C the points of X × Y with h ≤ 0; Π_C is a quadratic program, solved exactly. Where x and y have steps of their
 * own, it is the projection in the norm ‖x‖²/α_x + ‖y‖²/α_y.
 */
export const lvhba: OuterAlgorithm<'lv-hba', typeof settings, SingleLoopState> = {
  kind: 'lv-hba',
  title: 'LV-HBA',
  summary:
    'One gradient step a variable on a single-level problem with the proximal Lagrangian value function; (x, y) stays within the rows by projection.',
  reference:
    'Yao, Yu, Zeng & Zhang, Constrained Bi-Level Optimization: Proximal Lagrangian Value Function Approach and Hessian-Free Algorithm, ICLR 2024, Algorithm 1',
  settings,
  refusal: needsRowsInX,
  make(problem, settings, oracle) {
    const { d, n, m } = problem;
    const { iterations, gamma1, gamma2, bound, beta } = settings;
    const slopes = new Slopes(problem);
    const before = new Float64Array(d);
    const [stepOfTheta, stepOfY] = [new Float64Array(n), new Float64Array(n)];
    const [values, minus] = [new Float64Array(m), new Float64Array(m)];
    const projection = m > 0 ? lateProjection(problem) : null;
    return makeSolver<SingleLoopState>({
      ...{ problem, oracle, iterations, ...(projection ? { levels: { projection } } : {}) },
      own: () => ownEntries(problem),
      direction: ({ direction }) => direction,
      ownResidual: (state) => naturalResidual(problem, state),
      step(state, _, domain) {
        if (state.iteration === 0) begin(problem, settings, state, domain);
        const { x, y, theta, z, lambda, direction, alphaX, alphaY, eta } = state;
        const c = settings.penalty * (state.iteration + 1) ** settings.power;
        problem.lowerGradientY(x, theta, stepOfTheta);
        addRowsInY(problem, lambda, stepOfTheta);
        rowValues(problem, x, theta, values);
        for (let j = 0; j < n; j++) theta[j] -= eta * (stepOfTheta[j] + (theta[j] - y[j]) / gamma1);
        clipToBounds(problem, theta);
        for (let r = 0; r < m; r++) lambda[r] += eta * (values[r] - (lambda[r] - z[r]) / gamma2);
        clip(lambda, bound);
        for (let r = 0; r < m; r++) minus[r] = -lambda[r];
        slopes.inX(state, c, minus, direction);
        slopes.inY(state, c, gamma1, stepOfY);
        before.set(x);
        for (let i = 0; i < d; i++) {
          x[i] -= alphaX * direction[i];
          direction[i] *= c;
        }
        for (let j = 0; j < n; j++) y[j] -= alphaY * stepOfY[j];
        state.products += productsOfStep(problem);
        if (projection) {
          state.lowerSolves++;
          if (!projection.project(x, y, alphaX / alphaY)) state.status = 'diverged';
          // Rows that hold (x, y) push on x by the projection: their part of the hypergradient is not in d_x.
          for (let i = 0; i < d; i++) direction[i] = (c * (before[i] - x[i])) / alphaX;
        } else {
          domain.project(x);
          clipToBounds(problem, y);
        }
        for (let r = 0; r < m; r++) z[r] += (beta * (lambda[r] - z[r])) / gamma2;
        clip(z, bound);
        if (!isFinite(x) || !isFinite(y)) state.status = 'diverged';
      },
    });
  },
};

/** Π_C in the norm ‖x‖² + w‖y‖², made when w, which a run does not change, is known. */
function lateProjection(problem: BilevelProblem) {
  let projection: JointProjection | null = null;
  let saved = new Float64Array(0);
  return {
    project(x: Float64Array, y: Float64Array, weight: number): boolean {
      if (!projection) {
        projection = new JointProjection(problem, weight, 0);
        if (saved.length > 0) projection.restoreWarmStart(saved);
      }
      return projection.project(x, y, true);
    },
    saveWarmStart: (): Float64Array => projection?.saveWarmStart() ?? saved,
    restoreWarmStart(kept: Float64Array): void {
      saved = kept.slice();
      projection?.restoreWarmStart(kept);
    },
  };
}
