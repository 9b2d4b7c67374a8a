import { expect, it } from 'vitest';
import { randomBilevel } from '../fixtures/random';
import { bilevelProblem } from '../quadratic';
import { blendedByNewton, makeBlendedLevel } from './blendedLevel';

it('f + γg is solved alike by active sets and by Newton’s method', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { problem, x } = randomBilevel({ d: 3, n: 7, m: 0, box: true }, seed);
    const [a, b] = [makeBlendedLevel(problem, 50).solve(x), blendedByNewton(problem, 50).solve(x)];
    expect([...a.side]).toEqual([...b.side]);
    a.y.forEach((value, j) => expect(value).toBeCloseTo(b.y[j], 11));
    a.multipliers.upper.forEach((value, j) => expect(value).toBeCloseTo(b.multipliers.upper[j], 8));
  }
});

it('its solution is stationary: ∇_y f + γ(∇_y g + q) + Aᵀμ = 0 with the multipliers of rows and bounds', () => {
  const { problem, x } = randomBilevel({ d: 6, n: 9, m: 5, box: true }, 4);
  const { y, multipliers } = makeBlendedLevel(problem, 20).solve(x);
  const [f, g] = [new Float64Array(9), new Float64Array(9)];
  problem.upperGradientY(x, y, f);
  problem.lowerGradientY(x, y, g);
  const { A } = problem.rows;
  for (let j = 0; j < 9; j++) {
    let slope = f[j] + 20 * g[j] - multipliers.lower[j] + multipliers.upper[j];
    for (let r = 0; r < 5; r++) slope += A[r * 9 + j] * multipliers.inequality[r];
    expect(Math.abs(slope)).toBeLessThan(1e-9);
  }
  expect(multipliers.inequality.some((value) => value > 0)).toBe(true);
});

it('a γ too small for the curvature of f is refused by name', () => {
  const one = (value: number) => Float64Array.of(value);
  const concave = bilevelProblem(1, 1, { Qyy: one(-30) }, { Q: one(1), P: one(1) });
  expect(() => makeBlendedLevel(concave, 10)).toThrow('With γ = 10');
});
