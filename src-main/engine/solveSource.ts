import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { AdjointError, toProblem, type Problem } from '@shared/errors';
import type { SolveCase, SolveSource } from '@shared/solve';
import { parseMatrixProblem } from '../solvers/convex/matrixProblem';
import { matrixTextOf } from '../solvers/convex/matrixText';
import { convexProblem, type ConvexProblem, type SymmetricMatrix } from '../solvers/convex/problem';
import { isSeparable } from '../solvers/convex/separable';
import { readDataset, type Dataset } from '../store/dataset';
import { checkTextSize, readProblemText } from './problemText';

/** A problem with what is known of it. */
export interface SourcedProblem {
  problem: ConvexProblem;
  name: string;
  about: string;
  where: string;
  /** v of L = vᵀy*, where the file has one. */
  cotangent: Float64Array | null;
}

/** A source whose names have become paths. */
export type FoundSource = Exclude<SolveSource, { kind: 'instance' } | { kind: 'case' }> | InstanceSource | CaseSource;
type InstanceSource = { kind: 'instance'; path: string; dataset: string; instance: number };
type CaseSource = { kind: 'case'; path: string; name: string };

/** Larger problems are for the command line: nobody would wait for their pictures. */
const mostVariables = 1500;
const mostRows = 4000;

/** @throws AdjointError `not-found`, `bad-request` for what is no problem, `unsupported` for one that is too large to look at */
export function readSource(source: FoundSource): SourcedProblem {
  const sourced = source.kind === 'instance' ? instanceProblem(source) : fileProblem(source);
  const { problem, where } = sourced;
  const { n, e, m, soc } = problem;
  const rows = e + m + soc.reduce((sum, { k }) => sum + k + 1, 0);
  if (!isSeparable(problem) && (n > mostVariables || rows > mostRows))
    throw new AdjointError('unsupported', `The problem has ${n} variables and ${rows} rows: too many to look at here.`, {
      where,
      fix: `This page takes up to ${mostVariables} variables and ${mostRows} rows. “adjoint solve FILE” on the command line has no such limit.`,
    }); // prettier-ignore
  return sourced;
}

function fileProblem(source: Exclude<FoundSource, InstanceSource>): SourcedProblem {
  const where = source.kind === 'text' ? source.name : source.kind === 'case' ? source.name : source.path;
  const text = source.kind === 'text' ? source.text : readProblemText(source.path, matrixTextOf);
  checkTextSize(text, where);
  const { file, problem } = parseMatrixProblem(text, where);
  return {
    problem,
    name: file.name ?? basename(where, extname(where)),
    about: file.about ?? '',
    where,
    cotangent: file.cotangent ? Float64Array.from(file.cotangent) : null,
  };
}

function instanceProblem({ path, dataset: name, instance }: InstanceSource): SourcedProblem {
  const dataset = readDataset(path);
  if (instance >= dataset.N)
    throw new AdjointError('bad-request', `There is no instance ${instance}.`, {
      where: path,
      fix: `The dataset has the instances 0 to ${dataset.N - 1}.`,
    });
  return {
    problem: problemOfInstance(dataset, instance),
    name: `${name}, instance ${instance}`,
    about: 'One instance of a dataset: b is its x, all else belongs to the family.',
    where: path,
    cotangent: null,
  };
}

/** Instance i as a problem of its own; matrices without entries off their diagonal are diagonals, and without any, absent. */
export function problemOfInstance(dataset: Dataset, i: number): ConvexProblem {
  const { n, m, e, Q, p, A, G, H, diagonal, h, lower, upper, X } = dataset;
  const size = diagonal ? n : n * n;
  const rows = Array.from({ length: m }, (_, r) => {
    const values = H.slice(r * size, (r + 1) * size);
    if (diagonal) return values.some((value) => value !== 0) ? { kind: 'diagonal' as const, values } : null;
    return simplest(n, values);
  });
  return convexProblem(n, {
    ...{ Q: simplest(n, Q), p, A, b: X.slice(i * e, (i + 1) * e), G, h, H: rows },
    ...(lower ? { lower } : {}),
    ...(upper ? { upper } : {}),
  });
}

function simplest(n: number, values: Float64Array): SymmetricMatrix {
  if (!values.some((value) => value !== 0)) return null;
  if (values.some((value, at) => value !== 0 && at % (n + 1) !== 0)) return { kind: 'dense', values };
  return { kind: 'diagonal', values: Float64Array.from({ length: n }, (_, j) => values[j * (n + 1)]) };
}

const casesFolder = (resources: string) => join(resources, 'cases', 'layers');

/** The file of a case. @throws AdjointError `not-found` */
export function casePath(resources: string, name: string): string {
  const names = caseNames(resources);
  if (!names.includes(name))
    throw new AdjointError('not-found', `There is no case “${name}”.`, {
      where: casesFolder(resources),
      fix: `There are: ${names.join(', ')}.`,
    });
  return join(casesFolder(resources), `${name}.json`);
}

function caseNames(resources: string): string[] {
  return readdirSync(casesFolder(resources))
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();
}

/** The problems that come with Adjoint, those with a cause of degeneracy after the others. */
export function listCases(resources: string): { cases: SolveCase[]; problem: Problem | null } {
  const cases: SolveCase[] = [];
  let problem: Problem | null = null;
  for (const name of caseNames(resources))
    try {
      const { file, problem: parsed } = parseMatrixProblem(readProblemText(casePath(resources, name)), name);
      const { n, e, m, soc } = parsed;
      const expected = file.expected as { diagnosis?: string } | undefined;
      cases.push({
        ...{ name, about: file.about ?? '', dims: { n, e, m, soc: soc.length } },
        diagnosis: expected?.diagnosis ?? null,
      });
    } catch (error) {
      problem ??= toProblem(error, name);
    }
  return { cases, problem };
}
