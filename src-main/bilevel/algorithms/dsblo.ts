import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { makeSolver, type OuterAlgorithm, type OuterState } from './algorithm';
import { needsRowsInX } from './domain';
import { perturbation, perturbationSettings } from './perturbation';
import { cooldownFactor, cooldownSetting, curvature, measuredLength } from './stepLength';

const settings = z.strictObject({
  kind: z.literal('ds-blo'),
  iterations: z.int().min(1).default(2000).describe('Steps T.'),
  momentum: z.number().min(0).max(0.999).default(0.9).describe('β: m ← βm + (1 − β)g.'),
  gamma1: z
    .number()
    .nonnegative()
    .default(10)
    .describe('γ₁ in η = 1/(γ₁‖m‖ + γ₂): no step is longer than 1/γ₁.')
    .meta({ scale: 'log' }),
  gamma2: measuredLength('γ₂: near a stationary point steps are m/γ₂. By default the curvature of F at the start.'),
  ...perturbationSettings,
  cooldown: cooldownSetting,
  seed: z.int().min(0).default(0).describe('Of both perturbations.'),
});

interface State extends OuterState {
  generator: Generator;
  m: Float64Array;
  /** The iterate before the last step; the gradient is taken between the two. */
  before: Float64Array;
  /** γ₂, once it is known. */
  gamma2: number;
}

/**
 * x⁺ = Π_X(x − η m), η = 1/(γ₁‖m‖ + γ₂); g = ∇F(x̄; q) with x̄ uniform on the segment [x, x⁺] and q drawn anew; m ← βm + (1 − β)g, and
 * m = g at the start.
 */
export const dsblo: OuterAlgorithm<'ds-blo', typeof settings, State> = {
  kind: 'ds-blo',
  title: 'DS-BLO',
  summary:
    'Normalised momentum on the implicit objective, doubly perturbed: the lower level at every step, and the point of the last step at which the gradient is taken.',
  reference:
    'Khanduri, Tsaknakis, Zhang, Liu & Hong, A Doubly Stochastically Perturbed Algorithm for Linearly Constrained Bilevel Optimization, arXiv 2504.04545',
  settings,
  refusal: needsRowsInX,
  make(problem, settings, oracle) {
    const { iterations, momentum, gamma1, cooldown, seed } = settings;
    const point = new Float64Array(problem.d);
    return makeSolver<State>({
      ...{ problem, oracle, iterations },
      own: (start) => ({
        generator: new Generator(seed),
        m: new Float64Array(problem.d),
        before: start.slice(),
        gamma2: settings.gamma2 ?? NaN,
      }),
      direction: ({ m }) => m,
      step(state, evaluate, domain) {
        const { x, m, before, gradient, generator } = state;
        if (Number.isNaN(state.gamma2)) {
          const measured = curvature((at) => (evaluate({ x: at }) ? gradient : null), x.slice(), seed);
          if (measured === null) return;
          state.gamma2 = measured;
        }
        const between = generator.random();
        for (let i = 0; i < x.length; i++) point[i] = before[i] + between * (x[i] - before[i]);
        if (!evaluate({ x: point, q: perturbation(generator, problem.n, settings) })) return;
        const kept = state.iteration === 0 ? 0 : momentum;
        let square = 0;
        for (let i = 0; i < m.length; i++) {
          m[i] = kept * m[i] + (1 - kept) * gradient[i];
          square += m[i] * m[i];
        }
        const eta = cooldownFactor(state.iteration, iterations, cooldown) / (gamma1 * Math.sqrt(square) + state.gamma2);
        before.set(x);
        for (let i = 0; i < x.length; i++) x[i] -= eta * m[i];
        domain.project(x);
      },
    });
  },
};
