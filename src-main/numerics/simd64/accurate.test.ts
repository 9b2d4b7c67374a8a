import { expect, it } from 'vitest';
import { elu, erf, softplus } from './accurate';
import reference from './fixtures/gradients.json' with { type: 'json' };

const { points } = reference;
const closeTo = (found: number, expected: number): number => Math.abs(found - expected) / (Math.abs(expected) || 1);

it('erf agrees with scipy’s to three units in the last place, from 0 to where it is 1', () => {
  points.forEach((x, i) => expect(closeTo(erf(x), reference.erf[i])).toBeLessThan(3 * Number.EPSILON));
  expect([erf(Infinity), erf(-Infinity), erf(NaN)]).toEqual([1, -1, NaN]);
});

it('softplus and elu keep all digits, far out and near zero', () => {
  points.forEach((x, i) => {
    expect(closeTo(softplus(x), reference.softplus[i])).toBeLessThan(5e-16);
    if (x < 0) expect(closeTo(elu(x), reference.expm1[i])).toBeLessThan(5e-16);
  });
  expect([softplus(800), softplus(-800), elu(800)]).toEqual([800, 0, 800]);
});
