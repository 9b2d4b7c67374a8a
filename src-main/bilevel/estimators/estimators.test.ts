import { describe, expect, it } from 'vitest';
import { drawBilevel, bilevelFamilies } from '../families';
import { randomBilevel, shapes } from '../fixtures/random';
import { upperWithGradients, type BilevelProblem } from '../problem';
import { bilevelProblem } from '../quadratic';
import { conic } from './conic';
import { differences } from './differences';
import { exact } from './exact';

/** max |a − b| / max |b| */
function relativeError(a: Float64Array, b: Float64Array): number {
  const size = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return size(a.map((value, i) => value - b[i])) / size(b);
}

const central = (problem: BilevelProblem) =>
  differences.make(problem, { kind: 'differences', scheme: 'central', step: 1e-5, warm: false });

describe.each(shapes)('x of $d, y of $n, $m rows, box $box', (shape) => {
  it('the exact gradient is that of central differences and of the interior point', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { problem, x } = randomBilevel(shape, 100 + seed);
      const estimate = exact.make(problem, { kind: 'exact' }).at(x);
      expect(estimate.weak).toEqual([]);
      const other = conic.make(problem, { kind: 'conic' }).at(x);
      expect(relativeError(other.gradient, estimate.gradient)).toBeLessThan(1e-10);
      expect(Math.abs(other.F - estimate.F)).toBeLessThan(1e-10 * Math.max(1, Math.abs(estimate.F)));
      // Differences of step 1e-5: rounding of F over the step, about 1e-10.
      expect(relativeError(central(problem).at(x).gradient, estimate.gradient)).toBeLessThan(1e-7);
    }
  });

  it('a warm start changes nothing but rounding', () => {
    const { problem, x } = randomBilevel(shape, 42);
    const [warm, cold] = [exact.make(problem, { kind: 'exact' }), exact.make(problem, { kind: 'exact' })];
    warm.at(x);
    for (let step = 0; step < 5; step++) {
      const moved = x.map((value, i) => value + 0.01 * step * Math.cos(i + step));
      expect(relativeError(warm.at(moved, { warm: true }).gradient, cold.at(moved).gradient)).toBeLessThan(1e-12);
    }
  });
});

it('the gradient of every family is that of central differences, with x and y of different size', () => {
  for (const family of bilevelFamilies) {
    const { problem, x } = drawBilevel(family, { d: family === 'V3' ? 8 : 5, n: 8, seed: 3 });
    const { gradient } = exact.make(problem, { kind: 'exact' }).at(x);
    expect(relativeError(central(problem).at(x).gradient, gradient)).toBeLessThan(1e-7);
  }
});

it('where the lower level has no x the gradient is the direct part, bit for bit', () => {
  const { problem, x } = drawBilevel('V2', { d: 6, n: 9 });
  const { gradient, y } = exact.make(problem, { kind: 'exact' }).at(x);
  const direct = new Float64Array(6);
  upperWithGradients(problem, x, y, direct, new Float64Array(9));
  expect(gradient).toEqual(direct);
});

it('another perturbation q can be given with a call', () => {
  const { problem, x } = drawBilevel('coupled');
  const q = problem.lower.q.map((value) => value + 0.05);
  const changed = bilevelProblem(10, 10, problem.upper, { ...problem.lower, q });
  const oracle = exact.make(problem, { kind: 'exact' });
  const there = exact.make(changed, { kind: 'exact' }).at(x).gradient;
  expect(oracle.at(x, { q }).gradient).toEqual(there);
  expect(relativeError(oracle.at(x).gradient, there)).toBeGreaterThan(1e-3);
});

it('a weakly active bound is named, and the estimate is the element with it inactive', () => {
  const one = (value: number) => Float64Array.of(value);
  const kink = bilevelProblem(
    1,
    1,
    { Qxx: one(0.1), Qyy: one(1), cy: one(-2), constant: 2 },
    { Q: one(1), P: one(-1), lower: one(-1), upper: one(1) },
  );
  for (const estimator of [exact.make(kink, { kind: 'exact' }), conic.make(kink, { kind: 'conic' })]) {
    const { weak, gradient } = estimator.at(one(1));
    expect(weak).toEqual([{ kind: 'upper', index: 0 }]);
    expect(gradient[0]).toBeCloseTo(-0.9, 12);
  }
});

it('work is counted: one solve for the exact estimate, d + 1 or 2d + 1 for differences', () => {
  const { problem, x } = drawBilevel('coupled', { d: 6, n: 4 });
  const solves = (scheme: 'forward' | 'central') =>
    differences.make(problem, { kind: 'differences', scheme, step: 1e-5, warm: true }).at(x).work.lowerSolves;
  expect(exact.make(problem, { kind: 'exact' }).at(x).work).toMatchObject({ lowerSolves: 1, products: 1 });
  expect([solves('forward'), solves('central')]).toEqual([7, 13]);
});

describe('a lower level without a solution is named', () => {
  const eye = Float64Array.of(1, 0, 0, 1);
  it('rows that contradict each other at this x', () => {
    const problem = bilevelProblem(
      1,
      2,
      {},
      {
        Q: eye,
        A: Float64Array.of(1, 0, -1, 0),
        B: Float64Array.of(1, 1),
        b: Float64Array.of(0, 0),
      },
    );
    const oracle = exact.make(problem, { kind: 'exact' });
    expect(() => oracle.at(Float64Array.of(1))).toThrow(/no feasible y/);
    expect(oracle.at(Float64Array.of(-1)).y.map(Math.abs)).toEqual(Float64Array.of(0, 0));
  });
  it('an objective that falls for ever, or is not convex', () => {
    const linear = bilevelProblem(1, 2, {}, { Q: new Float64Array(4), c: Float64Array.of(1, 0) });
    expect(() => exact.make(linear, { kind: 'exact' }).at(Float64Array.of(1))).toThrow(/unbounded below/);
    const concave = bilevelProblem(1, 2, {}, { Q: Float64Array.of(1, 0, 0, -1) });
    expect(() => exact.make(concave, { kind: 'exact' }).at(Float64Array.of(1))).toThrow(
      /not convex in y.*eigenvalue\. The smallest is -1/,
    );
  });
  it('an x that is not finite', () => {
    const { problem, x } = drawBilevel('V1');
    expect(() => exact.make(problem, { kind: 'exact' }).at(x.fill(NaN, 2, 3))).toThrow(/NaN at position 2/);
  });
});
