import { z } from 'zod';
import type { Finding } from '@shared/errors';
import { symmetricNorm } from '../../numerics/linalg/eigenvalues';
import { dot, multiply, multiplySymmetric, multiplyTransposed } from '../../numerics/linalg/products';
import { Generator } from '@shared/random/generator';
import { factorRowSpace, orthonormalRows, pseudoInverseTransposed } from '../../numerics/linalg/rowSpace';
import { splitByOrder } from '../../store/dataset';
import {
  diagonalMatrix,
  generateInstances,
  largestNorm,
  type ProblemFamily,
  type QcqpFamily,
  type QcqpInstances,
  rowSpaceOfA,
  sizes,
} from './family';

/** Settings of the generator. The defaults are the published family at n = 100. */
export const qcqpSettings = z.strictObject({
  ...sizes({ instances: 5000, seed: 2025 }),
  hessians: z
    .enum(['diagonal', 'dense'])
    .default('diagonal')
    .describe('H_i diagonal, or dense with the same eigenvalues in a random orthonormal basis.'),
  rank: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Rank of Q: its last n − rank diagonal entries are 0; full by default.'),
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
 * Draws the family and its instances from numpy's default_rng(seed), in this order: the diagonal of Q from U[0, .5]; p, A, G from
 * U[−1, 1]; X from U[−.5, .5]; the eigenvalues of every H_i from U[0, .1]; for dense H_i then a basis each. h is computed, so that
 * A⁺x is strictly feasible for every x at tightness 1:
 *
 *   h_i = (‖A⁺ᵀH_iA⁺‖₂ max‖x‖² + ‖G_iA⁺‖ max‖x‖)/tightness + .1
 *
 * @throws AdjointError `bad-request` for an A without full row rank
 */
function draw(settings: QcqpSettings): QcqpInstances {
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
  const Q = diagonalMatrix(spectrum);
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

/** The bounds h [m] of `generateQcqp`. */
function bounds(
  { n, m, e, A, G, H, diagonal }: QcqpFamily,
  X: Float64Array,
  N: number,
  tightness: number,
): Float64Array {
  const space = rowSpaceOfA(A, e, n);
  const radius = largestNorm(X, N, e);
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
    result[i] = (symmetricNorm(e, reduced) * radius ** 2 + linear * radius) / tightness + 0.1;
  }
  return result;
}

function contradictions({ n, rank, condition }: QcqpSettings): Finding[] {
  const findings: Finding[] = [];
  if (rank !== null && rank > n)
    findings.push({ path: 'rank', message: `Q has ${n} rows; its rank cannot be ${rank}: choose at most ${n}` });
  if (condition !== null && condition > 1 && (rank ?? n) < 2)
    findings.push({
      path: 'condition',
      message: 'A Q of rank 1 has condition 1: choose a larger rank, or leave this out',
    });
  return findings;
}

/** The family of the studies: rows are convex quadratics, and A⁺x is strictly feasible by construction. */
export const qcqp: ProblemFamily<typeof qcqpSettings> = {
  kind: 'qcqp',
  title: 'QCQP',
  summary:
    'A convex quadratic objective with convex quadratic inequality rows and linear equality rows. The data are fixed and x varies; ' +
    'the bounds h are chosen so that every instance is strictly feasible.',
  formula:
    '\\min_y \\tfrac12 y^\\top Q y + p^\\top y \\quad\\text{s.t.}\\quad y^\\top H_i y + G_i^\\top y \\le h_i,\\; i = 1..m, \\quad A y = x',
  reference: 'After Donti, Rolnick & Kolter, DC3, ICLR 2021, with convex quadratic rows.',
  settings: qcqpSettings,
  presets: Object.entries(qcqpSuite).map(([name, settings]) => ({
    name,
    title: `n = ${settings.n}, m = ${settings.m}, e = ${settings.e}, N = ${settings.instances}`,
    settings,
  })),
  version: 1,
  bounded: false,
  constants: ({ n, m, e, hessians }) => n * n + n + e * n + m * n + (hessians === 'dense' ? m * n * n : m * n) + m,
  contradictions,
  draw,
  splits: splitByOrder,
};

/** Checks the settings and draws. @throws AdjointError `bad-request` */
export const generateQcqp = (settings: QcqpSettings, memory?: number): QcqpInstances =>
  generateInstances(qcqp, settings, memory);
