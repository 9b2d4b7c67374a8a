import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { halfSquare, makeLeastSquares, solveLeastSquares } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import {
  defaultLeastSquaresSettings,
  gainRatioSearch,
  type Descent,
  type LeastSquaresSettings,
} from '../../solvers/leastSquares/settings';
import { differenceError, makeLayer, randomGiven, type Given, type Shape } from './fixtures/random';
import { leastSquaresData, LeastSquaresLayer, type LeastSquaresDatum } from './leastSquaresLayer';
import type { BackwardMode } from './settings';

const solverOf = (changes: Partial<LeastSquaresSettings>) => ({ ...defaultLeastSquaresSettings, ...changes });
const damped = (damping: number, ellipsoidal = false): Descent => ({
  ...{ kind: 'levenbergMarquardt', damping, ellipsoidal },
});
const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const data = leastSquaresData.filter((datum) => datum !== 'damping');

/** Every derivative of a mode against central differences of its own formula. */
function expectExact(
  given: Given,
  solver: LeastSquaresSettings,
  backward: BackwardMode,
  loss: (moved: Given) => number,
  asked: readonly Exclude<LeastSquaresDatum, 'damping'>[] = data,
  tolerance = 1e-7,
): void {
  const layer = makeLayer(given, { mode: 'anchored', backward, solver });
  expect(layer.forward(given).reported).toEqual([]);
  const { gradients, dropped } = layer.backward(given.cotangent, asked);
  expect(dropped).toEqual([]);
  for (const datum of asked)
    expect(differenceError(given, datum, gradients[datum]!, loss), datum).toBeLessThan(tolerance);
}

/** Σ v_iᵀy_i of a solve without any derivative. */
const solvedLoss =
  (solver: LeastSquaresSettings) =>
  (given: Given): number => {
    const layer = makeLayer(given, { mode: 'anchored', backward: { kind: 'dlm', epsilon: 1 }, solver });
    return inner(layer.forward(given).y, given.cotangent);
  };

