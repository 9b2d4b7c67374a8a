import { describe, expect, it } from 'vitest';
import { Projection } from '../../../layers/convex/projection';
import { symmetricEigen } from '../../../numerics/linalg/symmetricEigen';
import { generateQcqp, qcqpSettings } from '../../../modelling/families/qcqp';
import { traitsOf } from '../../../modelling/traits';
import type { Qcqp } from '../../problem';
import {
  expectLayerGradient,
  largestDifference,
  layerOn,
  normals,
  saved,
  savedProblem,
  trainBriefly,
} from '../fixtures/layers';
import { bicgstab } from './bicgstab';
import { CopySplitting } from './copySplitting';
import { equilibrate } from './equilibration';
import { FixedPointGradient } from './fixedPointGradient';
import { LiftedSet } from './liftedSet';
import { differentiateRow, projectOntoRow } from './secular';
import { splitBatch } from './splitting';

const [y, X] = [Float64Array.from(saved.y), Float64Array.from(saved.x)];
const { n, m, e, B } = saved.dims;
/** Enough to converge; one instance with affine rows takes its time. */
const until = (iterations: number) => ({
  kind: 'piNet',
  iterations,
  backwardIterations: 400,
  backwardTolerance: 1e-13,
});

/** Matrices in the place of the diagonals, turned so that they are none. */
function dense(problem: Qcqp): Qcqp {
  const H = new Float64Array(m * n * n);
  for (let i = 0; i < m; i++) {
    const factor = normals(2 * n, 20 + i);
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) H[(i * n + j) * n + k] = (factor[j] * factor[k] + factor[n + j] * factor[n + k]) / 8;
  }
  return { ...problem, H };
}

const problems: [string, Qcqp, number][] = [
  ['affine', savedProblem('affine'), 30_000],
  ['diagonal', savedProblem('curved'), 3000],
  ['dense', dense(savedProblem('curved')), 3000],
];

describe.each(problems)('Π-net on %s rows', (_, problem, iterations) => {
  const many = until(iterations);
  const projection = new Projection({ ...problem, diagonal: problem.H.length === m * n });
  const exact = Array.from({ length: B }, (_, i) => projection.project(y, i * n, X, i * e));

  it('arrives at the exact projection', async () => {
    const found = await layerOn(problem, many).outputs(y, X);
    exact.forEach((projected, i) => {
      expect(projected.failure).toBeNull();
      expect(largestDifference(found.subarray(i * n, (i + 1) * n), projected.y)).toBeLessThan(1e-7);
    });
  });

  it('has the exact projection’s gradient at the fixed point', async () => {
    const { technique, pass } = layerOn(problem, many);
    const { tf } = pass.device;
    const v = normals(B * n, 8);
    const x = pass.device.tensor(X, [B, e]);
    const weights = pass.device.tensor(v, [B, n]);
    const gradient = tf.grad((raw) => tf.sum(tf.mul(technique.layer!(pass, raw, x), weights)));
    const found = await pass.device.read(gradient(pass.device.tensor(y, [B, n])));
    exact.forEach((projected, i) => {
      const expected = projection.gradient(projected, v, i * n);
      expect(largestDifference(found.slice(i * n, (i + 1) * n), expected)).toBeLessThan(1e-6);
    });
    await expectLayerGradient(problem, { ...many, distance: 0.2 }, y, X, { tolerance: 1e-5, entries: 4 });
  });

  it('depends on its own instance only', async () => {
    const few = layerOn(problem, { kind: 'piNet', iterations: 20 });
    const all = await few.outputs(y, X);
    expect([...all.subarray(n, 2 * n)]).toEqual([...(await few.outputs(y.subarray(n, 2 * n), X.subarray(e, 2 * e)))]);
  });
});

describe('the shortcuts of diagonal matrices, far from the fixed point', () => {
  const settings = { sigma: 0.8, omega: 1.7, backward: { iterations: 4000, tolerance: 1e-13 } };
  const far = y.map((value, i) => 5 * value + Math.sin(i));
  const v = normals(B * n, 31);

  it.each(['affine', 'curved'] as const)('give the gradient of the adjoint system on %s rows', (rows) => {
    const problem = savedProblem(rows);
    const set = new LiftedSet(problem, { iterations: 25, tolerance: 1e-3 });
    const none = { copies: null, gradient: null };
    const shortcut = { copies: null, gradient: new FixedPointGradient(problem, set) };
    for (const iterations of [15, 60]) {
      const [expected, found] = [none, shortcut].map((shortcuts) =>
        splitBatch(set, shortcuts, { ...settings, iterations }, far, X, B, true).backward(v),
      );
      expect(largestDifference(found, expected)).toBeLessThan(1e-8);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
    }
  });

  it('give the iterates of plain loops over all copies, in WebAssembly too', () => {
    for (const size of [9, 41]) {
      const { family, X } = generateQcqp(qcqpSettings.parse({ n: size, m: 12, e: 5, instances: 3, seed: 5 }));
      const set = new LiftedSet(family, { iterations: 0, tolerance: 1 });
      const raw = normals(3 * size, 6).map((value) => 4 * value);
      const shortcut = { copies: new CopySplitting(set), gradient: null };
      const [expected, found] = [{ copies: null, gradient: null }, shortcut].map((shortcuts) =>
        splitBatch(set, shortcuts, { ...settings, iterations: 25 }, raw, X, 3, true),
      );
      expect(largestDifference(found.y, expected.y)).toBeLessThan(1e-11);
      const cotangent = normals(3 * size, 7);
      expect(largestDifference(found.backward(cotangent), expected.backward(cotangent))).toBeLessThan(1e-8);
    }
  });
});

