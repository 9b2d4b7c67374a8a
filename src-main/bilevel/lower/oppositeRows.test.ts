import { expect, it } from 'vitest';
import { dot } from '../../numerics/linalg/products';
import { differences } from '../estimators/differences';
import { exact } from '../estimators/exact';
import { randomBilevel } from '../fixtures/random';
import { bilevelPreflight } from '../preflight';
import { bilevelProblem, type QuadraticBilevel } from '../quadratic';
import { makeLowerLevel } from './makeLowerLevel';
import { oppositeRows } from './oppositeRows';

/** The first row becomes an equality: it is there again, three times as long and the other way round. */
function withEquality(seed: number): { problem: QuadraticBilevel; x: Float64Array } {
  const { problem, x } = randomBilevel({ d: 3, n: 6, m: 3, box: false }, seed);
  const { d, n, lower } = problem;
  const added = (matrix: Float64Array, columns: number) =>
    Float64Array.of(...matrix, ...matrix.subarray(0, columns).map((value) => -3 * value));
  return {
    problem: bilevelProblem(d, n, problem.upper, {
      ...{ ...lower, A: added(lower.A, n), B: added(lower.B, d), b: Float64Array.of(...lower.b, -3 * lower.b[0]) },
    }),
    x,
  };
}

it('finds rows that say ≤ and ≥ of the same', () => {
  expect([...oppositeRows(withEquality(1).problem)]).toEqual([3, -1, -1, 0]);
  expect([...oppositeRows(randomBilevel({ d: 3, n: 6, m: 3, box: false }, 1).problem)]).toEqual([-1, -1, -1]);
});

it('an equality is held on either side, is no kink, and has the derivative of differences', () => {
  const signs = new Set<boolean>();
  for (let seed = 0; seed < 12; seed++) {
    const { problem, x } = withEquality(70 + seed);
    const { y, held, weak, multipliers } = makeLowerLevel(problem).solve(x);
    expect(held[0] + held[3]).toBe(1);
    signs.add(multipliers.inequality[0] > 0);
    expect(weak).toEqual([]);
    const { A, B, b } = problem.rows;
    expect(dot(6, A, 0, y, 0) + dot(3, B, 0, x, 0)).toBeCloseTo(b[0], 10);
    const { gradient } = exact.make(problem, { kind: 'exact' }).at(x);
    const central = { kind: 'differences', scheme: 'central', step: 1e-5, warm: false } as const;
    differences
      .make(problem, central)
      .at(x)
      .gradient.forEach((value, i) => expect(gradient[i]).toBeCloseTo(value, 5));
    expect(bilevelPreflight(problem, x).findings.map(({ code }) => code)).not.toContain('kink');
  }
  expect(signs.size).toBe(2);
});

it('an equality that the rest happens to satisfy is held all the same', () => {
  const one = (value: number) => Float64Array.of(value);
  const rows = { A: Float64Array.of(1, -1), B: Float64Array.of(-1, 1), b: Float64Array.of(0, 0) };
  const problem = bilevelProblem(1, 1, { cy: one(1) }, { Q: one(1), c: one(-2), ...rows });
  // y = x, and without it y = 2: at x = 2 both.
  const { gradient } = exact.make(problem, { kind: 'exact' }).at(one(2));
  expect(gradient[0]).toBeCloseTo(1, 14);
  expect(makeLowerLevel(problem).solve(one(2)).weak).toEqual([]);
});
