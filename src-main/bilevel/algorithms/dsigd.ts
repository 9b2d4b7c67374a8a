import { z } from 'zod';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import type { LowerLevel } from '../lower/lowerLevel';
import { upperValue } from '../problem';
import { evaluate, initialState, project, type OuterAlgorithm, type OuterState } from './algorithm';

const settings = z.strictObject({
  kind: z.literal('dsigd'),
  iterations: z.int().min(1).default(1000).describe('Steps, at most.'),
  scale: z.number().positive().default(1).describe('Length s of the gradient step before projection.'),
  decrease: z
    .number()
    .positive()
    .max(0.5)
    .default(1e-4)
    .describe('Share of the predicted decrease that Armijo asks for.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe(
      'Ends where ‖Π(x − s∇F) − x‖∞/s is below this. At a kink it never is; below about 1e-8 the values of F no longer tell.',
    )
    .meta({ scale: 'log' }),
});

interface State extends OuterState {
  readonly settings: z.output<typeof settings>;
  readonly level: LowerLevel;
  readonly direction: Float64Array;
  readonly trial: Float64Array;
}

/** Backtracking ends here: a shorter step moves x by rounding. */
const shortest = 1e-12;

/** d = Π_X(x − s∇F) − x with the perturbation fixed; x ← x + a d, a the first of .9ᵏ with F(x + a d) ≤ F(x) + σ a ∇Fᵀd. */
export const dsigd: OuterAlgorithm<'dsigd', typeof settings, State> = {
  kind: 'dsigd',
  title: 'DSIGD',
  summary:
    'Projected gradient on the implicit objective with the perturbation fixed and Armijo’s rule. Stops at kinks for want of descent.',
  reference:
    'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023, Algorithm 1',
  settings,
  init: (problem, settings, oracle, start) => ({
    ...initialState(problem, oracle, start),
    ...{ settings, level: makeLowerLevel(problem) },
    ...{ direction: new Float64Array(problem.d), trial: new Float64Array(problem.d) },
  }),
  step(state) {
    const { problem, settings, level, x, direction, trial } = state;
    if (!evaluate(state)) return;
    const { F, gradient } = state;
    for (let i = 0; i < x.length; i++) trial[i] = x[i] - settings.scale * gradient[i];
    project(problem, trial);
    let [slope, longest] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      direction[i] = trial[i] - x[i];
      slope += gradient[i] * direction[i];
      longest = Math.max(longest, Math.abs(direction[i]));
    }
    state.iteration++;
    if (longest <= settings.tolerance * settings.scale) {
      state.status = 'converged';
      return;
    }
    for (let a = 1; a > shortest; a *= 0.9) {
      for (let i = 0; i < x.length; i++) trial[i] = x[i] + a * direction[i];
      state.lowerSolves++;
      if (!(upperValue(problem, trial, level.solve(trial, { warm: true }).y) <= F + settings.decrease * a * slope))
        continue;
      x.set(trial);
      state.moved = a * longest;
      return;
    }
    state.status = 'no descent';
  },
  terminate(state) {
    if (state.status === null && state.iteration >= state.settings.iterations) state.status = 'iteration limit';
    return state.status !== null;
  },
  postprocess: (state) => void evaluate(state),
};