describe('unroll agrees with central differences of the iterations', () => {
  it.each<[string, Shape, Partial<LeastSquaresSettings>]>([
    ['Levenberg–Marquardt', {}, {}],
    ['one instance, one iteration', { size: 1, seed: 2 }, { maxIterations: 1 }],
    ['no iteration', { seed: 3 }, { maxIterations: 0 }],
    [
      'Gauss–Newton, 7 iterations, batch of 5',
      { size: 5, seed: 4 },
      { descent: { kind: 'gaussNewton' }, maxIterations: 7 },
    ],
    ['large damping', { seed: 5 }, { descent: damped(3), maxIterations: 4 }],
    ['ellipsoidal damping', { seed: 6 }, { descent: damped(0.5, true), maxIterations: 5 }],
    ['a shorter step', { seed: 7 }, { search: { kind: 'fixedStep', stepSize: 0.6 }, maxIterations: 6 }],
    ['all rows active', { seed: 8, active: 'all' }, { descent: damped(0.1), maxIterations: 4 }],
    ['no row active', { seed: 9, active: 'none' }, { maxIterations: 3 }],
    ['full curvature', { seed: 10, dense: true, size: 2 }, { maxIterations: 4 }],
    ['no equality', { seed: 11, e: 0 }, { maxIterations: 4 }],
    ['no inequality', { seed: 12, m: 0 }, { maxIterations: 4 }],
    ['anchor of weight 0', { seed: 13, anchorWeight: 0 }, { descent: damped(0.2), maxIterations: 5 }],
    ['weights of rows', { seed: 18, weighted: true, size: 4 }, { maxIterations: 5 }],
    ['weights of rows, full curvature', { seed: 19, weighted: true, dense: true }, { maxIterations: 3 }],
    [
      'weights of rows, ellipsoidal damping',
      { seed: 20, weighted: true },
      { descent: damped(0.5, true), maxIterations: 4 },
    ],
    ['adaptive damping', { seed: 14 }, { search: gainRatioSearch, descent: damped(1), maxIterations: 6 }],
    [
      'backtracking',
      { seed: 15, active: 'all' },
      {
        search: { kind: 'armijo', shrink: 0.5, sufficient: 1e-4, trials: 30 },
        descent: { kind: 'gaussNewton' },
        maxIterations: 4,
      },
    ],
  ])('%s', (_, shape, changes) => {
    const solver = solverOf(changes);
    expectExact(randomGiven(shape), solver, { kind: 'unroll' }, solvedLoss(solver));
  });

  it.each<[string, Shape, Partial<LeastSquaresSettings>]>([
    ['few rows active', { seed: 38, n: 33, e: 9, m: 14, size: 2, weighted: true }, {}],
    ['most rows active', { seed: 40, n: 34, e: 1, m: 20, size: 1, active: 'all' }, {}],
    ['full curvature', { seed: 39, n: 32, e: 2, m: 2, size: 1, dense: true }, {}],
    ['rejected steps', { seed: 41, n: 32, e: 9, m: 9, size: 1 }, { search: gainRatioSearch }],
  ])('in WebAssembly, %s', (_, shape, changes) => {
    // So much damping that the start, too, has a derivative worth the name.
    const solver = solverOf({ descent: damped(0.3), maxIterations: 3, ...changes });
    const asked = ['anchor', 'x', 'initial', 'anchorWeight', 'rowWeights', 'h'] as const;
    expectExact(randomGiven(shape), solver, { kind: 'unroll' }, solvedLoss(solver), asked);
  });

  it('truncated: the damping of the last iterations', () => {
    const given = randomGiven({ seed: 18 });
    const solver = (damping: number, maxIterations: number) => solverOf({ descent: damped(damping), maxIterations });
    const backward = { kind: 'truncated', last: 2 } as const;
    const layer = makeLayer(given, { mode: 'anchored', backward, solver: solver(0.3, 5) });
    layer.forward(given);
    const found = layer.backward(given.cotangent, ['damping']).gradients.damping![0];
    const middle = instances(given).flatMap((i) => [...pointAfter(given, solver(0.3, 5), 3, i)]);
    const later = { ...given, initial: Float64Array.from(middle) };
    const loss = (damping: number) => solvedLoss(solver(damping, 2))(later);
    const difference = (loss(0.3 + 1e-5) - loss(0.3 - 1e-5)) / 2e-5;
    expect(Math.abs(found - difference)).toBeLessThan(1e-7 * Math.abs(difference));
  });

  it.each([
    [0.05, 1],
    [0.3, 3],
    [1, 4],
  ])('dogleg with radius %d', (radius, maxIterations) => {
    const solver = solverOf({ descent: { kind: 'dogleg', radius }, search: gainRatioSearch, maxIterations });
    expectExact(randomGiven({ seed: 16, size: 4 }), solver, { kind: 'unroll' }, solvedLoss(solver));
  });

  it.each([false, true])('the damping, ellipsoidal %s', (ellipsoidal) => {
    const given = randomGiven({ seed: 17 });
    const solver = (damping: number) => solverOf({ descent: damped(damping, ellipsoidal), maxIterations: 5 });
    const layer = makeLayer(given, { mode: 'anchored', solver: solver(0.3) });
    layer.forward(given);
    const found = layer.backward(given.cotangent, ['damping']).gradients.damping![0];
    const loss = (damping: number) => solvedLoss(solver(damping))(given);
    const difference = (loss(0.3 + 1e-5) - loss(0.3 - 1e-5)) / 2e-5;
    expect(Math.abs(found - difference)).toBeLessThan(1e-7 * Math.abs(difference));
  });
});

/** The point of instance i after k iterations. */
function pointAfter(given: Given, solver: LeastSquaresSettings, k: number, i: number): Float64Array {
  const { n } = given.rows;
  const state = makeLeastSquares(modelOf(given, i), { ...solver, maxIterations: k });
  solveLeastSquares(state, given.initial, i * n);
  return state.y.slice();
}

function modelOf(given: Given, i: number): QcqpResidual {
  const model = new QcqpResidual(given.rows, given.anchorWeight);
  model.setInstance(given.anchor, i * model.n, given.x, i * model.e);
  model.setRowWeights(given.rowWeights);
  return model;
}

/** Jᵀr and ½‖r‖² at y. */
function gradientAt(model: QcqpResidual, y: Float64Array) {
  const residual = new Float64Array(model.rows);
  const gradient = new Float64Array(model.n);
  model.residual(y, residual);
  model.linearise(y, residual);
  model.multiplyTransposed(residual, gradient);
  return { gradient, objective: halfSquare(residual) };
}

