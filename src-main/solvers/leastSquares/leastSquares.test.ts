import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import {
  init,
  linearise,
  makeLeastSquares,
  solveLeastSquares,
  step,
  terminate,
  type LeastSquares,
} from './leastSquares';
import { QcqpResidual } from './qcqpResidual';
import { gainRatioSearch, type LeastSquaresSettings } from './settings';

const [n, e, m] = [12, 4, 8];

/** A random instance of which about half the rows of c are violated at the start. */
function instance(seed: number, anchorWeight = 0.3): { model: QcqpResidual; start: Float64Array } {
  const generator = new Generator(seed);
  const normals = (count: number) => generator.standardNormals(count);
  const data = { n, A: normals(e * n), G: normals(m * n), H: generator.uniforms(0, 0.3, m * n), h: normals(m) };
  const model = new QcqpResidual(data, anchorWeight);
  const start = normals(n);
  model.setInstance(start, 0, normals(e), 0);
  return { model, start };
}

function residualAt(model: QcqpResidual, y: Float64Array): Float64Array {
  const r = model.kernels.allocate(model.rows);
  const point = model.kernels.allocate(model.n);
  point.set(y);
  model.residual(point, r);
  return r;
}

/** Near the minimiser the objective changes by the square of the gradient: below 1e-8 no search can tell. */
const converging = { maxIterations: 500, gradientTolerance: 1e-7 };
const combinations: [string, Partial<LeastSquaresSettings>][] = [
  ['a large fixed damping', { descent: { kind: 'levenbergMarquardt', damping: 5, ellipsoidal: false } }],
  ['adaptive damping', { search: gainRatioSearch }],
  [
    'adaptive ellipsoidal damping',
    { search: gainRatioSearch, descent: { kind: 'levenbergMarquardt', damping: 1, ellipsoidal: true } },
  ],
  ['dogleg', { search: gainRatioSearch, descent: { kind: 'dogleg', radius: 0.5 } }],
  [
    'Gauss–Newton with backtracking',
    {
      search: { kind: 'armijo', shrink: 0.5, sufficient: 1e-4, trials: 40 },
      descent: { kind: 'gaussNewton' },
    },
  ],
];

test.each(combinations)('%s converges to the minimiser that steepest descent with tiny steps finds', (_, settings) => {
  const { model, start } = instance(3, 1);
  const state = makeLeastSquares(model, { ...converging, ...settings });
  expect(solveLeastSquares(state, start)).toBe('converged');
  const [y, r, g] = [start.slice(), new Float64Array(model.rows), new Float64Array(n)];
  for (let k = 0; k < 60_000; k++) {
    model.residual(y, r);
    model.linearise(y, r);
    model.multiplyTransposed(r, g);
    for (let j = 0; j < n; j++) y[j] -= 0.004 * g[j];
  }
  for (let j = 0; j < n; j++) expect(Math.abs(state.y[j] - y[j])).toBeLessThan(1e-6);
});

test('JᵀJ, Jv, Jᵀu and the curvature agree with differences of the residual, for diagonal and full H', () => {
  const generator = new Generator(9);
  const normals = (count: number) => generator.standardNormals(count);
  const diagonals = generator.uniforms(0, 0.3, m * n);
  const full = new Float64Array(m * n * n);
  diagonals.forEach((value, k) => (full[Math.floor(k / n) * n * n + (k % n) * (n + 1)] = value));
  const rest = { n, A: normals(e * n), G: normals(m * n), h: normals(m) };
  const [y, v, u, anchor, x] = [normals(n), normals(n), normals(n + e + m), normals(n), normals(e)];
  for (const H of [diagonals, full]) {
    const model = new QcqpResidual({ ...rest, H }, 0.7);
    model.setInstance(anchor, 0, x, 0);
    model.linearise(y, residualAt(model, y));
    expect(model.activeCount).toBeGreaterThan(1);
    const at = (by: number) => {
      const r = new Float64Array(model.rows);
      model.residual(
        y.map((value, j) => value + by * v[j]),
        r,
      );
      return r;
    };
    const [image, back, normal] = [new Float64Array(model.rows), new Float64Array(n), new Float64Array(n * n)];
    model.multiply(v, image);
    const [plus, minus, middle] = [at(1e-4), at(-1e-4), at(0)];
    image.forEach((value, i) => expect(Math.abs(value - (plus[i] - minus[i]) / 2e-4)).toBeLessThan(1e-9));
    model.multiplyTransposed(u, back);
    const sum = (a: Float64Array, b: Float64Array) => a.reduce((s, value, i) => s + value * b[i], 0);
    expect(sum(back, v)).toBeCloseTo(sum(u, image), 11);
    const quadratic = () => {
      let s = 0;
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) s += (i === j ? 1 : 2) * normal[i * n + j] * v[i] * v[j];
      return s;
    };
    model.normalMatrix(normal);
    expect(quadratic()).toBeCloseTo(sum(image, image), 10);
    model.addCurvature(u, normal);
    const second = u.map((value, i) => (value * (plus[i] - 2 * middle[i] + minus[i])) / 1e-8);
    expect(quadratic() - sum(image, image)).toBeCloseTo(
      second.reduce((s, value) => s + value, 0),
      5,
    );
  }
});

