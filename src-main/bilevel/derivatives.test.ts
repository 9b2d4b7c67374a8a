import { expect, it } from 'vitest';
import { dot } from '../numerics/linalg/products';
import { lowerJacobian, lowerValueGradient, oneSidedGradient } from './derivatives';
import { exact } from './estimators/exact';
import { randomBilevel, shapes } from './fixtures/random';
import { makeLowerLevel } from './lower/makeLowerLevel';
import { bilevelPreflight } from './preflight';
import type { BilevelProblem } from './problem';
import { bilevelProblem } from './quadratic';

const valueAt = (problem: BilevelProblem, x: Float64Array) => exact.make(problem, { kind: 'exact' }).at(x).F;

const moved = (x: Float64Array, i: number, amount: number) => x.map((value, k) => (k === i ? value + amount : value));

it.each(shapes)('value gradient and Jacobian are those of central differences: x of $d, y of $n, $m rows', (shape) => {
  const { problem, x } = randomBilevel(shape, 11);
  const level = makeLowerLevel(problem);
  const solution = level.solve(x);
  const gradient = lowerValueGradient(problem, x, solution);
  const jacobian = lowerJacobian(problem, level, x, solution.y);
  const s = 1e-5;
  for (let i = 0; i < shape.d; i++) {
    const at = (amount: number) => {
      const there = moved(x, i, amount);
      const { y } = makeLowerLevel(problem).solve(there);
      return { y, value: problem.lowerValue(there, y) };
    };
    const [after, before] = [at(s), at(-s)];
    expect(gradient[i]).toBeCloseTo((after.value - before.value) / (2 * s), 7);
    for (let j = 0; j < shape.n; j++)
      expect(jacobian[j * shape.d + i]).toBeCloseTo((after.y[j] - before.y[j]) / (2 * s), 7);
  }
});

it('at a row that is just active the one-sided derivatives are those of one-sided differences, and the preflight names the row', () => {
  for (let seed = 0; seed < 6; seed++) {
    const { problem, x } = randomBilevel({ d: 3, n: 5, m: 3, box: true }, 50 + seed);
    const { d, n, lower } = problem;
    const { held, y } = makeLowerLevel(problem).solve(x);
    const row = held.indexOf(0);
    expect(row).toBeGreaterThanOrEqual(0);
    lower.b[row] = dot(n, lower.A, row * n, y, 0) + dot(d, lower.B, row * d, x, 0);
    const findings = bilevelPreflight(problem, x).findings.filter(({ code }) => code === 'kink');
    expect(findings.map(({ rows }) => rows)).toEqual([[row]]);
    const { plus, minus } = oneSidedGradient(problem, x);
    const F = valueAt(problem, x);
    let differ = 0;
    for (let i = 0; i < d; i++) {
      // F is quadratic on each side: two steps give its slope exactly, but for rounding over the step.
      const slope = (s: number) => {
        const [one, two] = [s, 2 * s].map((step) => (valueAt(problem, moved(x, i, step)) - F) / step);
        return 2 * one - two;
      };
      expect(plus[i]).toBeCloseTo(slope(1e-5), 6);
      expect(minus[i]).toBeCloseTo(slope(-1e-5), 6);
      differ = Math.max(differ, Math.abs(plus[i]! - minus[i]!));
    }
    expect(differ).toBeGreaterThan(1e-3);
  }
});

it('where dependent rows meet, the one-sided derivatives choose among the multipliers: y* = min of two limits that move apart', () => {
  const one = (value: number) => Float64Array.of(value);
  // y ≤ x and y ≤ 2x, y drawn to 3: y* = min(x, 2x), F = y*.
  const problem = bilevelProblem(
    1,
    1,
    { cy: one(1) },
    { Q: one(1), c: one(-3), A: Float64Array.of(1, 1), B: Float64Array.of(-1, -2), b: Float64Array.of(0, 0) },
  );
  const { plus, minus } = oneSidedGradient(problem, one(0));
  expect(plus[0]).toBeCloseTo(1, 9);
  expect(minus[0]).toBeCloseTo(2, 9);
});
