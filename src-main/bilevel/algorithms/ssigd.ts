import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { makeSolver, type OuterAlgorithm, type OuterState } from './algorithm';
import { needsRowsInX } from './domain';
import { perturbation, perturbationSettings } from './perturbation';

const settings = z.strictObject({
  kind: z.literal('ssigd'),
  iterations: z.int().min(1).default(1000).describe('Steps T.'),
  rule: z
    .enum(['constant', 'weakly-convex', 'strongly-convex'])
    .default('constant')
    .describe('Step β_r: β, β/√T, or 1/(μ_F(r + 1)).'),
  beta: z.number().positive().default(1e-2).describe('β of the first two rules.').meta({ scale: 'log' }),
  mu: z
    .number()
    .positive()
    .default(1)
    .describe('μ_F of the third rule, the strong convexity of F.')
    .meta({ scale: 'log' }),
  ...perturbationSettings,
  seed: z.int().min(0).default(0).describe('Of the perturbations.'),
});

interface State extends OuterState {
  generator: Generator;
}

/** A fresh perturbation at every step, x ← Π_X(x − β_r∇F(x; q_r)). */
export const ssigd: OuterAlgorithm<'ssigd', typeof settings, State> = {
  kind: 'ssigd',
  title: 'SSIGD',
  summary: 'Projected gradient on the implicit objective smoothed by a perturbation that is drawn anew at every step.',
  reference:
    'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023, Algorithm 2',
  settings,
  refusal: needsRowsInX,
  make: (problem, settings, oracle) =>
    makeSolver<State>({
      ...{ problem, oracle, iterations: settings.iterations },
      own: () => ({ generator: new Generator(settings.seed) }),
      step(state, evaluate, domain) {
        const { x, generator, gradient } = state;
        if (!evaluate({ q: perturbation(generator, problem.n, settings) })) return;
        const beta = stepLength(settings, state.iteration);
        for (let i = 0; i < x.length; i++) x[i] -= beta * gradient[i];
        domain.project(x);
      },
    }),
};

/** β_r of step r = 0, 1, … */
export function stepLength({ rule, beta, mu, iterations }: z.output<typeof settings>, r: number): number {
  if (rule === 'constant') return beta;
  return rule === 'weakly-convex' ? beta / Math.sqrt(iterations) : 1 / (mu * (r + 1));
}
