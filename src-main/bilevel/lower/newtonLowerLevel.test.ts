import { expect, it } from 'vitest';
import { randomBilevel } from '../fixtures/random';
import { bilevelProblem } from '../quadratic';
import { BoxLowerLevel } from './boxLowerLevel';
import { distanceBound, kktResidual } from './kktResidual';
import { NewtonLowerLevel } from './newtonLowerLevel';

it('on a quadratic level with a box it ends where block pivoting ends, with the same multipliers and adjoint', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { problem, x } = randomBilevel({ d: 3, n: 9, m: 0, box: true }, 60 + seed);
    const [newton, pivoting] = [new NewtonLowerLevel(problem), new BoxLowerLevel(problem)];
    const [a, b] = [newton.solve(x), pivoting.solve(x)];
    expect([...a.side]).toEqual([...b.side]);
    a.y.forEach((value, j) => expect(value).toBeCloseTo(b.y[j], 11));
    a.multipliers.lower.forEach((value, j) => expect(value).toBeCloseTo(b.multipliers.lower[j], 10));
    a.multipliers.upper.forEach((value, j) => expect(value).toBeCloseTo(b.multipliers.upper[j], 10));
    const v = Float64Array.from({ length: 9 }, (_, j) => Math.cos(j));
    const u = newton.adjoint(v).u;
    pivoting.adjoint(v).u.forEach((value, j) => expect(u[j]).toBeCloseTo(value, 9));
    expect(kktResidual(problem, x, a)).toBeLessThan(1e-12);
    expect(distanceBound(problem, x, a)).toBeLessThan(1e-11);
  }
});

it('a weakly active bound is named and not held', () => {
  const one = (value: number) => Float64Array.of(value);
  const kink = bilevelProblem(1, 1, { cy: one(1) }, { Q: one(1), P: one(-1), lower: one(-1), upper: one(1) });
  const level = new NewtonLowerLevel(kink);
  expect(level.solve(one(1)).weak).toEqual([{ kind: 'upper', index: 0 }]);
  expect(level.adjoint(one(1)).u[0]).toBe(1);
  expect([...level.solve(one(2)).side]).toEqual([1]);
});
