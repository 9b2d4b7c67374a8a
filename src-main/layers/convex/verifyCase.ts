import { z } from 'zod';
import { readExpected, vector } from '../../modelling/caseFile';
import { examine } from '../../solvers/convex/certificate';
import { objectiveAt } from '../../solvers/convex/evaluate';
import { noMultipliers } from '../../solvers/convex/kktRows';
import { parseMatrixProblem } from '../../solvers/convex/matrixProblem';
import { infeasibilityMargin, isRay } from '../../solvers/convex/phases';
import { data, type ConvexProblem, type Datum } from '../../solvers/convex/problem';
import { diagnoses, type Multipliers, type Solution } from '../../solvers/convex/solution';
import { solveConvex } from '../../solvers/convex/solve';
import { allowances, Comparison, flatten, type CaseVerdict } from './comparison';
import { differentiate } from './differentiate';
import { oneSidedDerivatives, type Nested } from './oneSided';
import { caseStatus, gradientsJson, multipliersJson } from './solutionJson';

const nested: z.ZodType<Nested> = z.lazy(() =>
  z.union([z.number(), z.null(), z.array(nested), z.record(z.string(), nested)]),
);
const dual = z.object({
  equality: vector.optional(),
  inequality: vector.optional(),
  lower: vector.optional(),
  upper: vector.optional(),
  soc: z.array(vector).optional(),
});

/** What a case of the format `matrix-problem/1` expects. */
const expectedSchema = z.looseObject({
  status: z.enum(['optimal', 'infeasible', 'unbounded', 'degenerate']),
  diagnosis: z.enum(diagnoses).optional(),
  objective: z.number().optional(),
  y: vector.optional(),
  dual: dual.optional(),
  vjp: z.partialRecord(z.enum(data), nested).optional(),
  oneSided: z.partialRecord(z.enum(data), z.object({ plus: nested, minus: nested })).optional(),
  certificate: dual.optional(),
  ray: vector.optional(),
  solutionSet: z.looseObject({ vertices: z.array(vector).optional() }).optional(),
  rows: z.array(z.number()).optional(),
  bounds: z.array(z.string()).optional(),
  multiplierSum: z.looseObject({ rows: z.array(z.number()), sum: z.number(), weights: vector.optional() }).optional(),
  activeRows: z.number().optional(),
  activeRank: z.number().optional(),
  active: z.object({ inequality: vector, lower: vector, upper: vector, soc: vector }).partial().optional(),
  digits: z.number().optional(),
  condition: z.number().optional(),
});
type Expected = z.infer<typeof expectedSchema>;

/**
 * Solves a case and compares with what it expects: status and cause, y, objective, multipliers, gradients, one-sided derivatives,
 * active rows, certificates.
 *
 * @throws AdjointError `bad-request` for a file that is not of the format or expects nothing
 */
export function verifyCase(text: string, where: string): CaseVerdict {
  const { file, problem } = parseMatrixProblem(text, where);
  const expected = readExpected(expectedSchema, file.expected, {
    where,
    fix: 'A case has `expected` with at least a status.',
  });
  const solution = solveConvex(problem);
  const allowed = allowances(expected.condition ?? solution.certificate.condition, expected.digits);
  const comparison = new Comparison();
  compareStatus(expected, solution, comparison);
  compareNumbers(expected, problem, solution, allowed.solution, comparison);
  compareRows(expected, solution, allowed.solution, comparison);
  compareProofs(expected, problem, solution, comparison);
  const cotangent = Float64Array.from(file.cotangent ?? []);
  if ((expected.vjp || expected.oneSided) && cotangent.length === 0)
    comparison.add({ what: 'cotangent', actual: null });
  else if (solution.status === 'optimal')
    compareDerivatives(expected, problem, solution, cotangent, allowed.derivative, comparison);
  return {
    name: file.name ?? where,
    verdict: comparison.differs.length === 0 ? 'pass' : 'fail',
    status: caseStatus(solution),
    diagnoses: solution.findings.map(({ diagnosis }) => diagnosis),
    digits: comparison.digits,
    ...{ allowed, differs: comparison.differs },
  };
}

function compareStatus(expected: Expected, solution: Solution, comparison: Comparison): void {
  const { diagnosis } = expected;
  // An indefinite matrix is refused; a case may file that under any status.
  if (diagnosis !== 'not-convex') comparison.same('status', expected.status, caseStatus(solution));
  const found = solution.findings.map((finding) => finding.diagnosis);
  if (diagnosis && !found.includes(diagnosis))
    comparison.add({ what: 'diagnosis', expected: diagnosis, actual: found });
}

function compareNumbers(
  expected: Expected,
  problem: ConvexProblem,
  solution: Solution,
  allowed: number,
  comparison: Comparison,
): void {
  if (solution.status !== 'optimal') {
    if (expected.y) comparison.add({ what: 'y', expected: expected.y, actual: null });
    return;
  }
  // Zeros are zeros to the rounding of the largest number around.
  const rounding = (values: number[]) => 64 * Number.EPSILON * values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
  const y = [...solution.y];
  if (expected.objective !== undefined) {
    const size = Math.max(Math.abs(expected.objective), termsOfObjective(problem, solution.y) * 1e-3);
    comparison.close('objective', expected.objective, solution.objective, allowed, allowed * size);
  }
  if (expected.y) comparison.close('y', expected.y, y, allowed, rounding(y));
  if (!expected.dual) return;
  const actual = multipliersJson(solution.multipliers);
  const floor = rounding(flatten(actual).flatMap((value) => value ?? []));
  for (const [kind, values] of Object.entries(expected.dual) as [keyof Multipliers, Nested][])
    comparison.close(`dual.${kind}`, values, actual[kind], allowed, floor);
}

