import { expect, it } from 'vitest';
import type { z } from 'zod';
import { exact } from '../estimators/exact';
import { drawBilevel } from '../families';
import { randomBilevel } from '../fixtures/random';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { bilevelProblem } from '../quadratic';
import type { BilevelProblem } from '../problem';
import type { OuterAlgorithm } from './algorithm';
import { bicGaffa } from './bicGaffa';
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

it('where x rests, the direction of BiC-GAFFA becomes the hypergradient, active rows included', () => {
  const of = (...values: number[]) => Float64Array.from(values);
  const problem = bilevelProblem(
    2,
    2,
    { Qxx: of(1, 0, 0, 1), cx: of(1, -1), Qyy: of(1, 0, 0, 1), cy: of(-3, -1), Qxy: of(1, 0.5, -1, 2) },
    { Q: of(2, 0.5, 0.5, 3), c: of(-4, -3), P: of(1, 0, 0.5, -1), A: of(1, 1), B: of(-0.5, 1), b: of(1) },
  );
  const x = of(0.4, -0.2);
  expect(makeLowerLevel(problem).solve(x).multipliers.inequality[0]).toBeGreaterThan(0.5);
  const { gradient } = reference(problem).at(x);
  const settings = bicGaffa.settings.parse({ kind: 'bic-gaffa', penalty: 1e4, power: 0 });
  const solver = bicGaffa.make(problem, settings, reference(problem));
  const state = solver.init(x);
  for (let k = 0; k < 40_000; k++) {
    state.x.set(x);
    solver.step(state);
  }
  const { estimate, cosine } = solver.report(state);
  expect(distance(estimate!.gradient, gradient)).toBeLessThan(1e-3 * Math.hypot(...gradient));
  expect(cosine).toBeGreaterThan(1 - 1e-6);
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