it.each(['affine', 'curved'] as const)('learns on %s rows, with Ay = x in every validation', async (rows) => {
  const { before, after } = await trainBriefly(rows, { kind: 'piNet', testIterations: 400 }, { epochs: 40 });
  for (const metrics of [before, after]) expect(metrics['valid/eq_max']).toBeLessThan(1e-10);
  expect(Math.abs(after['valid/gap_mean'])).toBeLessThan(0.3 * Math.abs(before['valid/gap_mean']));
  expect(after['valid/ineq_max']).toBeLessThan(1e-2);
});

it('is refused where rows are not convex', () => {
  const problem = savedProblem('curved');
  const { technique, settings } = layerOn(problem, until(1));
  expect(technique.refusal!(settings, traitsOf(problem))).toBeNull();
  const H = problem.H.map((value, at) => (at === 3 ? -0.1 : value));
  expect(technique.refusal!(settings, traitsOf({ ...problem, H }))).toContain('negative eigenvalue');
});

describe('its parts', () => {
  it('equilibration makes the norms of rows equal, and those of columns', () => {
    const [rows, columns] = [4, 6];
    const M = normals(rows * columns).map((value, i) => value * 10 ** (i % 5));
    const { rows: r, columns: c } = equilibrate(rows, columns, M, { iterations: 200, tolerance: 1e-6 });
    const norm = (i: number, j: number, count: number, step: (k: number) => [number, number]) =>
      Math.sqrt(Array.from({ length: count }, (_, k) => step(k)).reduce((sum, [a, b]) => sum + (r[a] * M[a * columns + b] * c[b]) ** 2, i * j * 0)); // prettier-ignore
    const ofRows = Array.from({ length: rows }, (_, i) => norm(i, 0, columns, (k) => [i, k]));
    const ofColumns = Array.from({ length: columns }, (_, j) => norm(0, j, rows, (k) => [k, j]));
    for (const norms of [ofRows, ofColumns]) expect(1 - Math.min(...norms) / Math.max(...norms)).toBeLessThan(1e-5);
  });

  it('the secular projection is the nearest point of its row, and its derivative that of differences', () => {
    const row = { eta: Float64Array.of(0.7, 0, 0.2), g: Float64Array.of(0.3, -1, 0.5), h: 0.4 };
    const at = (w0: number[]) => {
      const w = Float64Array.from(w0);
      return { w, lambda: projectOntoRow(row, w, 0) };
    };
    const value = (w: Float64Array) =>
      w.reduce((sum, entry, j) => sum + (row.eta[j] * entry + row.g[j]) * entry, -row.h);
    for (const start of [
      [2, -3, 1],
      [50, 20, -80],
      [1e4, -1e4, 3],
    ]) {
      // prettier-ignore
      const { w, lambda } = at(start);
      expect(Math.abs(value(w))).toBeLessThan(1e-10 * Math.max(1, ...start.map((entry) => entry * entry)));
      start.forEach((entry, j) => expect(Math.abs(entry - w[j] - lambda * (2 * row.eta[j] * w[j] + row.g[j]))).toBeLessThan(1e-8)); // prettier-ignore
    }
    const start = [2, -3, 1];
    const { w, lambda } = at(start);
    const v = normals(3);
    const derivative = v.slice();
    differentiateRow(row, lambda, w, derivative, 0);
    const moved = (by: number) => at(start.map((entry, j) => entry + by * v[j])).w;
    const [above, below] = [moved(1e-5), moved(-1e-5)];
    expect(
      largestDifference(
        derivative,
        above.map((entry, j) => (entry - below[j]) / 2e-5),
      ),
    ).toBeLessThan(1e-7);
    expect(at([0, 0.1, 0]).lambda).toBe(0);
  });

  it('BiCGSTAB solves what it is given, instance by instance', () => {
    const size = 5;
    const matrices = [1, 2].map((seed) => normals(size * size, seed).map((value, k) => value / 4 + (k % (size + 1) === 0 ? 2 : 0))); // prettier-ignore
    const apply = (v: Float64Array, to: Float64Array) =>
      matrices.forEach((matrix, b) => {
        for (let i = 0; i < size; i++) {
          to[b * size + i] = 0;
          for (let j = 0; j < size; j++) to[b * size + i] += matrix[i * size + j] * v[b * size + j];
        }
      });
    const b = normals(2 * size);
    const check = new Float64Array(2 * size);
    apply(bicgstab(2, size, apply, b, { iterations: 50, tolerance: 1e-13 }), check);
    expect(largestDifference(check, b)).toBeLessThan(1e-10);
  });

  it('eigenvectors and eigenvalues make the matrix again', () => {
    const size = 7;
    const factor = normals(size * size);
    const a = new Float64Array(size * size);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) a[i * size + j] = factor[i * size + j] + factor[j * size + i]; // prettier-ignore
    const { values, vectors } = symmetricEigen(size, a);
    const again = a.map((_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      return values.reduce((sum, value, k) => sum + vectors[i * size + k] * value * vectors[j * size + k], 0);
    });
    expect(largestDifference(again, a)).toBeLessThan(1e-13 * size * 4);
  });
});
