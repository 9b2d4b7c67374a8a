import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { drawBilevel } from './families';

/** Written by numpy 2 with the draw order of the docstring, seed 7, x of 4 and y of 3. */
const numpy = JSON.parse(readFileSync(resolve('src-main/bilevel/fixtures/families.numpy.json'), 'utf8')) as {
  coupled: Record<'Q' | 'c' | 'P' | 'cx' | 'x' | 'q', number[]>;
  V1: Record<'Qxx' | 'cy' | 'Q' | 'c' | 'P' | 'A' | 'B' | 'b' | 'x' | 'q', number[]> & { fAtOnes: number };
};
const sizes = { d: 4, n: 3, seed: 7 };

const close = (actual: ArrayLike<number>, wanted: number[]) => {
  expect(actual).toHaveLength(wanted.length);
  // Draws are numpy's bits; products of two may round otherwise.
  wanted.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(1e-15 * Math.max(1, Math.abs(value))));
};

it('coupled draws what numpy draws', () => {
  const { problem, x } = drawBilevel('coupled', sizes);
  const { upper, lower } = problem;
  for (const key of ['Q', 'c', 'P', 'q'] as const) close(lower[key], numpy.coupled[key]);
  close(upper.cx, numpy.coupled.cx);
  close(upper.Qxy, numpy.coupled.P);
  expect([...x]).toEqual(numpy.coupled.x);
});

it('V1 draws what numpy draws', () => {
  const { problem, x } = drawBilevel('V1', sizes);
  const { upper, lower } = problem;
  for (const key of ['Q', 'c', 'P', 'q', 'A', 'B', 'b'] as const) close(lower[key], numpy.V1[key]);
  for (const key of ['Qxx', 'cy'] as const) close(upper[key], numpy.V1[key]);
  expect([...x]).toEqual(numpy.V1.x);
  expect(problem.upperValue(x, new Float64Array(3).fill(1))).toBeCloseTo(numpy.V1.fAtOnes, 13);
});

it('V2 has no x in its lower level, V3 has it through diag(c_l)', () => {
  expect(drawBilevel('V2', sizes).problem.lower.P.every((value) => value === 0)).toBe(true);
  const { lower } = drawBilevel('V3', { ...sizes, d: 3 }).problem;
  expect([...lower.P]).toEqual([lower.c[0], 0, 0, 0, lower.c[1], 0, 0, 0, lower.c[2]]);
});

it('sizes that make no problem are refused', () => {
  expect(() => drawBilevel('V3', sizes)).toThrow(/entry by entry/);
  expect(() => drawBilevel('V1', { d: 0 })).toThrow(/cannot be made/);
});
