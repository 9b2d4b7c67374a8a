import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Generator } from '@shared/random/generator';
import { AdjointError } from '@shared/errors';
import { samplingLaws, type VariableDatum } from '../../modelling/families/matrixSettings';
import { rowSpaceOfA, type ProblemFamily, type QcqpFamily, splitByShares } from '../../modelling/families/family';
import { parseMatrixProblem } from '../convex/matrixProblem';
import type { ConvexProblem, SymmetricMatrix } from '../convex/problem';
import { convexityFindings } from '../convex/validate';

export interface Variation {
  datum: VariableDatum;
  /** Which entries; all if absent. The others keep the file's value. */
  entries?: readonly number[];
}

const words: Record<VariableDatum, string> = { b: 'right-hand sides of Ay = b', h: 'limits of the inequality rows' };

/**
 * One user's problem as a family: instances are the problem with other right-hand sides, b₀ + spread·u or h₀ + spread·u, where u is
 * U[−1, 1] or N(0, 1), drawn row by row from one default_rng(seed); or they are the first rows of the file’s `b_samples` or `h_samples`. Limits h become right-hand sides of equality rows by a variable each:
 *
 *     yᵀH_i y + G_iᵀy − t_i ≤ 0,   t_i = x_i
 *
 * @param text a file of the format matrix-problem/1
 * @throws AdjointError `bad-request` for a file that is none, `unsupported` for what a dataset cannot hold
 */
export function matrixFamily(text: string, where: string, { datum, entries }: Variation): ProblemFamily {
  const { file, problem } = parseMatrixProblem(text, where);
  checkProblem(problem, datum, where);
  const vary = checkEntries(problem[datum].length, entries, datum);
  const { family, centre, varying } = datum === 'b' ? varyingRows(problem, vary) : varyingLimits(problem, vary);
  rowSpaceOfA(family.A, family.e, family.n);
  const { n, m, e } = family;
  const samples = file[`${datum}_samples`] ?? [];
  const numbers = vary.join(' ');
  const digest = createHash('sha256').update(text).digest('hex');
  const settings = z.strictObject({
    n: z.literal(n).default(n).describe('Variables.'),
    m: z.literal(m).default(m).describe('Inequality rows.'),
    e: z.literal(e).default(e).describe('Equality rows.'),
    instances: z
      .number()
      .int()
      .positive()
      .max(100_000_000)
      .default(samples.length || 1000)
      .describe('Instances N.'),
    seed: z.number().int().nonnegative().default(0).describe('Seed of numpy’s default_rng.'),
    law: z
      .enum(samplingLaws)
      .default(samples.length > 0 ? 'samples' : 'uniform')
      .describe('How the entries vary: U[−1, 1] or N(0, 1), times the spread; or as the file’s samples have them.'),
    spread: z.number().positive().default(0.5).describe('How far the varying entries are from the file’s value.'),
    vary: z.literal(datum).default(datum).describe('What varies.'),
    entries: z.literal(numbers).default(numbers).describe('Which entries of it.'),
    file: z.literal(digest).default(digest).describe('SHA-256 of the file.'),
  });
  type Settings = z.output<typeof settings>;
  const name = file.name ?? 'Problem of a file';
  const described: ProblemFamily<typeof settings> = {
    kind: 'matrix',
    title: name,
    summary: `${name}, with other ${words[datum]}.`,
    formula:
      '\\min_y \\tfrac12 y^\\top Q y + p^\\top y \\quad\\text{s.t.}\\quad y^\\top H_i y + G_i^\\top y \\le h_i, \\quad A y = x',
    reference: where,
    settings,
    presets: [],
    version: 1,
    bounded: Boolean(family.lower),
    constants: () => n * n + n + e * n + m * n + family.H.length + m,
    contradictions({ instances, law }: Settings) {
      if (law !== 'samples' || instances <= samples.length) return [];
      return samples.length === 0
        ? [
            {
              path: 'law',
              message: `The file has no samples of ${datum}: add an array ${datum}_samples [N, ${problem[datum].length}]`,
            },
          ]
        : [
            {
              path: 'instances',
              message: `The file has ${samples.length} samples of ${datum}: choose at most as many`,
            },
          ];
    },
    draw({ instances: N, seed, law, spread }: Settings) {
      const generator = new Generator(seed);
      const X = new Float64Array(N * e);
      for (let i = 0; i < N; i++) {
        X.set(centre, i * e);
        varying.forEach((row, k) => {
          if (law === 'samples') X[i * e + row] = samples[i][vary[k]];
          else
            X[i * e + row] += spread * (law === 'uniform' ? generator.uniform(-1, 1) : generator.standardNormals(1)[0]);
        });
      }
      return { family, N, X };
    },
    splits: (N) => splitByShares(N, 0.0833, 0.0833),
  };
  return described as unknown as ProblemFamily;
}

