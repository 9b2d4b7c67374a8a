import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { bounds, matrix, readCase, vector } from '../../modelling/caseFile';
import { convexProblem, type ConvexProblem, type SymmetricMatrix } from './problem';

const symmetric = z.union([matrix, vector]);

/**
 * The file format `matrix-problem/1`: a convex problem in matrix form. A row of `H` is null, an n × n matrix or the n numbers of a
 * diagonal; `null` is no bound. `cotangent` is v of L = vᵀy*; `b_samples` and `h_samples` are other b and h, a row each; what else there is, such
 * as `expected`, is kept.
 */
export const matrixProblemSchema = z.looseObject({
  format: z.literal('matrix-problem/1'),
  name: z.string().optional(),
  about: z.string().optional(),
  n: z.number().int().positive(),
  Q: symmetric.optional(),
  p: vector.optional(),
  A: matrix.optional(),
  b: vector.optional(),
  G: matrix.optional(),
  h: vector.optional(),
  H: z.array(symmetric.nullable()).optional(),
  lower: bounds.optional(),
  upper: bounds.optional(),
  soc: z.array(z.object({ F: matrix, g: vector, c: vector, d: z.number() })).optional(),
  cotangent: vector.optional(),
  b_samples: matrix.optional(),
  h_samples: matrix.optional(),
});
export type MatrixProblemFile = z.infer<typeof matrixProblemSchema>;

/**
 * A problem from the text of a file.
 *
 * @throws AdjointError `bad-request` naming every part that does not have its shape
 */
export function parseMatrixProblem(text: string, where: string): { file: MatrixProblemFile; problem: ConvexProblem } {
  const file = readCase(matrixProblemSchema, text, {
    ...{ where, format: 'matrix-problem/1' },
    fix: '`adjoint solve --help` describes the format.',
  });
  const { n } = file;
  const findings: { path: string; message: string }[] = [];
  const expect = (path: string, length: number, wanted: number) => {
    if (length !== wanted) findings.push({ path, message: `has ${length} entries; there should be ${wanted}` });
  };
  const flat = (path: string, rows: number[][], wanted: number | null) => {
    if (wanted !== null && rows.length !== wanted)
      findings.push({ path, message: `has ${rows.length} rows; there should be ${wanted}` });
    rows.forEach((row, i) => expect(`${path}[${i}]`, row.length, n));
    return Float64Array.from(rows.flat());
  };
  const list = (path: string, values: number[], wanted: number) => {
    expect(path, values.length, wanted);
    return Float64Array.from(values);
  };
  const square = (path: string, value: number[][] | number[] | null | undefined): SymmetricMatrix => {
    if (value == null) return null;
    if (typeof value[0] === 'number') return { kind: 'diagonal', values: list(path, value as number[], n) };
    return { kind: 'dense', values: flat(path, value as number[][], n) };
  };
  const m = file.h?.length ?? 0;
  const e = file.b?.length ?? 0;
  const H = (file.H ?? []).map((row, i) => square(`H[${i}]`, row));
  if (file.H) expect('H', H.length, m);
  const bound = (path: 'lower' | 'upper', none: number) =>
    list(
      path,
      (file[path] ?? new Array<null>(n).fill(null)).map((value) => value ?? none),
      n,
    );
  const problem = convexProblem(n, {
    Q: square('Q', file.Q),
    p: list('p', file.p ?? new Array<number>(n).fill(0), n),
    A: flat('A', file.A ?? [], e),
    b: Float64Array.from(file.b ?? []),
    G: file.G || !file.H ? flat('G', file.G ?? [], m) : new Float64Array(m * n),
    h: Float64Array.from(file.h ?? []),
    H: file.H ? H : new Array<SymmetricMatrix>(m).fill(null),
    lower: bound('lower', -Infinity),
    upper: bound('upper', Infinity),
    soc: (file.soc ?? []).map(({ F, g, c, d }, i) => ({
      k: F.length,
      F: flat(`soc[${i}].F`, F, null),
      g: list(`soc[${i}].g`, g, F.length),
      c: list(`soc[${i}].c`, c, n),
      d,
    })),
  });
  if (file.cotangent) expect('cotangent', file.cotangent.length, n);
  file.b_samples?.forEach((row, i) => expect(`b_samples[${i}]`, row.length, e));
  file.h_samples?.forEach((row, i) => expect(`h_samples[${i}]`, row.length, m));
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The problem is not consistent: some parts do not have their shape.', {
      where,
      findings,
      fix: `With n = ${n}: Q is n × n, A has a row for every b, G and H have one for every h.`,
    });
  return { file, problem };
}
