import { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';
import { readCase } from '../../modelling/caseFile';
import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import { bilevelProblem, type QuadraticBilevel } from '../quadratic';
import { Constraints } from './constraints';
import { ExpressionError, ExpressionReader, type Relation } from './expression';
import { coefficientOf, degreeOf, termText, type Polynomial } from './polynomial';

const names = z
  .array(z.string().regex(/^[\p{L}_][\p{L}\p{N}_]*$/u, 'a name is letters, digits and _, with a letter first'))
  .min(1);
const level = z.looseObject({ minimize: z.string(), subjectTo: z.array(z.string()).default([]) });

/**
 * The file format `bilevel/1`: names of the variables of both levels, and objective and constraints of each as infix expressions.
 * Objectives have degree two at most, constraints are affine in x and y, and the lower objective is convex in y. `start` is a point x;
 * what else there is, such as `expected`, is kept.
 */
export const bilevelFileSchema = z.looseObject({
  format: z.literal('bilevel/1'),
  name: z.string().optional(),
  about: z.string().optional(),
  source: z.string().optional(),
  x: names,
  y: names,
  upper: level,
  lower: level,
  start: z.array(z.number()).optional(),
});
export type BilevelFile = z.infer<typeof bilevelFileSchema>;

export interface ReadBilevel {
  file: BilevelFile;
  problem: QuadraticBilevel;
  /** Where to start from: `start` of the file, or the point of X nearest 0. */
  x: Float64Array;
}

/**
 * Problem and start from the text of a file.
 *
 * @throws AdjointError `bad-request` naming every expression that cannot be read, by the character in it, every term of too high a
 * degree, and a lower level that is not convex, by the eigenvalue of its Hessian
 */
export function parseBilevelFile(text: string, where: string): ReadBilevel {
  const file = readCase(bilevelFileSchema, text, {
    ...{ where, format: 'bilevel/1' },
    fix: 'The format has x and y, lists of names, and upper and lower, each with minimize and subjectTo, an expression and a list of them.',
  });
  return bilevelFromFile(file, where);
}

/** The same from a file that has been read. */
export function bilevelFromFile(file: BilevelFile, where: string): ReadBilevel {
  const variables = [...file.x, ...file.y];
  const findings: Finding[] = [];
  variables.forEach((name, i) => {
    if (variables.indexOf(name) !== i)
      findings.push({ path: i < file.x.length ? 'x' : 'y', message: `“${name}” occurs twice` });
  });
  const reader = new ExpressionReader(variables);
  const d = file.x.length;
  const read = <Result>(path: string, parse: () => Result): Result | null => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      findings.push(atCharacter(path, error.at, error.message));
      return null;
    }
  };
  const ofDegree = (path: string, a: Polynomial | undefined, most: number, what: string) => {
    for (const term of a?.values() ?? [])
      if (degreeOf(term) > most)
        findings.push(
          atCharacter(path, term.at, `The term ${termText(term, variables)} has degree ${degreeOf(term)}; ${what}`),
        );
  };
  const objective = (name: 'upper' | 'lower'): Polynomial | null => {
    const path = `${name}.minimize`;
    const result = read(path, () => reader.expression(file[name].minimize));
    ofDegree(path, result ?? undefined, 2, 'an objective has degree two at most');
    return result;
  };
  const relations = (name: 'upper' | 'lower'): (Relation | null)[] =>
    file[name].subjectTo.map((text, i) => {
      const path = `${name}.subjectTo[${i}]`;
      const result = read(path, () => reader.relation(text));
      ofDegree(path, result?.difference, 1, 'a constraint is affine');
      return result;
    });
  const [f, g] = [objective('upper'), objective('lower')];
  const [ofUpper, ofLower] = [relations('upper'), relations('lower')];
  if (file.start && file.start.length !== d)
    findings.push({ path: 'start', message: `has ${file.start.length} entries; x has ${d}` });
  if (findings.length > 0) throw unreadable(where, findings);

  const constraints = new Constraints(d, file.y.length);
  ofUpper.forEach((relation, i) => findings.push(...constraints.addUpper(`upper.subjectTo[${i}]`, relation!)));
  ofLower.forEach((relation, i) => findings.push(...constraints.addLower(`lower.subjectTo[${i}]`, relation!)));
  const { quadratic: Q, eigenvalue } = convexPart(d, file.y.length, g!);
  if (eigenvalue !== null)
    findings.push({
      path: 'lower.minimize',
      message: `The lower level is not convex in y: the Hessian in y has the eigenvalue ${eigenvalue.toPrecision(6)}`,
    });
  if (findings.length > 0) throw unreadable(where, findings);
  const problem = assemble(d, file.y.length, f!, g!, Q, constraints);
  const { lower, upper } = problem.domain;
  const x = Float64Array.from({ length: d }, (_, i) =>
    file.start ? file.start[i] : Math.min(upper[i], Math.max(lower[i], 0)),
  );
  return { file, problem, x };
}

const atCharacter = (path: string, at: number, message: string): Finding => ({
  path,
  message: `${message} (character ${at + 1})`,
  column: at + 1,
});

const unreadable = (where: string, findings: Finding[]): AdjointError =>
  new AdjointError('bad-request', 'The bilevel problem cannot be read.', {
    where,
    findings: findings.slice(0, 20),
    fix: 'Expressions have + - * / ^ and parentheses. Objectives are polynomials of degree two, the lower one convex in y; constraints are affine with <=, >= or =.',
  });

/** Relative to its norm, how far below 0 rounding may leave the smallest eigenvalue of a semidefinite matrix. */
const eigenvalueTolerance = 1e-11;

/** Q of ½yᵀQy, and its smallest eigenvalue where that is negative. */
function convexPart(d: number, n: number, g: Polynomial): { quadratic: Float64Array; eigenvalue: number | null } {
  const quadratic = hessian(g, d, n);
  const eigenvalues = symmetricEigenvalues(n, quadratic.slice());
  const norm = Math.max(Math.abs(eigenvalues[0]), Math.abs(eigenvalues[n - 1]));
  return { quadratic, eigenvalue: eigenvalues[0] < -eigenvalueTolerance * norm ? eigenvalues[0] : null };
}

/** Hessian of a in the variables from `first` on, [size, size]. */
function hessian(a: Polynomial, first: number, size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return coefficientOf(a, first + i, first + j) * (i === j ? 2 : 1);
  });
}

function assemble(
  d: number,
  n: number,
  f: Polynomial,
  g: Polynomial,
  Q: Float64Array,
  constraints: Constraints,
): QuadraticBilevel {
  const linear = (a: Polynomial, first: number, size: number) =>
    Float64Array.from({ length: size }, (_, i) => coefficientOf(a, first + i));
  const cross = (a: Polynomial) =>
    Float64Array.from({ length: d * n }, (_, at) => coefficientOf(a, Math.floor(at / n), d + (at % n)));
  const inX = { Q: hessian(g, 0, d), c: linear(g, 0, d), constant: coefficientOf(g) };
  const isInX = [...inX.Q, ...inX.c, inX.constant].some((value) => value !== 0);
  const { domain, upperRows, bounds, rows } = constraints;
  return bilevelProblem(
    d,
    n,
    {
      ...{ Qxx: hessian(f, 0, d), cx: linear(f, 0, d), Qyy: hessian(f, d, n), cy: linear(f, d, n) },
      ...{ Qxy: cross(f), constant: coefficientOf(f), domain, rows: upperRows },
    },
    { ...{ Q, c: linear(g, d, n), P: cross(g) }, ...rows, ...bounds, inX: isInX ? inX : null },
  );
}