/** Σ|p_jy_j|: where f is 0 by cancellation, what it is 0 against. */
const termsOfObjective = ({ p }: ConvexProblem, y: Float64Array): number =>
  p.reduce((sum, value, j) => sum + Math.abs(value * y[j]), 0);

function compareRows(expected: Expected, solution: Solution, allowed: number, comparison: Comparison): void {
  const { findings, certificate, multipliers } = solution;
  for (const row of expected.rows ?? [])
    // Of redundant equalities they are rows of A.
    if (!findings.some(({ rows, equality }) => (rows ?? equality)?.includes(row)))
      comparison.add({ what: 'rows', expected: expected.rows, actual: findings.map(({ rows }) => rows ?? []) });
  for (const bound of expected.bounds ?? [])
    if (!findings.some(({ bounds }) => bounds?.includes(bound)))
      comparison.add({ what: 'bounds', expected: expected.bounds, actual: findings.map(({ bounds }) => bounds ?? []) });
  // Equality rows may be counted among the active ones or not.
  const { activeCount, activeRank } = certificate;
  const e = multipliers.equality.length;
  const counts = [activeCount, activeCount - e];
  if (expected.activeRows !== undefined && !counts.includes(expected.activeRows))
    comparison.add({ what: 'activeRows', expected: expected.activeRows, actual: activeCount });
  const without = expected.activeRows === activeCount - e ? e : 0;
  if (expected.activeRank !== undefined && expected.activeRank !== activeRank - without)
    comparison.add({ what: 'activeRank', expected: expected.activeRank, actual: activeRank - without });
  for (const [kind, rows] of Object.entries(expected.active ?? {}))
    comparison.same(
      `active.${kind}`,
      [...rows].sort((a, b) => a - b),
      certificate.active[kind as keyof typeof certificate.active],
    );
  if (!expected.multiplierSum) return;
  const { rows, sum, weights } = expected.multiplierSum;
  // Redundant equalities sum their own multipliers, other rows those of the inequalities.
  const values = expected.diagnosis === 'redundant-equality' ? multipliers.equality : multipliers.inequality;
  const actual = rows.reduce((total, row, i) => total + (weights?.[i] ?? 1) * values[row], 0);
  comparison.close('multiplierSum', sum, actual, allowed, allowed);
}

function compareProofs(expected: Expected, problem: ConvexProblem, solution: Solution, comparison: Comparison): void {
  const { status, infeasibility, ray, y } = solution;
  if (expected.certificate) {
    const given = { ...noMultipliers(problem), ...typed(expected.certificate) };
    if (!(infeasibilityMargin(problem, given) > 1e-9))
      comparison.add({ what: 'certificate', expected: expected.certificate, actual: 'proves nothing' });
  }
  if (status === 'primal infeasible' && !(infeasibility && infeasibilityMargin(problem, infeasibility) > 1e-9))
    comparison.add({ what: 'certificate', actual: infeasibility && multipliersJson(infeasibility) });
  if (expected.ray && !isRay(problem, Float64Array.from(expected.ray)))
    comparison.add({ what: 'ray', expected: expected.ray, actual: 'is no ray' });
  if (status === 'dual infeasible' && expected.ray && !(ray && isRay(problem, ray)))
    comparison.add({ what: 'ray', actual: ray && [...ray] });
  for (const vertex of expected.solutionSet?.vertices ?? []) {
    const point = Float64Array.from(vertex);
    const { primalResidual } = examine(problem, point, noMultipliers(problem), 1e-9).certificate;
    const worse = Math.abs(objectiveAt(problem, point) - solution.objective);
    if (primalResidual > 1e-9 || !(worse <= 1e-9 * Math.max(1, Math.abs(solution.objective))))
      comparison.add({ what: 'solutionSet', expected: vertex, actual: [...y] });
  }
}

function typed({ equality, inequality, lower, upper, soc }: z.infer<typeof dual>): Partial<Multipliers> {
  const parts: Partial<Multipliers> = {};
  if (equality) parts.equality = Float64Array.from(equality);
  if (inequality) parts.inequality = Float64Array.from(inequality);
  if (lower) parts.lower = Float64Array.from(lower);
  if (upper) parts.upper = Float64Array.from(upper);
  if (soc) parts.soc = soc.map((z) => Float64Array.from(z));
  return parts;
}

function compareDerivatives(
  expected: Expected,
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  allowed: number,
  comparison: Comparison,
): void {
  const wanted = Object.keys(expected.vjp ?? {}) as Datum[];
  if (wanted.length > 0) {
    const { gradients, refusal, adjoint } = differentiate(problem, solution, cotangent, wanted);
    if (refusal) comparison.add({ what: 'vjp', expected: wanted, actual: refusal.message });
    else {
      const actual = gradientsJson(problem, gradients);
      // A gradient that is 0 (y at a vertex does not move with p) is so to the rounding of the adjoint solve.
      const largest = [...adjoint, ...cotangent, ...Object.values(actual).flatMap(flatten)].reduce<number>(
        (a, b) => Math.max(a, Math.abs(b ?? 0)),
        0,
      );
      for (const datum of wanted)
        comparison.close(`vjp.${datum}`, expected.vjp![datum]!, actual[datum], allowed, 256 * Number.EPSILON * largest);
    }
  }
  const sided = Object.keys(expected.oneSided ?? {}) as Datum[];
  if (sided.length === 0) return;
  const actual = oneSidedDerivatives(problem, solution, cotangent, sided);
  for (const datum of sided)
    for (const side of ['plus', 'minus'] as const)
      comparison.close(
        `oneSided.${datum}.${side}`,
        expected.oneSided![datum]![side],
        actual[datum]?.[side],
        allowed,
        1e-12,
      );
}
