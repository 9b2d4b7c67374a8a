import { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { symmetricNorm } from '../../numerics/linalg/eigenvalues';
import { dot, multiply, multiplySymmetric, multiplyTransposed } from '../../numerics/linalg/products';
import {
  factorRowSpace,
  orthonormalRows,
  pseudoInverseTransposed,
  type RowSpace,
} from '../../numerics/linalg/rowSpace';
import { Generator } from '@shared/random/generator';
import type { Dataset } from '../../store/dataset';

/**
 * The constant part of a parametric QCQP: minimise ½yᵀQy + pᵀy subject to yᵀH_i y + G_iᵀy ≤ h_i (no ½ on H), Ay = x.
 * Arrays are float64, row-major; shapes as in `Dataset`.
 */
export type QcqpFamily = Pick<Dataset, 'n' | 'm' | 'e' | 'Q' | 'p' | 'A' | 'G' | 'H' | 'diagonal' | 'h'>;

/** A family and its instances: row i of X [N, e] is the right-hand side x of instance i. */
export interface QcqpInstances {
  family: QcqpFamily;
  N: number;
  X: Float64Array;
}

const size = z.number().int().positive();

/** Settings of the generator. The defaults are the published family at n = 100. */
export const qcqpSettings = z.strictObject({
  n: size.default(100).describe('Variables.'),
  m: size.default(50).describe('Inequality rows, each a convex quadratic.'),
  e: size.default(50).describe('Equality rows; at most n.'),
  instances: size.default(5000).describe('Instances N.'),
  seed: z.number().int().nonnegative().default(2025).describe('Seed of numpy’s default_rng.'),
  hessians: z
    .enum(['diagonal', 'dense'])
    .default('diagonal')
    .describe('H_i diagonal, or dense with the same eigenvalues in a random orthonormal basis.'),
  rank: size.nullable().default(null).describe('Rank of Q: its last n − rank diagonal entries are 0; full by default.'),
  condition: z
    .number()
    .min(1)
    .nullable()
    .default(null)
    .describe('Largest over smallest nonzero eigenvalue of Q; by default as drawn.')
    .meta({ scale: 'log' }),
  tightness: z
    .number()
    .positive()
    .default(1)
    .describe('Divides the bound under which A⁺x is feasible for every x. Above 1 instances may be infeasible.')
    .meta({ scale: 'log' }),
});
export type QcqpSettings = z.output<typeof qcqpSettings>;

/** The six sizes at which techniques are compared. */
export const qcqpSuite = {
  n50: { n: 50, m: 20, e: 20, instances: 2000 },
  n75: { n: 75, m: 35, e: 35, instances: 3000 },
  n100: { n: 100, m: 50, e: 50, instances: 5000 },
  n150: { n: 150, m: 75, e: 60, instances: 5000 },
  n200: { n: 200, m: 100, e: 80, instances: 4000 },
  n300: { n: 300, m: 150, e: 100, instances: 3000 },
} as const satisfies Record<string, Partial<QcqpSettings>>;

/**
 * Bytes that generating, labelling and writing such a dataset takes at its peak: every array once in memory and once encoded, the
 * reduced constant parts, and one H_i basis.
 */
export function qcqpBytes(settings: QcqpSettings): number {
  const { n, m, e, instances } = settings;
  const hessians = settings.hessians === 'dense' ? m * n * n : m * n;
  const stored = n * n + n + e * n + m * n + hessians + m + instances * (2 * e + n + m);
  return 8 * (2 * stored + 3 * n * n + m * n);
}

/**
 * Checks settings against each other and against the memory there is, before anything is allocated.
 *
 * @param memory bytes that may be used
 * @throws AdjointError `bad-request` with a finding for each setting
 */
export function checkQcqpSettings(settings: QcqpSettings, memory: number): void {
  const { n, e, rank } = settings;
  const findings: Finding[] = [];
  if (e > n)
    findings.push({
      path: 'e',
      message: `There are ${e} equality rows but only ${n} variables, so Ay = x has no answer`,
    });
  if (rank !== null && rank > n)
    findings.push({ path: 'rank', message: `Q has ${n} rows; its rank cannot be ${rank}` });
  if (findings.length > 0)
    throw new AdjointError('bad-request', `${findings[0].message}.`, {
      where: findings[0].path,
      fix: 'Choose e ≤ n and rank ≤ n.',
      findings,
    });
  const bytes = qcqpBytes(settings);
  // 2³² entries is what one typed array holds.
  if (bytes > memory || bytes / 8 > 2 ** 32)
    throw new AdjointError(
      'bad-request',
      `A dataset of this size takes ${formatBytes(bytes)}; ${formatBytes(memory)} are available.`,
      {
        where: settings.hessians === 'dense' ? 'n, m, hessians' : 'n, m, instances',
        fix: 'Generate fewer instances, a smaller problem, or diagonal H_i.',
      },
    );
}

/**
 * Draws the family and its instances from numpy's default_rng(seed), in this order: the diagonal of Q from U[0, .5]; p, A, G from
 * U[−1, 1]; X from U[−.5, .5]; the eigenvalues of every H_i from U[0, .1]; for dense H_i then a basis each. h is computed, so that
 * A⁺x is strictly feasible for every x at tightness 1:
 *
 *   h_i = (‖A⁺ᵀH_iA⁺‖₂ max‖x‖² + ‖G_iA⁺‖ max‖x‖)/tightness + .1
 *
 * @throws AdjointError `bad-request` for settings that disagree, that do not fit into memory, or an A without full row rank
 */
export function generateQcqp(settings: QcqpSettings, memory: number = process.availableMemory()): QcqpInstances {
  checkQcqpSettings(settings, memory);
  const { n, m, e, instances: N } = settings;
  const diagonal = settings.hessians === 'diagonal';
  const generator = new Generator(settings.seed);
  const spectrum = spectrumOfQ(generator.uniforms(0, 0.5, n), settings);
  const p = generator.uniforms(-1, 1, n);
  const A = generator.uniforms(-1, 1, e * n);
  const G = generator.uniforms(-1, 1, m * n);
  const X = generator.uniforms(-0.5, 0.5, N * e);
  const eigenvalues = generator.uniforms(0, 0.1, m * n);
  const H = diagonal ? eigenvalues : inRandomBases(generator, m, n, eigenvalues);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) Q[i * n + i] = spectrum[i];
  const family: QcqpFamily = { n, m, e, Q, p, A, G, H, diagonal, h: new Float64Array(m) };
  family.h = bounds(family, X, N, settings.tightness);
  return { family, N, X };
}

