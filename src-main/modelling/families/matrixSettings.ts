import { join } from 'node:path';
import { z } from 'zod';

// A dataset of one's own problem: its settings name a file, which only whoever can read problems can open (solvers/qcqp/ownProblem.ts).

/** What of a problem can vary from instance to instance: right-hand sides, since x of Ay = x is all that varies in a dataset. */
export const variableData = ['b', 'h'] as const;
export type VariableDatum = (typeof variableData)[number];
export const samplingLaws = ['uniform', 'normal', 'samples'] as const;

/** Problem files that datasets are made of are kept here, named after their checksums: `<sha256>.json`. */
export const keptProblems = (workspace: string): string => join(workspace, 'datasets', 'problems');
export const keptProblem = (folder: string, sha256: string): string => join(folder, `${sha256}.json`);
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** `file` is a path, or the SHA-256 of a file that the workspace keeps. */
export const matrixSettings = z.strictObject({
  file: z
    .string({ error: (issue) => (issue.input === undefined ? 'is missing: name a problem file' : undefined) })
    .min(1)
    .describe(
      'A file of the format matrix-problem/1 or a .npz of its arrays: a path, or the SHA-256 of one that the workspace keeps.',
    ),
  vary: z
    .enum(variableData)
    .default('b')
    .describe(
      'What varies: b of Ay = b, or the limits h. A limit becomes x = t of an equality row, by a variable t each.',
    ),
  entries: z
    .string()
    .regex(/^[\s,]*(\d+(?!\d)(\s*[–-]\s*\d+(?!\d))?[\s,]*)*$/, 'must be numbers of entries, such as 0, 2, 5-9')
    .default('')
    .describe(
      'Which entries of it, from 0 on, such as 0, 2, 5-9; all where this is empty. The others stay as in the file.',
    ),
  law: z
    .enum(samplingLaws)
    .default('uniform')
    .describe(
      'The file’s value plus spread times U[−1, 1] or N(0, 1); or the file’s array b_samples or h_samples, row by row.',
    ),
  spread: z
    .number()
    .positive()
    .default(0.5)
    .describe('How far entries are from the file’s value; of no matter to samples.'),
  instances: z.number().int().positive().max(100_000_000).default(1000).describe('Instances N.'),
  seed: z.number().int().nonnegative().default(0).describe('Seed of numpy’s default_rng.'),
});
export type MatrixSettings = z.output<typeof matrixSettings>;

/** `0, 2, 5-9` as numbers; undefined where all are meant. */
export function entriesOf(text: string): number[] | undefined {
  const parts = [...text.matchAll(/(\d+)(?:\s*[–-]\s*(\d+))?/g)];
  if (parts.length === 0) return undefined;
  return parts.flatMap(([, first, last = first]) => {
    const [from, to] = [Number(first), Number(last)].sort((a, b) => a - b);
    return to - from > 1e6 ? [to] : Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
