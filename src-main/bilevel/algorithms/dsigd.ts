import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import type { LowerLevel } from '../lower/lowerLevel';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import type { BilevelProblem } from '../problem';
import { makeSolver, type OuterAlgorithm } from './algorithm';
import { needsRowsInX } from './domain';

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

/** Backtracking ends here: a shorter step moves x by rounding. */
const shortest = 1e-12;

/** d = Π_X(x − s∇F) − x with the perturbation fixed; x ← x + a d, a the first of .9ᵏ with F(x + a d) ≤ F(x) + σ a ∇Fᵀd. */
export const dsigd: OuterAlgorithm<'dsigd', typeof settings> = {
  kind: 'dsigd',
  title: 'DSIGD',
  summary:
    'Projected gradient on the implicit objective with the perturbation fixed and Armijo’s rule. Stops at kinks for want of descent.',
  reference:
    'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023, Algorithm 1',
  settings,
  refusal: needsRowsInX,
  make(problem, { iterations, scale, decrease, tolerance }, oracle) {
    const level = makeLowerLevel(problem);
    const direction = new Float64Array(problem.d);
    const trial = new Float64Array(problem.d);
    return makeSolver({
      ...{ problem, oracle, iterations, levels: { trial: level } },
      own: () => ({}),
      step(state, evaluate, domain) {
        if (!evaluate()) return;
        const { x, F, gradient } = state;
        for (let i = 0; i < x.length; i++) trial[i] = x[i] - scale * gradient[i];
        domain.project(trial);
        // A direction that leaves where the lower level has a solution would be cut short again and again.
        if (domain.mayLackFeasibleY && valueAt(problem, level, trial) === Infinity) domain.projectOntoFeasible(trial);
        let [slope, longest] = [0, 0];
        for (let i = 0; i < x.length; i++) {
          direction[i] = trial[i] - x[i];
          slope += gradient[i] * direction[i];
          longest = Math.max(longest, Math.abs(direction[i]));
        }
        if (longest <= tolerance * scale) {
          state.status = 'converged';
          return;
        }
        for (let a = 1; a > shortest; a *= 0.9) {
          for (let i = 0; i < x.length; i++) trial[i] = x[i] + a * direction[i];
          state.lowerSolves++;
          if (!(valueAt(problem, level, trial) <= F + decrease * a * slope)) continue;
          x.set(trial);
          return;
        }
        state.status = 'no descent';
      },
    });
  },
};

/** F(x), Infinity where the lower level has no solution: a trial point there is no descent. */
function valueAt(problem: BilevelProblem, level: LowerLevel, x: Float64Array): number {
  try {
    return problem.upperValue(x, level.solve(x, { warm: true }).y);
  } catch (error) {
    if (error instanceof AdjointError && error.code === 'bad-request') return Infinity;
    throw error;
  }
}