/** The drawn diagonal with the rank and the condition that are asked for. */
function spectrumOfQ(drawn: Float64Array, { n, rank, condition }: QcqpSettings): Float64Array {
  const positive = drawn.subarray(0, rank ?? n);
  if (condition !== null) {
    // The logarithm of the eigenvalues is spread over [ln(.5/κ), ln .5] as the draws are over their own range.
    const least = positive.reduce((a, b) => Math.min(a, b), Infinity);
    const range = positive.reduce((a, b) => Math.max(a, b), 0) - least;
    for (let i = 0; i < positive.length; i++)
      positive[i] = 0.5 * condition ** (range > 0 ? (positive[i] - least) / range - 1 : 0);
  }
  drawn.fill(0, rank ?? n);
  return drawn;
}

/** H_i = VDVᵀ [m, n, n] with D the given eigenvalues and V the Q of the QR of a standard normal n × n matrix, drawn row by row. */
function inRandomBases(generator: Generator, m: number, n: number, eigenvalues: Float64Array): Float64Array {
  const result = new Float64Array(m * n * n);
  const scaled = new Float64Array(n * n);
  for (let i = 0; i < m; i++) {
    const basis = orthonormalRows(factorRowSpace(generator.standardNormals(n * n), n, n), 0);
    for (let r = 0; r < n; r++)
      for (let k = 0; k < n; k++) scaled[r * n + k] = basis[r * n + k] * eigenvalues[i * n + k];
    const h = result.subarray(i * n * n, (i + 1) * n * n);
    multiplySymmetric(n, n, scaled, basis, h);
    for (let r = 0; r < n; r++) for (let k = 0; k < r; k++) h[k * n + r] = h[r * n + k];
  }
  return result;
}

/** Factors A [e, n]. @throws AdjointError `bad-request` if it has no full row rank, because then some x have no y with Ay = x */
export function rowSpaceOfA(A: Float64Array, e: number, n: number): RowSpace {
  const space = e > n ? null : factorRowSpace(A, e, n);
  if (space?.rank === e) return space;
  const rank = space ? `rank ${space.rank}` : `${n} columns`;
  throw new AdjointError('bad-request', `A has ${e} rows but only ${rank}: some x have no y with Ay = x.`, {
    where: 'A',
    fix: 'Leave out the rows that depend on others.',
  });
}

/** The bounds h [m] of `generateQcqp`. */
function bounds(
  { n, m, e, A, G, H, diagonal }: QcqpFamily,
  X: Float64Array,
  N: number,
  tightness: number,
): Float64Array {
  const space = rowSpaceOfA(A, e, n);
  let squared = 0;
  for (let i = 0; i < N; i++) squared = Math.max(squared, dot(e, X, i * e, X, i * e));
  const radius = Math.sqrt(squared);
  const plus = pseudoInverseTransposed(space);
  const image = new Float64Array(e * n);
  const reduced = new Float64Array(e * e);
  const row = new Float64Array(e);
  const result = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    if (diagonal) for (let j = 0; j < image.length; j++) image[j] = plus[j] * H[i * n + (j % n)];
    else multiplyTransposed(e, n, n, plus, H.subarray(i * n * n, (i + 1) * n * n), image);
    multiplySymmetric(e, n, image, plus, reduced);
    multiply(e, n, plus, G.subarray(i * n, (i + 1) * n), row);
    const linear = Math.sqrt(dot(e, row, 0, row, 0));
    result[i] = (symmetricNorm(e, reduced) * squared + linear * radius) / tightness + 0.1;
  }
  return result;
}
