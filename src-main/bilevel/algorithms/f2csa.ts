import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { makeSolver, type OuterAlgorithm, type OuterState } from './algorithm';
import { penaltyOracle, penaltyRefusal, type RowWeight } from './penaltyOracle';
import { cooldownFactor, cooldownSetting, curvature, measuredLength, norm } from './stepLength';

const settings = z.strictObject({
  kind: z.literal('f2csa'),
  iterations: z.int().min(1).default(4000).describe('Steps T.'),
  alpha: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('α of the penalty: α₁ = α⁻², α₂ = α⁻⁴, δ = α³.')
    .meta({ scale: 'log' }),
  eta: measuredLength('η in Δ ← clip_D(Δ − ηg); by default a tenth of the inverse of the curvature of F at the start.'),
  clip: z.number().positive().default(0.1).describe('D: no step is longer.').meta({ scale: 'log' }),
  gateWidth: z
    .number()
    .positive()
    .default(5)
    .describe('τ/δ: rows count from h_i = −τδ on, fully from 0.')
    .meta({ scale: 'log' }),
  gateMultiplier: z
    .number()
    .positive()
    .default(1e-2)
    .describe('ε_λ: rows count fully from this multiplier on.')
    .meta({ scale: 'log' }),
  cooldown: cooldownSetting,
  seed: z.int().min(0).default(0).describe('Of the points at which the gradient is taken.'),
});

interface State extends OuterState {
  generator: Generator;
  /** Δ */
  delta: Float64Array;
  eta: number;
}

/** ρ_i = σ_h(h_i) σ_λ(λ_i): both rise in a straight line from 0 to 1, over [−τδ, 0] and over [0, ε_λ]. */
const gate =
  (width: number, multiplier: number): RowWeight =>
  (h, lambda) =>
    Math.min(1, Math.max(0, 1 + h / width)) * Math.min(1, Math.max(0, lambda / multiplier));

/**
 * z = x + sΔ with s uniform on [0, 1], x ← Π_X(x + Δ), Δ ← clip_D(Δ − η g(z)), clip_D(v) = min(1, D/‖v‖) v, g by the penalty with the
 * weights ρ. The lower level is solved exactly, not to δ, and without sampling noise one gradient a step (N_g = 1) is enough.
 */
export const f2csa: OuterAlgorithm<'f2csa', typeof settings, State> = {
  kind: 'f2csa',
  title: 'F2CSA',
  summary:
    'Clipped online gradient steps with a penalty hypergradient of first derivatives only, in which rows count by a smooth gate of value and multiplier.',
  reference:
    'Phan & Wang, Bridging Constraints and Stochasticity: A Fully First-Order Method for Stochastic Bilevel Optimization with Linear Constraints, arXiv 2511.09845',
  settings,
  refusal: penaltyRefusal,
  make(problem, settings) {
    const { iterations, alpha, clip, gateWidth, gateMultiplier, cooldown, seed } = settings;
    const delta = alpha ** 3;
    const oracle = penaltyOracle(problem, alpha, gate(gateWidth * delta * delta, gateMultiplier));
    const [point, minus] = [new Float64Array(problem.d), new Float64Array(problem.d)];
    return makeSolver<State>({
      ...{ problem, oracle, iterations },
      own: () => ({
        generator: new Generator(seed),
        delta: new Float64Array(problem.d),
        eta: settings.eta ?? NaN,
      }),
      direction({ delta }) {
        // Steps are −m, as those of the others.
        for (let i = 0; i < delta.length; i++) minus[i] = -delta[i];
        return minus;
      },
      step(state, evaluate, domain) {
        const { x, delta, gradient, generator } = state;
        if (Number.isNaN(state.eta)) {
          const measured = curvature((at) => (evaluate({ x: at }) ? gradient : null), x.slice(), seed);
          if (measured === null) return;
          state.eta = 0.1 / measured;
        }
        const s = generator.random();
        point.set(x);
        for (let i = 0; i < x.length; i++) x[i] += delta[i];
        domain.project(x);
        for (let i = 0; i < x.length; i++) point[i] += s * (x[i] - point[i]);
        if (!evaluate({ x: point })) return;
        for (let i = 0; i < delta.length; i++) delta[i] -= state.eta * gradient[i];
        const length = norm(delta);
        const longest = clip * cooldownFactor(state.iteration, iterations, cooldown);
        if (length > longest) for (let i = 0; i < delta.length; i++) delta[i] *= longest / length;
      },
    });
  },
};
