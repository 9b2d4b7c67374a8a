import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { makeSolver, type OuterAlgorithm, type OuterState } from './algorithm';
import { penaltyOracle, penaltyRefusal, strictlyActive } from './penaltyOracle';
import { cooldownFactor, cooldownSetting, curvature, measuredLength, norm } from './stepLength';

const settings = z.strictObject({
  kind: z.literal('pigd'),
  iterations: z.int().min(1).default(2000).describe('Steps T.'),
  alpha: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('α of the penalty: α₁ = α⁻², α₂ = α⁻⁴. The bias of the gradient falls with it.')
    .meta({ scale: 'log' }),
  eta: measuredLength('Step η; by default the inverse of the curvature of F at the start.'),
  radius: z
    .number()
    .nonnegative()
    .default(1e-3)
    .describe('δ of the ball around x in which the gradient is taken.')
    .meta({ scale: 'log' }),
  cooldown: cooldownSetting,
  seed: z.int().min(0).default(0).describe('Of the perturbations of x.'),
});

interface State extends OuterState {
  generator: Generator;
  eta: number;
}

/** x ← Π_X(x − η g(x + δw)), w uniform in the unit ball, g by the penalty over the strictly active rows. */
export const pigd: OuterAlgorithm<'pigd', typeof settings, State> = {
  kind: 'pigd',
  title: 'PIGD',
  summary:
    'Perturbed inexact gradient descent: a penalty hypergradient of first derivatives only, taken at a random point near x.',
  reference:
    'Kornowski, Padmanabhan, Wang, Zhang & Sra, First-Order Methods for Linearly Constrained Bilevel Optimization, NeurIPS 2024',
  settings,
  refusal: penaltyRefusal,
  make(problem, settings) {
    const { iterations, alpha, radius, cooldown, seed } = settings;
    const { d } = problem;
    const oracle = penaltyOracle(problem, alpha, strictlyActive);
    return makeSolver<State>({
      ...{ problem, oracle, iterations },
      own: () => ({ generator: new Generator(seed), eta: settings.eta ?? NaN }),
      step(state, evaluate, domain) {
        const { x, gradient, generator } = state;
        if (Number.isNaN(state.eta)) {
          const measured = curvature((at) => (evaluate({ x: at }) ? gradient : null), x.slice(), seed);
          if (measured === null) return;
          state.eta = 1 / measured;
        }
        const w = generator.standardNormals(d);
        const length = (radius * generator.random() ** (1 / d)) / norm(w);
        if (!evaluate({ x: x.map((value, i) => value + length * w[i]) })) return;
        const eta = state.eta * cooldownFactor(state.iteration, iterations, cooldown);
        for (let i = 0; i < d; i++) x[i] -= eta * gradient[i];
        domain.project(x);
      },
    });
  },
};
