import { z } from 'zod';
import { addRowsInY, rowValues } from '../problem';
import { makeSolver, type OuterAlgorithm } from './algorithm';
import { needsRowsInX } from './domain';
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

const settings = z.strictObject({ kind: z.literal('bic-gaffa'), ...singleLoopSettings });

/**
 * One step each on the single-level problem min f/c_k + G over (x, y, z), with the doubly regularised gap function
 *
 *     G(x, y, z) = max_{θ ∈ Y, λ ≥ 0} g(x, y) + λᵀh(x, y) − ‖λ − z‖²/(2γ₂) − g(x, θ) − zᵀh(x, θ) − ‖θ − y‖²/(2γ₁):
 *
 *     θ ← Π_Y(θ − η[∇_y g(x, θ) + Aᵀz + (θ − y)/γ₁]),   λ = max(0, z + γ₂h(x, y))
 *     (x, y, z) ← Π_{X×Y×[0,r]}((x, y, z) − α(d_x, d_y, d_z))
 *     d_x = ∇_x f/c_k + ∇_x g(x, y) + Bᵀλ − ∇_x g(x, θ) − Bᵀz,   d_y = ∇_y f/c_k + ∇_y g(x, y) + Aᵀλ − (y − θ)/γ₁
 *     d_z = (λ − z)/γ₂ − h(x, θ)
 *
 * Y are the bounds of y. Nothing is projected onto the rows, which hold in the limit only.
 */
export const bicGaffa: OuterAlgorithm<'bic-gaffa', typeof settings, SingleLoopState> = {
  kind: 'bic-gaffa',
  title: 'BiC-GAFFA',
  summary:
    'One gradient step a variable on a single-level problem with the doubly regularised gap function. Projects onto boxes only.',
  reference:
    'Yao, Yin, Zeng & Zhang, Overcoming Lower-Level Constraints in Bilevel Optimization: A Novel Approach with Regularized Gap Functions, ICLR 2025 (arXiv 2406.01992)',
  settings,
  refusal: needsRowsInX,
  make(problem, settings, oracle) {
    const { d, n, m } = problem;
    const { iterations, gamma1, gamma2, bound } = settings;
    const slopes = new Slopes(problem);
    const [stepOfTheta, stepOfY] = [new Float64Array(n), new Float64Array(n)];
    const [values, difference] = [new Float64Array(m), new Float64Array(m)];
    return makeSolver<SingleLoopState>({
      ...{ problem, oracle, iterations },
      own: () => ownEntries(problem),
      direction: ({ direction }) => direction,
      ownResidual: (state) => naturalResidual(problem, state),
      step(state, _, domain) {
        if (state.iteration === 0) begin(problem, settings, state, domain);
        const { x, y, theta, z, lambda, direction, alphaX, alphaY, alphaZ, eta } = state;
        const c = settings.penalty * (state.iteration + 1) ** settings.power;
        problem.lowerGradientY(x, theta, stepOfTheta);
        addRowsInY(problem, z, stepOfTheta);
        for (let j = 0; j < n; j++) theta[j] -= eta * (stepOfTheta[j] + (theta[j] - y[j]) / gamma1);
        clipToBounds(problem, theta);
        rowValues(problem, x, y, values);
        for (let r = 0; r < m; r++) {
          lambda[r] = Math.max(0, z[r] + gamma2 * values[r]);
          difference[r] = lambda[r] - z[r];
        }
        rowValues(problem, x, theta, values);
        slopes.inX(state, c, difference, direction);
        slopes.inY(state, c, gamma1, stepOfY);
        addRowsInY(problem, lambda, stepOfY);
        for (let i = 0; i < d; i++) {
          x[i] -= alphaX * direction[i];
          direction[i] *= c;
        }
        domain.project(x);
        for (let j = 0; j < n; j++) y[j] -= alphaY * stepOfY[j];
        clipToBounds(problem, y);
        for (let r = 0; r < m; r++) z[r] -= alphaZ * (difference[r] / gamma2 - values[r]);
        clip(z, bound);
        state.products += productsOfStep(problem);
        if (!isFinite(x) || !isFinite(y)) state.status = 'diverged';
      },
    });
  },
};