/** (JᵀJ + shift)⁻¹v at y */
function solveNormal(model: QcqpResidual, y: Float64Array, shift: number, v: Float64Array): Float64Array {
  const { n } = model;
  const normal = new Float64Array(n * n);
  const residual = new Float64Array(model.rows);
  model.residual(y, residual);
  model.linearise(y, residual);
  model.normalMatrix(normal);
  for (let j = 0; j < n; j++) normal[j * (n + 1)] += shift;
  cholesky(n, normal);
  const solution = v.slice();
  solveCholesky(n, normal, solution);
  return solution;
}

const instances = (given: Given) => Array.from({ length: given.size }, (_, i) => i);
const cotangentOf = ({ cotangent, rows: { n } }: Given, i: number) => cotangent.slice(i * n, (i + 1) * n);

test.each([
  [2, 'some'],
  [1, 'all'],
  [3, 'none'],
] as const)('truncated to %d iterations, %s rows active: what comes before is a constant', (last, active) => {
  const given = randomGiven({ seed: 21, active, weighted: last === 2 });
  const solver = solverOf({ maxIterations: 6 });
  const middle = instances(given).flatMap((i) => [...pointAfter(given, solver, 6 - last, i)]);
  const shorter = solvedLoss(solverOf({ maxIterations: last }));
  const loss = (moved: Given) => shorter({ ...moved, initial: Float64Array.from(middle) });
  expectExact(given, solver, { kind: 'truncated', last }, loss);
});

test('truncated to more iterations than there are is unroll', () => {
  const given = randomGiven({ seed: 22 });
  const [whole, truncated] = ([{ kind: 'unroll' }, { kind: 'truncated', last: 20 }] as const).map((backward) => {
    const layer = makeLayer(given, { mode: 'anchored', backward, solver: solverOf({ maxIterations: 5 }) });
    layer.forward(given);
    return layer.backward(given.cotangent, leastSquaresData).gradients;
  });
  expect(truncated).toEqual(whole);
});

test.each<[string, Shape]>([
  ['some rows active', { seed: 23 }],
  ['all rows active, batch of one', { seed: 24, active: 'all', size: 1 }],
  ['no row active', { seed: 25, active: 'none' }],
  ['full curvature', { seed: 26, dense: true }],
  ['weights of rows', { seed: 36, weighted: true }],
])('implicit is one step with JᵀJ constant: %s', (_, shape) => {
  const given = randomGiven(shape);
  const solver = solverOf({ maxIterations: 6 });
  const bases = instances(given).map((i) => pointAfter(given, solver, 5, i));
  const adjoints = bases.map((y, i) => solveNormal(modelOf(given, i), y, 0, cotangentOf(given, i)));
  const loss = (moved: Given) =>
    instances(given).reduce((sum, i) => sum - inner(adjoints[i], gradientAt(modelOf(moved, i), bases[i]).gradient), 0);
  expectExact(given, solver, { kind: 'implicit', hessian: 'gaussNewton' }, loss);
  const layer = makeLayer(given, { mode: 'anchored', backward: { kind: 'implicit', hessian: 'gaussNewton' }, solver });
  const { y } = layer.forward(given);
  const { n } = given.rows;
  for (const i of instances(given)) {
    const model = modelOf(given, i);
    const step = solveNormal(model, bases[i], 0, gradientAt(model, bases[i]).gradient);
    for (let j = 0; j < n; j++) expect(Math.abs(y[i * n + j] - bases[i][j] + step[j])).toBeLessThan(1e-12);
  }
});

test.each<[string, Shape, number]>([
  ['some rows active', { seed: 27 }, 1e-2],
  ['all rows active', { seed: 28, active: 'all' }, 1e-1],
  ['no row active', { seed: 29, active: 'none' }, 1e-2],
  ['full curvature, batch of two', { seed: 30, dense: true, size: 2 }, 1e-3],
  ['weights of rows', { seed: 37, weighted: true }, 1e-2],
])('DLM is the difference of two objectives: %s', (_, shape, epsilon) => {
  const given = randomGiven(shape);
  const solver = solverOf({ maxIterations: 8 });
  const pairs = instances(given).map((i) => {
    const y = pointAfter(given, solver, 8, i);
    const model = modelOf(given, i);
    const { gradient } = gradientAt(model, y);
    const v = cotangentOf(given, i);
    const right = gradient.map((g, j) => g + 2 * epsilon * (epsilon * y[j] - v[j] / 2));
    const step = solveNormal(model, y, 2 * epsilon * epsilon, right);
    return [y, y.map((value, j) => value - step[j])];
  });
  const loss = (moved: Given) =>
    pairs.reduce((sum, [y, perturbed], i) => {
      const model = modelOf(moved, i);
      return sum + (gradientAt(model, y).objective - gradientAt(model, perturbed).objective) / epsilon;
    }, 0);
  expectExact(given, solver, { kind: 'dlm', epsilon }, loss, undefined, 1e-6);
});

