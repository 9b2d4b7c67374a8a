import { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';
import { bounds, matrix, readCase, vector } from '../modelling/caseFile';
import { bilevelProblem, type QuadraticBilevel } from './quadratic';

/**
 * The file format `hypergradient/1`: a bilevel problem, the point x at which ∇F is asked for, and, under `expected`, the answer. `null`
 * is no bound. P and Qxy have a row an entry of x and a column an entry of y.
 */
export const hypergradientFileSchema = z.looseObject({
  format: z.literal('hypergradient/1'),
  name: z.string().optional(),
  about: z.string().optional(),
  variant: z.string().optional(),
  upper: z.looseObject({
    Qxx: matrix.optional(),
    cx: vector.optional(),
    Qyy: matrix.optional(),
    cy: vector.optional(),
    Qxy: matrix.optional(),
    constant: z.number().optional(),
    /** The box of x. */
    domain: z.object({ lower: bounds, upper: bounds }).partial().optional(),
  }),
  lower: z.looseObject({
    Q: matrix,
    c: vector.optional(),
    q: vector.optional(),
    P: matrix.optional(),
    A: matrix.optional(),
    B: matrix.optional(),
    b: vector.optional(),
    lower: bounds.optional(),
    upper: bounds.optional(),
  }),
  x: vector,
});
export type HypergradientFile = z.infer<typeof hypergradientFileSchema>;

/**
 * Problem and point from the text of a file. The sizes are those of x and Q.
 *
 * @throws AdjointError `bad-request` naming every part that does not have its shape
 */
export function parseHypergradientFile(
  text: string,
  where: string,
): { file: HypergradientFile; problem: QuadraticBilevel; x: Float64Array } {
  const file = readCase(hypergradientFileSchema, text, {
    ...{ where, format: 'hypergradient/1' },
    fix: 'The format has the parts upper, lower and x; docs/methods.md gives the formulas with the names of the parts.',
  });
  const { upper, lower } = file;
  const [d, n, m] = [file.x.length, lower.Q.length, lower.b?.length ?? 0];
  const findings: Finding[] = [];
  const flat = (path: string, rows: number[][] | undefined, count: number, length: number) => {
    if (!rows) return new Float64Array(count * length);
    if (rows.length !== count) findings.push({ path, message: `has ${rows.length} rows; there should be ${count}` });
    rows.forEach((row, i) => {
      if (row.length !== length)
        findings.push({ path: `${path}[${i}]`, message: `has ${row.length} entries; there should be ${length}` });
    });
    return Float64Array.from(rows.flat());
  };
  const list = (values: number[] | undefined, length: number) =>
    values ? Float64Array.from(values) : new Float64Array(length);
  const bound = (values: (number | null)[] | undefined, none: number, length = n) =>
    Float64Array.from(values ?? new Array<null>(length).fill(null), (value) => value ?? none);
  const parts = {
    upper: {
      ...{ Qxx: flat('upper.Qxx', upper.Qxx, d, d), cx: list(upper.cx, d) },
      ...{ Qyy: flat('upper.Qyy', upper.Qyy, n, n), cy: list(upper.cy, n) },
      ...{ Qxy: flat('upper.Qxy', upper.Qxy, d, n), constant: upper.constant ?? 0 },
      domain: {
        lower: bound(upper.domain?.lower, -Infinity, d),
        upper: bound(upper.domain?.upper, Infinity, d),
      },
    },
    lower: {
      ...{ Q: flat('lower.Q', lower.Q, n, n), c: list(lower.c, n), q: list(lower.q, n) },
      ...{ P: flat('lower.P', lower.P, d, n), A: flat('lower.A', lower.A, m, n), B: flat('lower.B', lower.B, m, d) },
      ...{ b: list(lower.b, m), lower: bound(lower.lower, -Infinity), upper: bound(lower.upper, Infinity) },
    },
  };
  const fix = `Here x has ${d} entries, y has ${n} and there are ${m} rows: P and Qxy are ${d} × ${n}, A is ${m} × ${n}, B is ${m} × ${d}.`;
  if (d === 0 || n === 0) findings.push({ path: d === 0 ? 'x' : 'lower.Q', message: 'is empty' });
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The problem is not consistent: some parts do not have their shape.', {
      where,
      findings,
      fix,
    });
  return { file, problem: bilevelProblem(d, n, parts.upper, parts.lower), x: Float64Array.from(file.x) };
}
