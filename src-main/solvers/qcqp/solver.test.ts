import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import type { QcqpFamily } from '../../modelling/families/family';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import { readDataset } from '../../store/dataset';
import stored from '../../store/fixtures/qcqp-n20.expected.json' with { type: 'json' };
import { QcqpSolver } from './solver';

interface Expected {
  objective: number;
  y: number[];
  dual: { equality: number[]; inequality: number[] };
  active: { inequality: number[] };
  smallestActiveMultiplier: number;
  smallestInactiveSlack: number;
}
interface Case {
  n: number;
  Q: number[][];
  p: number[];
  A: number[][];
  b: number[];
  G: number[][];
  h: number[];
  H: (number[] | number[][] | null)[];
  expected: Expected;
}

const readCase = (name: string): Case =>
  JSON.parse(readFileSync(resolve(`resources/cases/layers/${name}.json`), 'utf8')) as Case;
const flat = (values: (number | number[])[]): Float64Array => Float64Array.from(values.flat());

function familyOf({ n, Q, p, A, G, h, H }: Case): QcqpFamily {
  const diagonal = H.every((row) => row === null || typeof row[0] === 'number');
  const width = diagonal ? n : n * n;
  return {
    ...{ n, m: G.length, e: A.length, diagonal },
    ...{ Q: flat(Q), p: flat(p), A: flat(A), G: flat(G), h: flat(h) },
    H: Float64Array.from(H.flatMap((row) => (row === null ? Array<number>(width).fill(0) : [...flat(row)]))),
  };
}

/** The same family with every H_i written as a full matrix, so that the dense model solves it. */
function asDense(family: QcqpFamily): QcqpFamily {
  const { n, m } = family;
  const H = new Float64Array(m * n * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) H[i * n * n + j * (n + 1)] = family.H[i * n + j];
  return { ...family, H, diagonal: false };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const error = Math.hypot(...Array.from(expected, (value, i) => actual[i] - value));
  expect(error).toBeLessThanOrEqual(tolerance * Math.max(1, Math.hypot(...Array.from(expected))));
}

function expectOptimum(family: QcqpFamily, x: Float64Array, expected: Expected): void {
  const { status, y, inequality, equality, objective, certificate } = new QcqpSolver(family).solve(x);
  expect(status).toBe('optimal');
  expectClose(y, expected.y, 1e-11);
  expectClose(inequality, expected.dual.inequality, 1e-10);
  expectClose(equality, expected.dual.equality, 1e-10);
  expect(Math.abs(objective - expected.objective)).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected.objective)));
  expect([...inequality.keys()].filter((i) => inequality[i] > 0)).toEqual(expected.active.inequality);
  expect(certificate.violation).toBeLessThan(1e-12);
  expect(certificate.gap).toBeLessThan(1e-11);
  const margin = Math.min(expected.smallestActiveMultiplier, expected.smallestInactiveSlack);
  expect(Math.abs(certificate.complementarityMargin / margin - 1)).toBeLessThan(1e-6);
}

describe('the QCQP solver agrees with 50-digit solutions', () => {
  it.each(['qcqp-diagonal', 'qcqp-dense'])('%s', (name) => {
    const example = readCase(name);
    expectOptimum(familyOf(example), flat(example.b), example.expected);
  });

  it('n = 100 with 22 of 50 rows active, by the diagonal and by the dense model', () => {
    const { expected, h } = readCase('qcqp-n100');
    const { family, X } = generateQcqp(qcqpSettings.parse({ instances: 64 }));
    expectClose(family.h, h, 1e-14);
    expectOptimum(family, X, expected);
    expectOptimum(asDense(family), X, expected);
  });

  it('all 200 labels of the stored dataset, their objectives and numbers of active rows', () => {
    const dataset = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
    const solver = new QcqpSolver(dataset);
    for (let i = 0; i < dataset.N; i++) {
      const { status, y, objective, inequality, certificate } = solver.solve(dataset.X, i * dataset.e);
      expect(status).toBe('optimal');
      const label = dataset.Y.subarray(i * dataset.n, (i + 1) * dataset.n);
      expect(Math.hypot(...y.map((value, j) => value - label[j]))).toBeLessThan(1e-9);
      expect(Math.abs(objective - stored.objective[i])).toBeLessThan(1e-12 * Math.abs(stored.objective[i]));
      expect(inequality.filter((value) => value > 0).length).toBe(stored.activeQuadratics[i]);
      expect(certificate.violation).toBeLessThan(1e-10);
      expect(certificate.gap).toBeLessThan(1e-9);
    }
  });
});

/** minimise ½yᵀQy + pᵀy, Q = diag q, with rows given as [diagonal of H_i, G_i, h_i] and A = [a]. */
function toy(q: number[], p: number[], a: number[], rows: [number[], number[], number][]): QcqpFamily {
  const n = q.length;
  return {
    ...{ n, m: rows.length, e: a.length > 0 ? 1 : 0, diagonal: true },
    Q: Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? q[Math.floor(i / n)] : 0)),
    p: Float64Array.from(p),
    A: Float64Array.from(a),
    G: Float64Array.from(rows.flatMap(([, g]) => g)),
    H: Float64Array.from(rows.flatMap(([d]) => d)),
    h: Float64Array.from(rows.map(([, , h]) => h)),
  };
}

