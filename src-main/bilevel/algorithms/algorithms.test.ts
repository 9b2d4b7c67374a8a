import { expect, it } from 'vitest';
import { exact } from '../estimators/exact';
import { drawBilevel } from '../families';
import { goldsteinMeasure } from '../goldstein';
import type { BilevelProblem } from '../problem';
import { bilevelProblem, type QuadraticBilevel } from '../quadratic';
import { runOuter } from './algorithm';
import { dsigd } from './dsigd';
import { ssigd, stepLength } from './ssigd';

const oracle = (problem: BilevelProblem) => exact.make(problem, { kind: 'exact' });
const one = (value: number) => Float64Array.of(value);
const largestDifference = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

const byDsigd = (problem: BilevelProblem, start: Float64Array) =>
  runOuter(dsigd.make(problem, dsigd.settings.parse({ kind: 'dsigd' }), oracle(problem)), start);

const bySsigd = (problem: BilevelProblem, start: Float64Array, settings: object) =>
  runOuter(ssigd.make(problem, ssigd.settings.parse({ kind: 'ssigd', ...settings }), oracle(problem)), start);

/** x* = −Q_u⁻¹(c_u + Py*) with Q_u = 2I. */
function closedFormOfV2(problem: QuadraticBilevel, x: Float64Array): Float64Array {
  const { d, n, upper } = problem;
  const { y } = oracle(problem).at(x);
  return Float64Array.from({ length: d }, (_, i) => {
    let sum = upper.cx[i];
    for (let j = 0; j < n; j++) sum += upper.Qxy[i * n + j] * y[j];
    return -sum / 2;
  });
}

/** ½y² − x y over |y| ≤ 1 and F = ½(y − 2)² + .05x²: the minimum .55 is the kink x = 1. */
const kink = bilevelProblem(
  1,
  1,
  { Qxx: one(0.1), Qyy: one(1), cy: one(-2), constant: 2 },
  { Q: one(1), P: one(-1), lower: one(-1), upper: one(1) },
);

/** Example (14) of the SSIGD paper with two variables: least value −239.5 at x = (−22, −22). */
const example14 = bilevelProblem(
  2,
  2,
  {
    ...{ Qxx: Float64Array.of(0.5, 0, 0, 0.5), cx: Float64Array.of(1, 1), Qxy: Float64Array.of(10, 0, 0, 10) },
    ...{ Qyy: Float64Array.of(-0.5, 0, 0, -0.5), cy: Float64Array.of(1, 1), constant: 1 },
  },
  {
    ...{ Q: Float64Array.of(1, 0, 0, 1), c: Float64Array.of(0, 1), P: Float64Array.of(1, 0, 0, 1) },
    ...{ lower: Float64Array.of(-1, -1), upper: Float64Array.of(1, 1) },
  },
);

it('both reach the closed form of V2', () => {
  const { problem, x } = drawBilevel('V2', { d: 5, n: 8, seed: 9 });
  const optimum = closedFormOfV2(problem, x);
  const deterministic = byDsigd(problem, x);
  expect(deterministic.status).toBe('converged');
  expect(largestDifference(deterministic.x, optimum)).toBeLessThan(1e-6);
  const stochastic = bySsigd(problem, x, { rule: 'strongly-convex', mu: 2, radius: 1e-4, iterations: 2000 });
  expect(largestDifference(stochastic.x, optimum)).toBeLessThan(5e-2);
});

it('from five starts the best value of DSIGD on example (14) is the known optimum', () => {
  const starts = [
    [0, 0],
    [-5, -5],
    [5, -5],
    [-5, 5],
    [5, 5],
  ];
  const values = starts.map((start) => byDsigd(example14, Float64Array.from(start)).F);
  expect(Math.min(...values)).toBeCloseTo(-239.5, 6);
});

it('DSIGD keeps within the box of x', () => {
  const domain = { lower: Float64Array.of(-3, -3), upper: Float64Array.of(3, 3) };
  const boxed = bilevelProblem(2, 2, { ...example14.upper, domain }, example14.lower);
  const { x } = byDsigd(boxed, Float64Array.of(-9, -9));
  expect([...x]).toEqual([-3, -3]);
});

it('at a kink the gradient does not vanish but the Goldstein measure does, and away from it neither', () => {
  const { x, F } = bySsigd(kink, one(0.2), { rule: 'strongly-convex', mu: 0.5, radius: 1e-6, iterations: 5000 });
  expect(Math.abs(x[0] - 1)).toBeLessThan(1e-3);
  expect(F).toBeCloseTo(0.55, 3);
  const settings = { radius: 0.01, samples: 12, seed: 0 };
  expect(Math.abs(oracle(kink).at(one(1)).gradient[0])).toBeCloseTo(0.9, 9);
  expect(goldsteinMeasure(oracle(kink), one(1), settings)).toBeLessThan(1e-8);
  expect(goldsteinMeasure(oracle(kink), one(0.5), settings)).toBeGreaterThan(0.5);
});

it('step rules, and the same seed gives the same path', () => {
  const rule = (name: string, r: number) =>
    stepLength(ssigd.settings.parse({ kind: 'ssigd', rule: name, beta: 0.5, mu: 2, iterations: 100 }), r);
  expect([rule('constant', 7), rule('weakly-convex', 7), rule('strongly-convex', 4)]).toEqual([0.5, 0.05, 0.1]);
  const { problem, x } = drawBilevel('coupled');
  const path = (seed: number) => bySsigd(problem, x, { iterations: 20, seed }).x;
  expect(path(1)).toEqual(path(1));
  expect(path(2)).not.toEqual(path(1));
});

it('an iterate that leaves the numbers ends the run with the iterate kept', () => {
  const { problem, x } = drawBilevel('coupled');
  const broken = { ...oracle(problem), at: () => ({ ...oracle(problem).at(x), F: NaN }) };
  const state = runOuter(dsigd.make(problem, dsigd.settings.parse({ kind: 'dsigd' }), broken), x);
  expect(state.status).toBe('diverged');
  expect(state.x).toEqual(x);
});