test('JᵀJ of many unknowns is the product of its rows', () => {
  const generator = new Generator(10);
  const [n, e, m] = [41, 7, 15];
  const normals = (count: number) => generator.standardNormals(count);
  const data = { n, A: normals(e * n), G: normals(m * n), H: generator.uniforms(0, 0.3, m * n), h: normals(m) };
  const model = new QcqpResidual(data, 0.5);
  model.setInstance(normals(n), 0, normals(e), 0);
  const y = model.kernels.allocate(n);
  y.set(normals(n));
  model.linearise(y, residualAt(model, y));
  expect(model.activeCount).toBeGreaterThan(2);
  const normal = model.kernels.allocate(n * n);
  model.normalMatrix(normal);
  const [unit, image] = [model.kernels.allocate(n), model.kernels.allocate(model.rows)];
  const columns = Array.from({ length: n }, (_, j) => {
    unit.fill(0)[j] = 1;
    model.multiply(unit, image);
    return image.slice();
  });
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const expected = columns[i].reduce((sum, value, r) => sum + value * columns[j][r], 0);
      expect(Math.abs(normal[i * n + j] - expected)).toBeLessThan(1e-12);
    }
});

test('the dogleg path ends on its radius, and passes through all three pieces', () => {
  const legs = new Set<string>();
  for (const radius of [0.05, 0.5, 1, 2, 50]) {
    const { model, start } = instance(4);
    const state = makeLeastSquares(model, { descent: { kind: 'dogleg', radius }, search: gainRatioSearch });
    init(state, start);
    step(state);
    legs.add(state.leg);
    const length = Math.hypot(...state.direction);
    if (state.leg === 'newton') expect(length).toBeLessThanOrEqual(radius);
    else expect(length).toBeCloseTo(radius, 12);
  }
  expect([...legs].sort()).toEqual(['between', 'newton', 'steepest']);
});

test('the gain ratio divides the damping by 9 after a step that it takes, and multiplies it by 11 after one that it does not', () => {
  const { model, start } = instance(6);
  const state = makeLeastSquares(model, { search: gainRatioSearch, maxIterations: 60 });
  init(state, start);
  const seen = new Set<number>();
  while (!terminate(state)) {
    const [damping, objective] = [state.damping, state.objective];
    step(state);
    if (state.taken > 0) expect(state.objective).toBeLessThan(objective);
    const factor = state.damping / damping;
    if (state.damping > 1e-7 && state.damping < 1e7) seen.add(Math.round(factor * 1e6) / 1e6);
    expect(state.damping).toBeGreaterThanOrEqual(1e-7);
    expect(state.damping).toBeLessThanOrEqual(1e7);
  }
  expect(seen).toEqual(new Set([0.111111, 11]));
});

const ended = (state: LeastSquares, start: Float64Array) => solveLeastSquares(state, start);

