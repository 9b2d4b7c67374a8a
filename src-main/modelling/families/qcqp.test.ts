import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjointError } from '@shared/errors';
import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import { factorRowSpace, leastNorm } from '../../numerics/linalg/rowSpace';
import { readDataset } from '../../store/dataset';
import { rowSpaceOfA, type QcqpFamily } from './family';
import { generateQcqp, qcqpSettings, qcqpSuite, type QcqpSettings } from './qcqp';

const small = { n: 20, m: 10, e: 10, instances: 200, seed: 2025 };
const settings = (change: Partial<QcqpSettings> = {}): QcqpSettings => qcqpSettings.parse({ ...small, ...change });

function problemOf(run: () => unknown): AdjointError['problem'] {
  try {
    run();
  } catch (error) {
    if (error instanceof AdjointError) return error.problem;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** c_i(y) in plain loops. */
function rowValue({ n, G, H, h, diagonal }: QcqpFamily, i: number, y: Float64Array): number {
  let value = -h[i];
  for (let a = 0; a < n; a++) {
    value += G[i * n + a] * y[a];
    if (diagonal) value += H[i * n + a] * y[a] ** 2;
    else for (let b = 0; b < n; b++) value += y[a] * H[(i * n + a) * n + b] * y[b];
  }
  return value;
}

function largestRowAtLeastNorm(family: QcqpFamily, X: Float64Array, N: number): number {
  const space = factorRowSpace(family.A, family.e, family.n);
  const y = new Float64Array(family.n);
  let largest = -Infinity;
  for (let k = 0; k < N; k++) {
    leastNorm(space, X, k * family.e, y);
    for (let i = 0; i < family.m; i++) largest = Math.max(largest, rowValue(family, i, y));
  }
  return largest;
}

describe('the QCQP generator', () => {
  it('seed 2025 gives the stored dataset: the draws bit for bit, h to 1e-12', () => {
    const stored = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
    const { family, X } = generateQcqp(settings());
    for (const name of ['Q', 'p', 'A', 'G', 'H'] as const) expect(family[name], name).toEqual(stored[name]);
    expect(X).toEqual(stored.X);
    const error = stored.h.map((value, i) => Math.abs(family.h[i] - value));
    expect(Math.max(...error)).toBeLessThan(1e-12);
  });

  it.each(['diagonal', 'dense'] as const)('with %s H_i, A⁺x is feasible with .1 to spare for every x', (hessians) => {
    const { family, X, N } = generateQcqp(settings({ hessians }));
    expect(largestRowAtLeastNorm(family, X, N)).toBeLessThan(-0.1);
  });

  it('dense H_i have the eigenvalues of the diagonal ones, and everything else is drawn the same', () => {
    const diagonal = generateQcqp(settings()).family;
    const dense = generateQcqp(settings({ hessians: 'dense' })).family;
    expect(dense.A).toEqual(diagonal.A);
    for (const i of [0, 9]) {
      const h = dense.H.slice(i * 400, (i + 1) * 400);
      for (let a = 0; a < 20; a++) for (let b = 0; b < a; b++) expect(h[a * 20 + b]).toBe(h[b * 20 + a]);
      const expected = diagonal.H.slice(i * 20, (i + 1) * 20).sort();
      symmetricEigenvalues(20, h).forEach((value, k) => expect(value).toBeCloseTo(expected[k], 14));
    }
  });

  it('Q has the rank and the condition asked for', () => {
    const { Q } = generateQcqp(settings({ rank: 12, condition: 1e4 })).family;
    const spectrum = Float64Array.from({ length: 20 }, (_, i) => Q[i * 21]);
    expect([...spectrum.slice(12)]).toEqual(Array(8).fill(0));
    expect(Math.max(...spectrum)).toBe(0.5);
    expect(Math.max(...spectrum) / Math.min(...spectrum.slice(0, 12))).toBeCloseTo(1e4, 6);
  });

  it('tightness divides the bound, not the margin', () => {
    const loose = generateQcqp(settings()).family.h;
    const tight = generateQcqp(settings({ tightness: 4 })).family.h;
    tight.forEach((value, i) => expect(value).toBeCloseTo((loose[i] - 0.1) / 4 + 0.1, 14));
  });

  it('refuses more equality rows than variables', () => {
    expect(problemOf(() => generateQcqp(settings({ e: 21 })))).toMatchObject({ code: 'bad-request', where: 'e' });
    expect(problemOf(() => generateQcqp(settings({ rank: 21 })))).toMatchObject({ code: 'bad-request', where: 'rank' });
  });

  it('refuses an A whose rows depend on each other', () => {
    const A = Float64Array.of(1, 2, 3, 2, 4, 6);
    expect(problemOf(() => rowSpaceOfA(A, 2, 3))).toMatchObject({ code: 'bad-request', where: 'A' });
    expect(problemOf(() => rowSpaceOfA(A, 3, 2)).what).toContain('2 columns');
  });

  it('refuses what does not fit into memory before allocating any of it', () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = qcqpSettings.parse({ n: 100_000, m: 1000, e: 10, instances: 1, hessians: 'dense' });
    expect(problemOf(() => generateQcqp(huge)).what).toMatch(/takes .* are available/);
    expect(problemOf(() => generateQcqp(settings(), 1000)).code).toBe('bad-request');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e7);
  });

  it('every size of the suite is a valid setting', () => {
    for (const entry of Object.values(qcqpSuite)) expect(qcqpSettings.parse(entry)).toMatchObject(entry);
  });
});