/** @throws AdjointError `unsupported` */
function checkProblem(problem: ConvexProblem, datum: VariableDatum, where: string): void {
  const refuse = (message: string, fix: string) => new AdjointError('unsupported', message, { where, fix });
  if (problem.soc.length > 0)
    throw refuse(
      `A dataset has linear and quadratic rows; this problem has ${problem.soc.length} second-order rows.`,
      'Write a second-order row as a quadratic one where that is the same set, or solve single problems with “adjoint solve”.',
    );
  const [finding] = convexityFindings(problem);
  if (finding)
    throw refuse(`${finding.message}, so that its optima cannot be proved.`, 'Labels are for convex problems.');
  if (problem[datum].length === 0)
    throw new AdjointError(
      'unsupported',
      datum === 'b'
        ? 'The problem has no equality rows, so that b cannot vary.'
        : 'The problem has no inequality rows, so that h cannot vary.',
      { where: 'vary', fix: `Vary ${datum === 'b' ? 'h' : 'b'} instead.` },
    );
}

function checkEntries(length: number, entries: readonly number[] | undefined, datum: VariableDatum): number[] {
  const all = entries ?? Array.from({ length }, (_, i) => i);
  const wrong = all.find((entry) => !Number.isInteger(entry) || entry < 0 || entry >= length);
  if (all.length > 0 && wrong === undefined) return [...new Set(all)].toSorted((a, b) => a - b);
  throw new AdjointError('bad-request', `${datum} has no entry ${wrong ?? ''}; it has ${length}, from 0 on.`, {
    where: 'entries',
    fix: 'Name entries that are there, separated by commas.',
  });
}

interface Varied {
  family: QcqpFamily;
  /** x of the file's own problem, [e]; the entries that vary. */
  centre: Float64Array;
  varying: number[];
}

function varyingRows(problem: ConvexProblem, entries: number[]): Varied {
  return { family: familyOf(problem), centre: problem.b, varying: entries };
}

/** A variable t and an equality row t = x for every limit that varies. */
function varyingLimits(problem: ConvexProblem, entries: number[]): Varied {
  const { n, m, e } = problem;
  const own = familyOf(problem);
  const [wide, rows] = [n + entries.length, e + entries.length];
  const widened = (from: Float64Array, count: number, total = count) => {
    const to = new Float64Array(total * wide);
    for (let i = 0; i < count; i++) to.set(from.subarray(i * n, (i + 1) * n), i * wide);
    return to;
  };
  const [Q, A, G] = [widened(own.Q, n, wide), widened(own.A, e, rows), widened(own.G, m)];
  const H = own.diagonal ? widened(own.H, m) : new Float64Array(m * wide * wide);
  if (!own.diagonal)
    for (let i = 0; i < m; i++) H.set(widened(own.H.subarray(i * n * n, (i + 1) * n * n), n, wide), i * wide * wide);
  const h = own.h.slice();
  const p = new Float64Array(wide);
  p.set(own.p);
  entries.forEach((row, k) => {
    G[row * wide + n + k] = -1;
    h[row] = 0;
    A[(e + k) * wide + n + k] = 1;
  });
  const bound = (values: Float64Array | undefined, none: number) => {
    const to = new Float64Array(wide).fill(none);
    if (values) to.set(values);
    return to;
  };
  const bounds = own.lower ? { lower: bound(own.lower, -Infinity), upper: bound(own.upper, Infinity) } : {};
  return {
    family: { n: wide, m, e: rows, Q, p, A, G, H, diagonal: own.diagonal, h, ...bounds },
    centre: Float64Array.from([...problem.b, ...entries.map((row) => problem.h[row])]),
    varying: entries.map((_, k) => e + k),
  };
}

function familyOf({ n, m, e, Q, p, A, G, h, H, lower, upper }: ConvexProblem): QcqpFamily {
  const diagonal = H.every((row) => row === null || row.kind === 'diagonal');
  const size = diagonal ? n : n * n;
  const rows = new Float64Array(m * size);
  H.forEach((row, i) => row && rows.set(diagonal ? row.values : square(n, row), i * size));
  const bounded = [...lower, ...upper].some(Number.isFinite);
  return { n, m, e, Q: square(n, Q), p, A, G, H: rows, diagonal, h, ...(bounded ? { lower, upper } : {}) };
}

/** A symmetric matrix with all its entries, [n, n]. */
function square(n: number, matrix: SymmetricMatrix): Float64Array {
  if (matrix?.kind === 'dense') return matrix.values;
  const full = new Float64Array(n * n);
  matrix?.values.forEach((value, j) => (full[j * n + j] = value));
  return full;
}