test('each way to end has its name', () => {
  const { model, start } = instance(7, 1);
  expect(ended(makeLeastSquares(model, converging), start)).toBe('converged');
  expect(ended(makeLeastSquares(model, { ...converging, gradientTolerance: 0, stepTolerance: 1e-8 }), start)).toBe(
    'converged',
  );
  expect(ended(makeLeastSquares(model, { maxIterations: 2 }), start)).toBe('iteration limit');
  expect(ended(makeLeastSquares(model, { search: gainRatioSearch, maxIterations: 500 }), start)).toBe('stalled');
  const free = instance(7, 0);
  const gaussNewton = { descent: { kind: 'gaussNewton' } } as const;
  // Twelve unknowns, four equalities, and no row of c below a large h.
  const flat = new QcqpResidual({ ...free.model.data, h: new Float64Array(m).fill(1e3) }, 0);
  flat.setInstance(start, 0, new Float64Array(e), 0);
  expect(ended(makeLeastSquares(flat, gaussNewton), start)).toBe('singular normal matrix');
  const far = makeLeastSquares(model, {
    ...gaussNewton,
    search: { kind: 'fixedStep', stepSize: 40 },
    maxIterations: 50,
  });
  expect(ended(far, start)).toBe('diverged');
  expect(far.objective).toBeLessThan(far.ceiling);
  expect(far.y.every(Number.isFinite)).toBe(true);
  expect(ended(makeLeastSquares(model), start.with(2, NaN))).toBe('NaN');
});

test.each(combinations)('%s allocates no arrays while it iterates', (_, settings) => {
  const { model, start } = instance(5, 1);
  const state = makeLeastSquares(model, { ...settings, maxIterations: 40 });
  solveLeastSquares(state, start);
  const before = process.memoryUsage().arrayBuffers;
  for (let repeat = 0; repeat < 5; repeat++) solveLeastSquares(state, start);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(0);
});

test('a search without anything to adapt is refused', () => {
  const { model } = instance(8);
  expect(() => makeLeastSquares(model, { descent: { kind: 'gaussNewton' }, search: gainRatioSearch })).toThrow(
    /neither damping nor radius/,
  );
});

test.each([0, 0.5, 30])('systems with few changing rows are those of the whole matrix, damping %d', (damping) => {
  const generator = new Generator(11);
  const [n, e, m] = [40, 12, 30];
  const normals = (count: number) => generator.standardNormals(count);
  const data = { n, A: normals(e * n), G: normals(m * n), H: generator.uniforms(0, 0.1, m * n), h: normals(m) };
  const model = new QcqpResidual(data, 0.5);
  const [anchor, x] = [normals(n), normals(e)];
  model.setInstance(anchor, 0, x, 0);
  const state = makeLeastSquares(model, {});
  init(state, normals(n));
  linearise(state);
  const [b, lowRank] = [normals(n), model.kernels.allocate(n)];
  for (const weight of [1, 3]) {
    model.setRowWeights(new Float64Array(e + m).fill(weight));
    init(state, anchor);
    linearise(state);
    lowRank.set(b);
    expect(state.normals.factorDamped(damping, false)).toBe(true);
    expect(state.normals.factor.root).not.toBeNull();
    expect(state.normals.factor.count).toBe(model.activeCount);
    expect(model.activeCount).toBeGreaterThan(3);
    state.normals.solve(lowRank);
    // By another way: JᵀJ, formed and factored in plain loops.
    state.normals.form();
    const whole = state.normals.normal.slice();
    for (let j = 0; j < n; j++) whole[j * (n + 1)] += damping;
    cholesky(n, whole);
    const expected = b.slice();
    solveCholesky(n, whole, expected);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expected.forEach((value, j) => expect(Math.abs(value - lowRank[j])).toBeLessThan(1e-11 * largest));
  }
});

test('where the constant part alone is singular, or most rows change, the whole matrix is factored', () => {
  const { model, start } = instance(12, 0);
  const state = makeLeastSquares(model, {});
  init(state, start);
  linearise(state);
  state.normals.factorDamped(1e-12, false);
  expect(state.normals.factor.root).toBeNull();
  const all = new QcqpResidual({ ...model.data, h: new Float64Array(m).fill(-50) }, 0.3);
  all.setInstance(start, 0, new Float64Array(e), 0);
  const crowded = makeLeastSquares(all, {});
  init(crowded, start);
  linearise(crowded);
  expect(all.activeCount).toBe(m);
  expect(crowded.normals.factorDamped(0, false)).toBe(true);
  expect(crowded.normals.factor.root).toBeNull();
});
