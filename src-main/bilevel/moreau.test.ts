import { describe, expect, it } from 'vitest';
import { exact } from './estimators/exact';
import { drawBilevel } from './families';
import { moreauGradient } from './moreau';
import { bilevelProblem } from './quadratic';
import type { BilevelProblem } from './problem';

const one = (value: number) => Float64Array.of(value);
const oracle = (problem: BilevelProblem) => exact.make(problem, { kind: 'exact' });

/** ½y² − xy over |y| ≤ 1 and F = ½(y − 2)² + .05x², with a minimum at the kink x = 1. */
const kink = bilevelProblem(
  1,
  1,
  { Qxx: one(0.1), Qyy: one(1), cy: one(-2), constant: 2 },
  { Q: one(1), P: one(-1), lower: one(-1), upper: one(1) },
);

/** prox on the two pieces right of −1, F′ = 1.1z − 2 and .1z, and at the kink between. */
function closedForm(x: number, mu: number): number {
  const left = (x / mu + 2) / (1.1 + 1 / mu);
  const right = x / mu / (0.1 + 1 / mu);
  return left < 1 ? left : right > 1 ? right : 1;
}

describe('on the kink', () => {
  it.each([
    [0.5, 0.1],
    [0.95, 0.1],
    [1, 0.1],
    [1.002, 0.1],
    [1.005, 0.1],
    [1.4, 0.1],
    [0.7, 0.3],
    [3, 0.02],
  ])('at x = %s with μ = %s the norm is that of the closed form, within the error that it states', (x, mu) => {
    const { norm, error, prox } = moreauGradient(kink, oracle(kink), one(x), { mu });
    const expected = closedForm(x, mu);
    expect(Math.abs(prox[0] - expected)).toBeLessThan(mu * error + 1e-9);
    expect(Math.abs(norm - Math.abs(x - expected) / mu)).toBeLessThan(error + 1e-9);
    expect(error).toBeLessThan(2e-4);
  });

  it('it vanishes at the kink where the gradient does not', () => {
    expect(moreauGradient(kink, oracle(kink), one(1)).norm).toBeLessThan(1e-6);
    expect(Math.abs(oracle(kink).at(one(1)).gradient[0])).toBeGreaterThan(0.8);
  });

  it('across the concave kink x = −1 it says that F is not weakly convex, and does not answer', () => {
    expect(() => moreauGradient(kink, oracle(kink), one(-1.02), { mu: 1 })).toThrow('not weakly convex');
  });
});

it('of a smooth F it is the gradient of the envelope: (I + μ∇²F)⁻¹∇F where F is quadratic', () => {
  const { problem, x } = drawBilevel('V2', { d: 12, n: 8, seed: 5 });
  const { gradient } = oracle(problem).at(x);
  const [mu, length] = [0.1, Math.hypot(...gradient)];
  const { norm, error } = moreauGradient(problem, oracle(problem), x, { mu });
  expect(Math.abs(norm - length / (1 + 2 * mu))).toBeLessThan(error + 1e-9);
  expect(error).toBeLessThan(1e-4 * length);
});

it('keeps to X: at a minimum on the boundary it vanishes', () => {
  const domain = { lower: one(-5), upper: one(0.5) };
  const boxed = bilevelProblem(1, 1, { ...kink.upper, domain }, kink.lower);
  expect(moreauGradient(boxed, oracle(boxed), one(0.5)).norm).toBeLessThan(1e-6);
});
