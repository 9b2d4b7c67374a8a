import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import {
  initRestoration,
  makeRestoration,
  stepRestoration,
  terminateRestoration,
} from '../../solvers/leastSquares/restoration';
import { defaultLeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { differenceError, makeLayer, randomGiven, type Given, type Shape } from './fixtures/random';
import { LeastSquaresLayer } from './leastSquaresLayer';
import { preflightLeastSquares, warnUnconverged } from './preflight';
import { defaultLeastSquaresLayerSettings } from './settings';

const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const solver = { ...defaultLeastSquaresSettings, maxIterations: 4 };
const data = ['anchor', 'x', 'initial', 'anchorWeight', 'rowWeights', 'A', 'H', 'G', 'h'] as const;

describe('unroll through both phases agrees with central differences', () => {
  it.each<[string, Shape]>([
    ['some rows active', { seed: 51, n: 8 }],
    ['anchor of weight 0, no row active', { seed: 52, n: 8, anchorWeight: 0, active: 'none' }],
    ['no row active', { seed: 43, n: 6, active: 'none', size: 1 }],
    ['full curvature', { seed: 44, n: 6, dense: true, size: 2, m: 3 }],
    ['no equality', { seed: 45, n: 6, e: 0 }],
    ['weights of rows', { seed: 48, n: 8, weighted: true }],
  ])('%s', (_, shape) => {
    const given = randomGiven({ anchorWeight: 0.1, ...shape });
    const damping = shape.anchorWeight === 0 ? 0.1 : 1e-3;
    const settings = {
      ...({ mode: 'project', backward: { kind: 'unroll' } } as const),
      solver: { ...solver, descent: { kind: 'levenbergMarquardt', damping, ellipsoidal: false } as const },
    };
    const layer = makeLayer(given, settings);
    const result = layer.forward(given);
    expect(result.reported).toEqual([]);
    const { gradients } = layer.backward(given.cotangent, data);
    const loss = (moved: Given) => inner(makeLayer(moved, settings).forward(moved).y, given.cotangent);
    for (const datum of data) expect(differenceError(given, datum, gradients[datum]!, loss), datum).toBeLessThan(1e-6);
  });
});

describe('unroll through damped steps of a restoration agrees with central differences', () => {
  it.each<[string, Shape & { seed: number }, number, number]>([
    ['more rows than unknowns', { seed: 127, m: 7, anchorWeight: 0.1 }, 20, 2],
    ['weights of rows', { seed: 105, m: 5, weighted: true }, 20, 2],
    ['undamped steps before', { seed: 115, m: 5, weighted: true }, 8, 3],
  ])('%s', (_, shape, scale, maxIterations) => {
    const given = randomGiven({ n: 8, e: 2, size: 1, anchorWeight: 1, ...shape });
    for (const array of [given.anchor, given.initial]) for (let j = 0; j < array.length; j++) array[j] *= scale;
    const descent = { kind: 'levenbergMarquardt', damping: 1, ellipsoidal: false } as const;
    const settings = {
      ...({ mode: 'project', backward: { kind: 'unroll' } } as const),
      ...{ solver: { ...solver, maxIterations: 1, descent }, restoration: { maxIterations, tolerance: 1e-9 } },
    };
    const anchored = makeLayer(given, { ...settings, mode: 'anchored' });
    const restoration = makeRestoration(anchored.model, settings.restoration);
    initRestoration(restoration, anchored.forward(given).y);
    let largest = 0;
    while (!terminateRestoration(restoration)) {
      stepRestoration(restoration);
      largest = Math.max(largest, restoration.damping);
    }
    expect(largest).toBeGreaterThan(0);
    const { gradients } = makeForward(given, settings).backward(given.cotangent, data);
    const loss = (moved: Given) => inner(makeLayer(moved, settings).forward(moved).y, given.cotangent);
    for (const datum of data) expect(differenceError(given, datum, gradients[datum]!, loss), datum).toBeLessThan(1e-6);
  });
});

/** A layer that has solved what it is given. */
function makeForward(given: Given, settings: Parameters<typeof makeLayer>[1]): LeastSquaresLayer {
  const layer = makeLayer(given, settings);
  layer.forward(given);
  return layer;
}

test.each([false, true])(
  'the null-space projector is the limit of implicit for small weights, curvature %s',
  (dense) => {
    const given = randomGiven({ seed: 46, n: 7, m: 3, dense, anchorWeight: 1e-3, size: 2 });
    const converging = {
      ...solver,
      descent: { kind: 'levenbergMarquardt', damping: 1e-9, ellipsoidal: false } as const,
      maxIterations: 400,
    };
    const [anchored, projected] = (['anchored', 'project'] as const).map((mode) => {
      const layer = makeLayer(given, {
        mode,
        backward: { kind: 'implicit', hessian: 'gaussNewton' },
        solver: converging,
      });
      expect(layer.forward(given).reported).toEqual([]);
      return layer.backward(given.cotangent, ['anchor', 'x', 'A', 'H', 'G', 'h', 'initial']).gradients;
    });
    for (const datum of ['anchor', 'x', 'A', 'H', 'G', 'h'] as const) {
      const largest = Math.max(...anchored[datum]!.map(Math.abs));
      expect(largest).toBeGreaterThan(1e-2);
      projected[datum]!.forEach((value, i) =>
        expect(Math.abs(value - anchored[datum]![i]), datum).toBeLessThan(1e-4 * largest),
      );
    }
    expect(projected.initial!.every((value) => value === 0)).toBe(true);
  },
);

test('at n = 100 every instance is restored to 1e-8, from close to an optimum to outputs a hundred times too large', () => {
  const file = JSON.parse(readFileSync(resolve('resources/cases/layers/qcqp-n100.json'), 'utf8'));
  const flat = (rows: number[][]) => Float64Array.from(rows.flat());
  const { n } = file;
  const rows = { n, A: flat(file.A), G: flat(file.G), H: flat(file.H), h: Float64Array.from(file.h) };
  const layer = new LeastSquaresLayer(rows, 0.1);
  const generator = new Generator(5);
  const size = 24;
  // Far from anything feasible as many rows are violated as there are unknowns left.
  const spread = [0, 0.1, 1, 5, 20, 100];
  const anchor = generator.standardNormals(size * n).map((value, k) => {
    return file.expected.y[k % n] + spread[Math.floor(k / n) % spread.length] * value;
  });
  const x = generator.uniforms(-0.5, 0.5, (size * rows.A.length) / n);
  const result = layer.forward({ size, anchor, x });
  expect(result.reported).toEqual([]);
  expect(Math.max(...result.violation)).toBeLessThan(1e-8);
});

test('rows that contradict each other are reported', () => {
  const rows = {
    ...{ n: 2, A: Float64Array.of(1, 1), H: new Float64Array(2), G: Float64Array.of(1, 1), h: Float64Array.of(0) },
  };
  const layer = new LeastSquaresLayer(rows, 0.1);
  const result = layer.forward({ size: 1, anchor: Float64Array.of(0.3, 0.2), x: Float64Array.of(1) });
  expect(result.reported).toEqual([0]);
  expect(result.restorationStatus).not.toEqual(['converged']);
  expect(result.violation[0]).toBeGreaterThan(0.1);
});

test('modes that do not go together are refused', () => {
  const given = randomGiven();
  expect(() => makeLayer(given, { backward: { kind: 'dlm', epsilon: 0.01 } })).toThrow(/not by dlm/);
  expect(() => makeLayer(given, { backward: { kind: 'implicit', hessian: 'newton' } })).toThrow(/limit of Gauss/);
});

test.each([
  { kind: 'implicit', hessian: 'gaussNewton' },
  { kind: 'dlm', epsilon: 0.01 },
  { kind: 'truncated', last: 2 },
  { kind: 'unroll' },
] as const)('preflight says of $kind whether its gradient is identically zero at weight 0', (backward) => {
  const given = randomGiven({ seed: 47, anchorWeight: 0, n: 3, e: 3 });
  const settings = { ...defaultLeastSquaresLayerSettings, mode: 'anchored', backward, solver } as const;
  const layer = makeLayer(given, settings);
  layer.forward(given);
  const { anchor, initial } = layer.backward(given.cotangent).gradients;
  const zero = anchor!.every((value) => value === 0) && initial!.every((value) => value === 0);
  const warnings = preflightLeastSquares(settings, 0).map(({ code }) => code);
  expect(warnings).toEqual(zero ? ['no-gradient'] : []);
  expect(zero).toBe(backward.kind !== 'unroll');
});

test('DLM far from convergence is warned of', () => {
  expect(warnUnconverged(0.05)).toEqual([]);
  expect(warnUnconverged(3)).toMatchObject([{ code: 'unconverged', severity: 'caution' }]);
});
