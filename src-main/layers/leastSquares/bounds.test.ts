import { expect, test } from 'vitest';
import { withBounds } from '../../solvers/leastSquares/bounds';
import { defaultLeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { differenceError, makeLayer, randomGiven, type Given } from './fixtures/random';

test.each([false, true])(
  'bounds are rows: kept to in the mode project, and differentiated (full curvature %s)',
  (dense) => {
    const given = randomGiven({ seed: 95, n: 8, dense, size: 2 });
    const { n } = given.rows;
    const lower = Float64Array.from({ length: n }, (_, j) => (j % 3 === 0 ? -Infinity : -0.4));
    const upper = Float64Array.from({ length: n }, (_, j) => (j % 4 === 0 ? Infinity : 0.5));
    const rows = withBounds(given.rows, lower, upper);
    expect(rows.h.length - given.rows.h.length).toBe(11);
    const bounded = { ...given, rows, rowWeights: new Float64Array(rows.h.length + rows.A.length / n).fill(1) };
    const settings = { solver: { ...defaultLeastSquaresSettings, maxIterations: 3 } };
    const outside = (y: Float64Array) =>
      y.reduce((most, value, k) => Math.max(most, value - upper[k % n], lower[k % n] - value), 0);
    expect(outside(makeLayer(given, settings).forward(given).y)).toBeGreaterThan(0.1);
    const layer = makeLayer(bounded, settings);
    const { y, reported } = layer.forward(bounded);
    expect(reported).toEqual([]);
    expect(outside(y)).toBeLessThan(1e-8);
    const { gradients } = layer.backward(bounded.cotangent, ['anchor', 'h']);
    const loss = (moved: Given) =>
      makeLayer(moved, settings)
        .forward(moved)
        .y.reduce((sum, value, k) => sum + value * given.cotangent[k], 0);
    for (const datum of ['anchor', 'h'] as const)
      expect(differenceError(bounded, datum, gradients[datum]!, loss), datum).toBeLessThan(1e-6);
  },
);

test('bounds that contradict each other are refused', () => {
  const { rows } = randomGiven({ n: 2 });
  expect(() => withBounds(rows, [0, 1], [1, 0])).toThrow(/unknown 1 are 1 and 0/);
  expect(() => withBounds(rows, [0], [1, 1])).toThrow(/1 and 2 bounds of 2 unknowns/);
});
