import { AdjointError, type Finding as ProblemFinding } from '@shared/errors';
import { formatBytes } from '@shared/format';
import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import { pivotedCholesky } from '../../numerics/linalg/pivotedCholesky';
import { isSeparable } from './separable';
import type { ConvexProblem, SymmetricMatrix } from './problem';
import type { ConvexSettings } from './settings';
import type { Finding } from './solution';
import { workspaceEntries } from './workspace';

/**
 * Checks that a problem is well formed: shapes, finite numbers, symmetric matrices, bounds that are numbers, a size that fits.
 *
 * @throws AdjointError `bad-request` naming every part that is wrong, `unsupported` for a problem that would not fit into memory
 */
export function checkProblem(problem: ConvexProblem, settings: ConvexSettings): void {
  const { n, e, m } = problem;
  const findings: ProblemFinding[] = [];
  if (!Number.isInteger(n) || n < 1)
    throw new AdjointError('bad-request', 'The problem has no variables.', {
      where: 'n',
      fix: 'Give it at least one variable.',
    });
  const check = (path: string, values: Float64Array, length: number, infinite = 0) => {
    if (values.length !== length)
      findings.push({ path, message: `has ${values.length} entries; there should be ${length}` });
    const wrong = values.findIndex((value) => !Number.isFinite(value) && value !== infinite);
    if (wrong >= 0) findings.push({ path: `${path}[${place(path, wrong, n)}]`, message: `is ${values[wrong]}` });
  };
  const symmetric = (path: string, matrix: SymmetricMatrix) => {
    if (matrix === null) return;
    check(path, matrix.values, matrix.kind === 'diagonal' ? n : n * n);
    if (matrix.kind === 'dense' && matrix.values.length === n * n) checkSymmetry(path, n, matrix.values, findings);
  };
  symmetric('Q', problem.Q);
  check('p', problem.p, n);
  check('A', problem.A, e * n);
  check('b', problem.b, e);
  check('G', problem.G, m * n);
  check('h', problem.h, m);
  if (problem.H.length !== m)
    findings.push({ path: 'H', message: `has ${problem.H.length} rows; there should be ${m}` });
  problem.H.forEach((matrix, i) => symmetric(`H[${i}]`, matrix));
  check('lower', problem.lower, n, -Infinity);
  check('upper', problem.upper, n, Infinity);
  problem.soc.forEach(({ k, F, g, c, d }, i) => {
    check(`soc[${i}].F`, F, k * n);
    check(`soc[${i}].g`, g, k);
    check(`soc[${i}].c`, c, n);
    if (!Number.isFinite(d)) findings.push({ path: `soc[${i}].d`, message: `is ${d}` });
  });
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The problem is not well formed.', {
      findings: findings.slice(0, 20),
      fix: 'Every datum needs its shape and finite numbers; only bounds may be infinite. Q and H are symmetric.',
    });
  const bytes = isSeparable(problem) ? 0 : 8 * denseEntries(problem);
  if (bytes > settings.maxBytes)
    throw new AdjointError(
      'unsupported',
      `Solving ${n} variables with ${e + m} rows takes ${formatBytes(bytes)} of dense matrices; the limit is ${formatBytes(settings.maxBytes)}.`,
      { where: 'maxBytes', fix: 'Raise the limit if the machine has the memory, or state a smaller problem.' },
    );
}

/** Numbers that solve, polish and certificate hold at once: matrices of n variables, and of all rows that may be active. */
export const denseEntries = (problem: Pick<ConvexProblem, 'n' | 'e' | 'm' | 'soc'>): number =>
  workspaceEntries(problem) + 7 * problem.n ** 2 + 3 * problem.n * (problem.e + problem.m);

const place = (path: string, at: number, n: number): string =>
  /^(Q|A|G|H.*|.*F)$/.test(path) ? `${Math.floor(at / n)}, ${at % n}` : String(at);

function checkSymmetry(path: string, n: number, values: Float64Array, findings: ProblemFinding[]): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [values[i * n + j], values[j * n + i]];
      if (Math.abs(a - b) > 1e-12 * Math.max(Math.abs(a), Math.abs(b))) {
        findings.push({
          path,
          message: `is not symmetric: entry (${i}, ${j}) is ${a}, entry (${j}, ${i}) is ${b}; (${path} + ${path}ᵀ)/2 has the same quadratic form`,
        });
        return;
      }
    }
}

/** Relative to its norm, how far below 0 rounding may leave the smallest eigenvalue of a semidefinite matrix. */
const eigenvalueTolerance = 1e-9;

/** Names every matrix that is not positive semidefinite, with its smallest eigenvalue. */
export function convexityFindings({ n, Q, H }: ConvexProblem): Finding[] {
  const findings: Finding[] = [];
  const visit = (name: string, matrix: SymmetricMatrix, rows?: number[]) => {
    const eigenvalue = smallestNegative(n, matrix);
    if (eigenvalue === null) return;
    findings.push({
      diagnosis: 'not-convex',
      message: `${name} has the eigenvalue ${eigenvalue.toPrecision(6)}: the problem is not convex`,
      eigenvalue,
      ...(rows ? { rows } : {}),
    });
  };
  visit('Q', Q);
  H.forEach((matrix, i) => visit(`H of row ${i}`, matrix, [i]));
  return findings;
}

function smallestNegative(n: number, matrix: SymmetricMatrix): number | null {
  if (matrix === null) return null;
  const { kind, values } = matrix;
  if (kind === 'diagonal') {
    const least = values.reduce((a, b) => Math.min(a, b), Infinity);
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return least < -eigenvalueTolerance * largest ? least : null;
  }
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(values[j * (n + 1)]));
  // A semidefinite matrix, shifted by rounding, has a Cholesky factor: most need no eigenvalues.
  const shifted = values.slice();
  for (let j = 0; j < n; j++) shifted[j * (n + 1)] += eigenvalueTolerance * largest;
  if (largest > 0 && pivotedCholesky(n, shifted, 0).rank === n) return null;
  const eigenvalues = symmetricEigenvalues(n, values.slice());
  const norm = Math.max(Math.abs(eigenvalues[0]), Math.abs(eigenvalues[n - 1]));
  return eigenvalues[0] < -eigenvalueTolerance * norm ? eigenvalues[0] : null;
}
