import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exact } from '../estimators/exact';
import { drawBilevel } from '../families';
import { randomBilevel } from '../fixtures/random';
import { parseHypergradientFile } from '../hypergradientFile';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { addRowsInX, type BilevelProblem } from '../problem';
import { bilevelProblem } from '../quadratic';
import { penaltyOracle, penaltyRefusal, strictlyActive } from './penaltyOracle';

const alphas = [0.1, 0.03, 0.01, 3e-3, 1e-3];
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, i) => value - b[i]));
const byPenalty = (problem: BilevelProblem, x: Float64Array, alpha: number) =>
  penaltyOracle(problem, alpha, strictlyActive).at(x).gradient.slice();

/** Rows that contain x are active here, and the gradient is known to 50 digits. */
const coupledRows = (name: string) => {
  const text = readFileSync(resolve('resources/cases/hypergradient', name), 'utf8');
  const { problem, x, file } = parseHypergradientFile(text, name);
  return { problem, x, gradient: (file.expected as { gradient: number[] }).gradient };
};

describe.each(['v1-n5.json', 'v1-n20.json'])('on %s, with rows that couple x and y', (name) => {
  const { problem, x, gradient } = coupledRows(name);

  it('the error of the penalty’s gradient falls as α²', () => {
    const errors = alphas.map((alpha) => distance(byPenalty(problem, x, alpha), gradient));
    // The normals of these rows are short, about .05: until α is below that, the penalty has not taken hold.
    for (const k of [3, 4]) expect(errors[k] / errors[k - 1]).toBeLessThan(1.2 * (alphas[k] / alphas[k - 1]) ** 2);
    expect(errors[4]).toBeLessThan(1e-3);
  });

  it('without the rows’ part of the envelope theorem it would grow as α⁻²', () => {
    const { multipliers } = makeLowerLevel(problem).solve(x);
    const errors = alphas.map((alpha) => {
      const leftOut = multipliers.inequality.map((lambda) => lambda / alpha ** 2);
      const without = byPenalty(problem, x, alpha);
      addRowsInX(problem, leftOut, without);
      return distance(without, gradient);
    });
    errors.forEach(
      (error, k) => k > 0 && expect(error / errors[k - 1]).toBeGreaterThan(0.9 * (alphas[k - 1] / alphas[k]) ** 2),
    );
    expect(errors[4]).toBeGreaterThan(1e6);
  });
});

it.each([
  ['bounds', drawBilevel('coupled', { d: 4, n: 7, seed: 3 })],
  ['bounds and rows', randomBilevel({ d: 6, n: 9, m: 5, box: true }, 2)],
])('with %s it converges to the exact hypergradient', (_, { problem, x }) => {
  const { gradient } = exact.make(problem, { kind: 'exact' }).at(x);
  const errors = alphas.map((alpha) => distance(byPenalty(problem, x, alpha), gradient));
  for (const k of [3, 4]) expect(errors[k] / errors[k - 1]).toBeLessThan(1.2 * (alphas[k] / alphas[k - 1]) ** 2);
  expect(errors[4]).toBeLessThan(1e-3);
});

it('counts two solves, and says what is not for it', () => {
  const { problem, x } = drawBilevel('coupled');
  expect(penaltyOracle(problem, 0.1, strictlyActive).at(x).work.lowerSolves).toBe(2);
  const one = (value: number) => Float64Array.of(value);
  const flat = bilevelProblem(1, 1, { cy: one(1) }, { Q: one(0), P: one(1), lower: one(-1), upper: one(1) });
  expect(penaltyRefusal(flat)).toContain('not positive definite');
  const held = bilevelProblem(1, 1, { rows: { C: one(1), D: one(-1), e: one(0) } }, { Q: one(1), P: one(1) });
  expect(penaltyRefusal(held)).toContain('constraints that contain y (row 0)');
  const concave = bilevelProblem(1, 1, { Qyy: one(-30) }, { Q: one(1), P: one(1) });
  expect(() => penaltyOracle(concave, 0.3, strictlyActive).at(one(0))).toThrow('not convex in y');
});
