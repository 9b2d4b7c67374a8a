import { expect, it } from 'vitest';
import type { z } from 'zod';
import { exact } from '../estimators/exact';
import { drawBilevel } from '../families';
import { randomBilevel } from '../fixtures/random';
import type { BilevelProblem } from '../problem';
import type { OuterAlgorithm } from './algorithm';
import { outerAlgorithms } from './registry';

const reference = (problem: BilevelProblem) => exact.make(problem, { kind: 'exact' });
const algorithms = (outerAlgorithms as readonly OuterAlgorithm<string, z.ZodType>[]).map(
  (algorithm) => [algorithm.title, algorithm] as const,
);

const distance = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((value, i) => value - b[i]));

it.each(algorithms)(
  '%s estimates the hypergradient where it says, and reports work, step and residual',
  (_, algorithm) => {
    const { problem, x } = drawBilevel('coupled', { d: 5, n: 8, seed: 6 });
    const solver = algorithm.make(problem, algorithm.settings.parse({ kind: algorithm.kind }), reference(problem));
    const state = solver.init(x);
    const scale = Math.hypot(...reference(problem).at(x).gradient);
    for (let k = 0; k < 30; k++) {
      solver.step(state);
      const { estimate, F, gradientNorm, lowerSolves, step, lowerResidual } = solver.report(state);
      expect(Number.isFinite(F) && gradientNorm > 0 && lowerSolves > 0).toBe(true);
      expect(step).toBe(state.moved);
      const { gradient } = reference(problem).at(estimate!.x, estimate!.q ? { q: estimate!.q } : {});
      const ownY = algorithm.kind === 'lv-hba' || algorithm.kind === 'bic-gaffa';
      // Near a change of the active set a penalty mixes both sides.
      const byPenalty = ['f2csa', 'pigd', 'blocc'].includes(algorithm.kind);
      const allowed = ownY ? 1 : byPenalty ? 0.05 : 1e-9;
      expect(distance(estimate!.gradient, gradient)).toBeLessThan(allowed * scale);
      if (ownY) expect(lowerResidual).toBeGreaterThan(1e-9);
      else expect(lowerResidual).toBeLessThan(1e-10);
    }
  },
);

it('the direction of the single-loop methods approaches the hypergradient as their y and θ settle', () => {
  const { problem, x } = drawBilevel('V1', { d: 4, n: 6, seed: 2 });
  const scale = Math.hypot(...reference(problem).at(x).gradient);
  for (const [, algorithm] of algorithms.slice(-2)) {
    const settings = algorithm.settings.parse({ kind: algorithm.kind, penalty: 1000, power: 0 });
    const solver = algorithm.make(problem, settings, reference(problem));
    const state = solver.init(x);
    for (let k = 1; k <= 300; k++) solver.step(state);
    const { estimate, cosine } = solver.report(state);
    const { gradient } = reference(problem).at(estimate!.x);
    expect(Math.hypot(...gradient) / scale).toBeGreaterThan(0.1);
    expect(distance(estimate!.gradient, gradient) / scale).toBeLessThan(0.02);
    expect(cosine).toBeGreaterThan(0.999);
  }
});

it('where the lower level has no feasible y, x is moved to where it has, and this is counted', () => {
  const { problem, x } = randomBilevel({ d: 4, n: 6, m: 4, box: true }, 3);
  const [dsigd, ssigd] = outerAlgorithms;
  for (const algorithm of [dsigd, ssigd] as readonly OuterAlgorithm<string, z.ZodType>[]) {
    const settings = algorithm.settings.parse({ kind: algorithm.kind });
    const solver = algorithm.make(problem, settings, reference(problem));
    const state = solver.init(x.map((value) => 50 * value + 50));
    solver.step(state);
    expect(solver.report(state).restorations).toBe(1);
    expect(Number.isFinite(state.F)).toBe(true);
  }
});
