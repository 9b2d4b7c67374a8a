import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { drawBilevel } from './families';
import { randomBilevel } from './fixtures/random';
import { upperWithGradients } from './problem';
import type { QuadraticBilevel } from './quadratic';

const families = {
  'with dense matrices': () => randomBilevel({ d: 4, n: 7, m: 3, box: true }, 5).problem,
  'with diagonal ones': () => drawBilevel('coupled', { d: 5, n: 8 }).problem,
};

it.each(Object.entries(families))('f and its gradients at once are what they are one by one, %s', (_, make) => {
  const problem: QuadraticBilevel = make();
  const { d, n } = problem;
  const generator = new Generator(3);
  const [x, y] = [generator.standardNormals(d), generator.standardNormals(n)];
  const [inX, inY] = [new Float64Array(d), new Float64Array(n)];
  const value = upperWithGradients(problem, x, y, inX, inY);
  expect(value).toBeCloseTo(problem.upperValue(x, y), 12);
  const [expectedX, expectedY] = [new Float64Array(d), new Float64Array(n)];
  problem.upperGradientX(x, y, expectedX);
  problem.upperGradientY(x, y, expectedY);
  inX.forEach((entry, i) => expect(entry).toBeCloseTo(expectedX[i], 12));
  inY.forEach((entry, j) => expect(entry).toBeCloseTo(expectedY[j], 12));
});
