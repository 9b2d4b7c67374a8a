import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { qcqp } from '../modelling/families/qcqp';
import { exactSeconds, secondsPerInstance } from './inferenceTime';

it('a pass over ten instances that takes 20 ms takes 2 ms for each', async () => {
  const seconds = await secondsPerInstance(10, () => sleep(20));
  expect(seconds).toBeGreaterThan(1.9e-3);
  expect(seconds).toBeLessThan(2e-2);
});

it('the exact solver is timed on what it solves, and null where rows are not convex', () => {
  const { family, X, N } = qcqp.draw(qcqp.settings.parse({ n: 8, m: 4, e: 3, instances: 6 }));
  expect(exactSeconds(family, X, N)).toBeGreaterThan(0);
  expect(exactSeconds({ ...family, H: family.H.map((value) => -100 * value) }, X, N)).toBeNull();
});

it('an equality row that is there twice is refused by the solver, and no time', () => {
  const { family, X, N } = qcqp.draw(qcqp.settings.parse({ n: 8, m: 4, e: 2, instances: 6 }));
  const A = Float64Array.from([...family.A.subarray(0, 8), ...family.A.subarray(0, 8)]);
  expect(exactSeconds({ ...family, A }, X, N)).toBeNull();
});
