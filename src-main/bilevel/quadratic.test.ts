import { expect, it } from 'vitest';
import { expectConsistent } from './fixtures/derivatives';
import { randomBilevel, shapes } from './fixtures/random';
import { bilevelProblem } from './quadratic';

it.each(shapes)('every derivative is that of differences: x of $d, y of $n, $m rows', (shape) => {
  const { problem, x } = randomBilevel(shape, 31);
  const y = Float64Array.from({ length: shape.n }, (_, j) => Math.sin(3 * j));
  expectConsistent(problem, x, y);
});

it('terms of g in x alone are in its value and its gradient in x', () => {
  const inX = { Q: Float64Array.of(2, 1, 1, 4), c: Float64Array.of(3, -1), constant: 5 };
  const problem = bilevelProblem(2, 1, {}, { Q: Float64Array.of(1), P: Float64Array.of(1, 2), inX });
  expectConsistent(problem, Float64Array.of(1, -2), Float64Array.of(0.5));
  expect(problem.lowerValue(new Float64Array(2), new Float64Array(1))).toBe(5);
});

it('parts of the wrong size, and rows of the upper level of the wrong size, are named', () => {
  const Q = Float64Array.of(1);
  expect(() => bilevelProblem(2, 1, { cx: Float64Array.of(1) }, { Q })).toThrow(/not well formed/);
  const rows = { C: Float64Array.of(1), D: Float64Array.of(1), e: Float64Array.of(1) };
  expect(() => bilevelProblem(2, 1, { rows }, { Q })).toThrow(/not well formed/);
});
