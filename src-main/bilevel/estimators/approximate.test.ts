import { describe, expect, it } from 'vitest';
import { drawBilevel } from '../families';
import { randomBilevel, shapes } from '../fixtures/random';
import type { BilevelProblem } from '../problem';
import { bilevelProblem } from '../quadratic';
import { aid } from './aid';
import { exact } from './exact';
import { firstOrder } from './firstOrder';
import { estimators } from './registry';
import { unrolled } from './unrolled';
import { zerothOrder } from './zerothOrder';

/** ‖a − b‖ / ‖b‖ */
const relativeError = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);

const exactAt = (problem: BilevelProblem, x: Float64Array) => exact.make(problem, { kind: 'exact' }).at(x).gradient;

const byAid = (problem: BilevelProblem, solver: 'cg' | 'neumann', iterations: number, tolerance = 0) =>
  aid.make(problem, { kind: 'aid', solver, iterations, tolerance });

describe.each(shapes)('x of $d, y of $n, $m rows, box $box', (shape) => {
  const { problem, x } = randomBilevel(shape, 7);
  const gradient = exactAt(problem, x);

  it('conjugate gradients end at the exact gradient after as many steps as y has free directions', () => {
    // Twice n: rounding spoils the conjugacy a little.
    const estimate = byAid(problem, 'cg', 2 * shape.n, 1e-14).at(x);
    expect(relativeError(estimate.gradient, gradient)).toBeLessThan(1e-9);
    expect(estimate.work.lowerSolves).toBe(1);
  });

  it('the Neumann series converges to it', () => {
    const error = (iterations: number) => relativeError(byAid(problem, 'neumann', iterations).at(x).gradient, gradient);
    const [few, many] = [error(5), error(5000)];
    expect(many).toBeLessThan(1e-8);
    expect(many).toBeLessThanOrEqual(few);
  });

  it('the bias of the first-order differences falls in proportion to δ', () => {
    const error = (delta: number) =>
      relativeError(firstOrder.make(problem, { kind: 'first-order', delta }).at(x).gradient, gradient);
    const [coarse, fine] = [error(1e-3), error(1e-4)];
    expect(error(1e-6)).toBeLessThan(1e-4);
    if (coarse > 1e-9) expect(coarse / fine).toBeCloseTo(10, 0);
  });

  it('many random directions come near the exact gradient', () => {
    const directions = 3000;
    const oracle = zerothOrder.make(problem, { kind: 'zeroth-order', directions, radius: 1e-5, seed: 1 });
    const { gradient: estimate, work } = oracle.at(x);
    // The standard deviation is √((d + 1)/directions) of the norm.
    expect(relativeError(estimate, gradient)).toBeLessThan(3 * Math.sqrt((shape.d + 1) / directions));
    expect(work.lowerSolves).toBe(2 * directions + 1);
  });
});

it('unrolling converges to the exact gradient, from wherever it starts, and its error is seen before', () => {
  const { problem, x } = randomBilevel({ d: 5, n: 8, m: 0, box: true }, 21);
  const gradient = exactAt(problem, x);
  const oracle = (iterations: number) => unrolled.make(problem, { kind: 'unrolled', iterations });
  expect(relativeError(oracle(3).at(x).gradient, gradient)).toBeGreaterThan(1e-3);
  const long = oracle(3000);
  expect(relativeError(long.at(x).gradient, gradient)).toBeLessThan(1e-9);
  expect(relativeError(long.at(x, { warm: true }).gradient, gradient)).toBeLessThan(1e-9);
  expect(long.at(x).work).toMatchObject({ lowerSolves: 0, products: 9000 });
});

it('unrolling is the derivative of what it computes, converged or not', () => {
  const { problem, x } = randomBilevel({ d: 4, n: 6, m: 0, box: true }, 22);
  const oracle = unrolled.make(problem, { kind: 'unrolled', iterations: 7 });
  const gradient = oracle.at(x).gradient.slice();
  const s = 1e-6;
  for (let i = 0; i < 4; i++) {
    const F = (amount: number) => oracle.at(x.map((value, k) => (k === i ? value + amount : value))).F;
    expect(gradient[i]).toBeCloseTo((F(s) - F(-s)) / (2 * s), 7);
  }
});

it('every estimator says what it is not for', () => {
  const semidefinite = bilevelProblem(1, 2, {}, { Q: Float64Array.of(1, 0, 0, 0) });
  const rows = drawBilevel('V1').problem;
  const refusing = (problem: BilevelProblem) =>
    estimators.flatMap((estimator) => (estimator.refusal(problem) === null ? [] : [estimator.kind]));
  expect(refusing(semidefinite)).toEqual(['aid', 'unrolled', 'first-order']);
  expect(refusing(rows)).toEqual(['unrolled']);
  expect(unrolled.refusal(rows)).toMatch(/rows/);
  expect(refusing(drawBilevel('coupled').problem)).toEqual([]);
});

it('the settings of every estimator have defaults', () => {
  for (const { kind, settings } of estimators) expect(settings.parse({ kind })).toMatchObject({ kind });
});