test('DLM says how much of its perturbation is due to a point that has not converged', () => {
  const given = randomGiven({ seed: 31 });
  const share = (maxIterations: number) => {
    const solver = solverOf({ maxIterations });
    const layer = makeLayer(given, { mode: 'anchored', backward: { kind: 'dlm', epsilon: 1e-2 }, solver });
    layer.forward(given);
    return layer.backward(given.cotangent).unconverged;
  };
  expect(share(1)).toBeGreaterThan(1);
  expect(share(300)).toBeLessThan(1e-6);
});

describe('the implicit mode with the whole Hessian is exact at the minimiser', () => {
  it.each(['gn-n6', 'lm-n4'])('%s', (name) => {
    const file = JSON.parse(readFileSync(resolve(`resources/cases/nlls/${name}.json`), 'utf8'));
    const flat = (rows: number[][]) => Float64Array.from(rows.flat());
    const { A, G, H, h, anchor, x, anchorWeight } = file.residual;
    const rows = { n: file.n, A: flat(A), G: flat(G), H: flat(H), h: Float64Array.from(h) };
    const layer = new LeastSquaresLayer(rows, anchorWeight, {
      ...{ mode: 'anchored', backward: { kind: 'implicit', hessian: 'newton' } },
      solver: solverOf({ descent: { kind: 'gaussNewton' }, maxIterations: 60 }),
    });
    const result = layer.forward({ size: 3, anchor: flat(anchor), x: flat(x), initial: flat(file.initial) });
    const { gradients } = layer.backward(flat(file.cotangent));
    const { minimiser } = file.expected;
    const error = (found: Float64Array, expected: number[][]) =>
      Math.max(...expected.flat().map((value, i) => Math.abs(value - found[i])));
    expect(error(result.y, minimiser.y)).toBeLessThan(1e-9);
    expect(error(gradients.anchor!, minimiser.gradient.anchor)).toBeLessThan(1e-9);
    expect(error(gradients.x!, minimiser.gradient.x)).toBeLessThan(1e-9);
  });
});

test('an instance has the same result and derivatives alone as in a batch, whatever happens to the others', () => {
  const given = randomGiven({ seed: 35, size: 4 });
  const { n } = given.rows;
  const e = given.x.length / 4;
  given.anchor[n] = NaN;
  const solver = solverOf({ maxIterations: 200, gradientTolerance: 1e-6 });
  const together = makeLayer(given, { mode: 'anchored', solver });
  const result = together.forward(given);
  const { gradients, dropped } = together.backward(given.cotangent);
  expect(result.reported).toEqual([1]);
  expect(result.status).toEqual(['converged', 'NaN', 'converged', 'converged']);
  expect(new Set([0, 2, 3].map((i) => result.iterations[i])).size).toBeGreaterThan(1);
  expect(dropped).toEqual([1]);
  const alone = makeLayer(given, { mode: 'anchored', solver });
  const part = (array: Float64Array, width: number) => array.slice(3 * width, 4 * width);
  const one = { size: 1, anchor: part(given.anchor, n), x: part(given.x, e), initial: part(given.initial, n) };
  expect(alone.forward(one).y).toEqual(part(result.y, n));
  expect(alone.backward(part(given.cotangent, n)).gradients.anchor).toEqual(part(gradients.anchor!, n));
  expect([...gradients.anchor!.subarray(n, 2 * n)]).toEqual(new Array(n).fill(0));
});

test('a failing instance stops the batch where the settings say so, and is named', () => {
  const given = randomGiven({ seed: 33, anchorWeight: 0, e: 1, m: 0 });
  const solver = solverOf({ descent: { kind: 'gaussNewton' } });
  const layer = makeLayer(given, { mode: 'anchored', solver, onFailure: 'throw' });
  expect(() => layer.forward(given)).toThrow(/instance 0 met a singular normal matrix/);
});
