import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { evaluate, initialState, project, type OuterAlgorithm, type OuterState } from './algorithm';

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
  radius: z
    .number()
    .nonnegative()
    .default(1e-2)
    .describe('Size of the perturbation q that is drawn at every step.')
    .meta({ scale: 'log' }),
  law: z.enum(['uniform', 'normal']).default('uniform').describe('Entries of q: uniform within ± radius, or normal.'),
  seed: z.int().min(0).default(0),
});

interface State extends OuterState {
  readonly settings: z.output<typeof settings>;
  readonly generator: Generator;
}

/** A fresh perturbation at every step, x ← Π_X(x − β_r∇F(x; q_r)). */
export const ssigd: OuterAlgorithm<'ssigd', typeof settings, State> = {
  kind: 'ssigd',
  title: 'SSIGD',
  summary: 'Projected gradient on the implicit objective smoothed by a perturbation that is drawn anew at every step.',
  reference:
    'Khanduri et al., Linearly Constrained Bilevel Optimization: A Smoothed Implicit Gradient Approach, ICML 2023, Algorithm 2',
  settings,
  init: (problem, settings, oracle, start) => ({
    ...initialState(problem, oracle, start),
    ...{ settings, generator: new Generator(settings.seed) },
  }),
  step(state) {
    const { problem, settings, generator, x } = state;
    const { radius, law } = settings;
    const q =
      law === 'uniform'
        ? generator.uniforms(-radius, radius, problem.n)
        : generator.standardNormals(problem.n).map((value) => radius * value);
    if (!evaluate(state, q)) return;
    const before = x.slice();
    const beta = stepLength(settings, state.iteration);
    for (let i = 0; i < x.length; i++) x[i] -= beta * state.gradient[i];
    project(problem, x);
    state.moved = x.reduce((most, value, i) => Math.max(most, Math.abs(value - before[i])), 0);
    state.iteration++;
  },
  terminate(state) {
    if (state.status === null && state.iteration >= state.settings.iterations) state.status = 'iteration limit';
    return state.status !== null;
  },
  postprocess: (state) => void evaluate(state),
};

/** β_r of step r = 0, 1, … */
export function stepLength({ rule, beta, mu, iterations }: z.output<typeof settings>, r: number): number {
  if (rule === 'constant') return beta;
  return rule === 'weakly-convex' ? beta / Math.sqrt(iterations) : 1 / (mu * (r + 1));
}
