import { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { dot, multiply } from '../../numerics/linalg/products';
import { factorRowSpace, pseudoInverseTransposed, type RowSpace } from '../../numerics/linalg/rowSpace';
import { splitByOrder, type Dataset } from '../../store/dataset';

/**
 * The constant part of a parametric QCQP: minimise ½yᵀQy + pᵀy subject to yᵀH_i y + G_iᵀy ≤ h_i (no ½ on H), Ay = x, and
 * lower ≤ y ≤ upper where there are bounds. Arrays are float64, row-major; shapes as in `Dataset`.
 */
export type QcqpFamily = Pick<
  Dataset,
  'n' | 'm' | 'e' | 'Q' | 'p' | 'A' | 'G' | 'H' | 'diagonal' | 'h' | 'lower' | 'upper'
>;

/** A family and its instances: row i of X [N, e] is the right-hand side x of instance i. */
export interface QcqpInstances {
  family: QcqpFamily;
  N: number;
  X: Float64Array;
}

const size = z.number().int().positive().max(100_000_000);

/** Settings that every family has. */
export const sizes = (defaults: { instances: number; seed: number }) => ({
  n: size.default(100).describe('Variables.'),
  m: size.default(50).describe('Inequality rows.'),
  e: size.default(50).describe('Equality rows; at most n.'),
  instances: size.default(defaults.instances).describe('Instances N.'),
  seed: z.number().int().nonnegative().default(defaults.seed).describe('Seed of numpy’s default_rng.'),
});
export type Sizes = Record<'n' | 'm' | 'e' | 'instances' | 'seed', number>;

/** One way to make problems: a file with one exported object, listed in registry.ts. */
export interface ProblemFamily<Settings extends z.ZodObject = z.ZodObject> {
  kind: string;
  title: string;
  /** In words, for lists and forms. */
  summary: string;
  /** KaTeX source. */
  formula: string;
  reference: string;
  settings: Settings;
  presets: readonly { name: string; title: string; settings: Partial<Sizes> }[];
  /** Raised whenever the same settings give other numbers. */
  version: number;
  /** Every variable has bounds. */
  bounded: boolean;
  /** Float64 entries of the constant arrays. */
  constants(settings: z.output<Settings>): number;
  /** Which settings contradict each other. */
  contradictions(settings: z.output<Settings>): Finding[];
  /** Draws everything; sizes have been checked. @throws AdjointError `bad-request` for an A without full row rank */
  draw(settings: z.output<Settings>): QcqpInstances;
  splits(N: number): Dataset['splits'];
}

/** Entries of a dataset's arrays that grow with its instances: X, Y and the multipliers. */
const perInstance = ({ n, m, e }: Sizes, bounds: boolean): number => 2 * e + n + m + (bounds ? 2 * n : 0);

/** Bytes of the .npz file: the arrays; headers are nothing beside them. */
export function fileBytes(family: ProblemFamily, settings: Sizes & Record<string, unknown>): number {
  return 8 * (family.constants(settings) + settings.instances * (perInstance(settings, family.bounded) + 1));
}

/**
 * Bytes that generating, labelling and writing takes at its peak: every array once in memory and once encoded, the reduced constant
 * parts, and one H_i basis.
 */
export function peakBytes(family: ProblemFamily, settings: Sizes & Record<string, unknown>): number {
  const { n, m } = settings;
  return 2 * fileBytes(family, settings) + 8 * (3 * n * n + m * n);
}

/**
 * Checks settings against each other and against the memory there is, before anything is allocated.
 *
 * @param memory bytes that may be used
 * @returns a finding for each setting, empty where all is well
 */
export function checkSettings(
  family: ProblemFamily,
  settings: Sizes & Record<string, unknown>,
  memory: number,
): Finding[] {
  const { n, e } = settings;
  const findings = family.contradictions(settings);
  if (e > n)
    findings.unshift({
      path: 'e',
      message: `There are ${e} equality rows but only ${n} variables, so Ay = x has no answer for most x: choose e ≤ n`,
    });
  if (findings.length > 0) return findings;
  const bytes = peakBytes(family, settings);
  // 2³² entries is what one typed array holds.
  if (bytes <= memory && bytes / 8 <= 2 ** 32) return [];
  const fixed = peakBytes(family, { ...settings, instances: 0 });
  const each = (bytes - fixed) / settings.instances;
  const fitting = Math.floor((Math.min(memory, 8 * 2 ** 32) - fixed) / each);
  return [
    {
      path: fitting >= 1 ? 'instances' : 'n',
      message:
        `A dataset of this size takes ${formatBytes(bytes)} to make and ${formatBytes(memory)} are available: ` +
        (fitting >= 1
          ? `${fitting} instances would fit`
          : 'the constant arrays alone do not fit; choose smaller n and m'),
    },
  ];
}

/** `checkSettings`, and then draws. @throws AdjointError `bad-request` with a finding for each setting */
export function generateInstances(
  family: ProblemFamily,
  settings: Sizes & Record<string, unknown>,
  memory: number = process.availableMemory(),
): QcqpInstances {
  const findings = checkSettings(family, settings, memory);
  if (findings.length > 0)
    throw new AdjointError('bad-request', `${findings[0].message}.`, {
      where: findings[0].path,
      fix: 'Change the settings that are named.',
      findings,
    });
  return family.draw(settings);
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

/** h_i = Σ_j|(GA⁺)_ij|, the least bound under which G A⁺x ≤ h for every x in [−1, 1]ᵉ. */
export function absoluteRowSums({ n, m, e, A, G }: Pick<QcqpFamily, 'n' | 'm' | 'e' | 'A' | 'G'>): Float64Array {
  const plus = pseudoInverseTransposed(rowSpaceOfA(A, e, n));
  const row = new Float64Array(e);
  const h = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    multiply(e, n, plus, G.subarray(i * n, (i + 1) * n), row);
    h[i] = row.reduce((sum, value) => sum + Math.abs(value), 0);
  }
  return h;
}

/** Q [n, n] with this diagonal. */
export function diagonalMatrix(diagonal: Float64Array): Float64Array {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = diagonal[i];
  return matrix;
}

/** max‖x‖₂ over the rows of X [N, e]. */
export function largestNorm(X: Float64Array, N: number, e: number): number {
  let squared = 0;
  for (let i = 0; i < N; i++) squared = Math.max(squared, dot(e, X, i * e, X, i * e));
  return Math.sqrt(squared);
}

/** Train, validation and test instances by order, given the shares of the last two. */
export function splitByShares(N: number, valid: number, test: number): Dataset['splits'] {
  const [v, t] = [Math.round(N * valid), Math.round(N * test)];
  if (N - v - t < 1 || v < 1 || t < 1) return splitByOrder(N);
  const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  return { train: range(0, N - v - t), valid: range(N - v - t, N - t), test: range(N - t, N) };
}