describe('outcomes by name', () => {
  const x = Float64Array.of(1);

  it('qcqp_equality_only: without rows one Newton step is the answer', () => {
    const { status, y, equality } = new QcqpSolver(toy([1, 3], [0, 0], [1, 1], [])).solve(x);
    expect(status).toBe('optimal');
    expectClose(y, [0.75, 0.25], 1e-14);
    expectClose(equality, [-0.75], 1e-14);
  });

  it('qcqp_vertex_of_a_linear_program: Q = 0 is no obstacle at a vertex', () => {
    const rows: [number[], number[], number][] = [
      [[0, 0], [-1, 0], 0],
      [[0, 0], [0, -1], 0],
    ];
    const { status, y, inequality } = new QcqpSolver(toy([0, 0], [1, 2], [1, 1], rows)).solve(x);
    expect(status).toBe('optimal');
    expectClose(y, [1, 0], 1e-12);
    expectClose(inequality, [0, 1], 1e-12);
  });

  it('qcqp_duplicate_row: y is right although the multipliers are not unique', () => {
    const row: [number[], number[], number] = [[1, 1], [0, 0], 1];
    const { status, y, inequality } = new QcqpSolver(toy([1, 1], [-4, 0], [], [row, row])).solve(x);
    expect(status).toBe('optimal');
    expectClose(y, [1, 0], 1e-9);
    expect(inequality[0] + inequality[1]).toBeCloseTo(1.5, 8);
  });

  it('qcqp_primal_infeasible: two balls that do not meet, with multipliers that prove it', () => {
    // (y₁ − 3)² + y₂² ≤ 1 and (y₁ + 3)² + y₂² ≤ 1
    const rows: [number[], number[], number][] = [
      [[1, 1], [-6, 0], -8],
      [[1, 1], [6, 0], -8],
    ];
    const { status, inequality } = new QcqpSolver(toy([1, 1], [1, 1], [], rows)).solve(x);
    expect(status).toBe('primal infeasible');
    // With equal weights Σλ_ic_i = Σλ_i(‖y‖² + 8) > 0 everywhere.
    expect(inequality[0] / inequality[1]).toBeCloseTo(1, 3);
  });

  it('qcqp_dual_infeasible: the objective falls along a ray', () => {
    const rows: [number[], number[], number][] = [[[0, 0], [-1, 0], 0]];
    expect(new QcqpSolver(toy([0, 1], [-1, 0], [], rows)).solve(x).status).toBe('dual infeasible');
  });

  it('qcqp_iteration_limit: says so, and still certifies what it has', () => {
    const { family, X } = generateQcqp(qcqpSettings.parse({ n: 20, m: 10, e: 10, instances: 1 }));
    const result = new QcqpSolver(family, { maxIterations: 1, polishSteps: 0 }).solve(X);
    expect(result.status).toBe('iteration limit');
    expect(result.certificate.gap).toBeGreaterThan(1e-9);
  });
});

describe('a batch', () => {
  it('every size and option of the generator is labelled within the promise', () => {
    for (const change of [
      { n: 30, m: 20, e: 5, hessians: 'dense' as const, tightness: 3 },
      { n: 40, m: 30, e: 10, rank: 10, condition: 1e6 },
      { n: 10, m: 40, e: 9 },
      { n: 10, m: 3, e: 10 },
    ]) {
      const { family, X, N } = generateQcqp(qcqpSettings.parse({ ...change, instances: 20 }));
      const solver = new QcqpSolver(family);
      for (let i = 0; i < N; i++) {
        const { status, certificate } = solver.solve(X, i * family.e);
        if (change.tightness && status === 'primal infeasible') continue;
        expect(status).toBe('optimal');
        expect(certificate.violation).toBeLessThan(1e-10);
        expect(certificate.gap).toBeLessThan(1e-9);
      }
    }
  });

  it('an instance’s result does not depend on those before it, to the bit', () => {
    const { family, X, N } = generateQcqp(qcqpSettings.parse({ n: 20, m: 10, e: 10, instances: 10 }));
    const together = new QcqpSolver(family);
    for (const i of new Generator(1).permutation(N))
      expect(together.solve(X, i * 10).y).toEqual(new QcqpSolver(family).solve(X, i * 10).y);
  });

  it('allocates nothing while it iterates', () => {
    const { family, X, N } = generateQcqp(qcqpSettings.parse({ n: 20, m: 10, e: 10, instances: 20 }));
    const solver = new QcqpSolver(family);
    const all = () => {
      for (let i = 0; i < N; i++) solver.solve(X, i * 10);
    };
    for (let i = 0; i < 5; i++) all();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) all();
    // 400 solves of 6 iterations: one small array an iteration would be some 400 kB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000);
  });
});
