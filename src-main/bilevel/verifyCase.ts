import { z } from 'zod';
import { readExpected, vector } from '../modelling/caseFile';
import { allowances, Comparison, type CaseVerdict } from '../layers/convex/comparison';
import { lowerJacobian, lowerValueGradient, oneSidedGradient } from './derivatives';
import { exact } from './estimators/exact';
import { parseHypergradientFile } from './hypergradientFile';
import { makeLowerLevel } from './lower/makeLowerLevel';
import { bilevelPreflight, type BilevelPreflight } from './preflight';
import type { QuadraticBilevel } from './quadratic';

const sided = z.array(z.number().nullable());

/** What a case of the format `hypergradient/1` expects. */
const expectedSchema = z.looseObject({
  status: z.enum(['optimal', 'degenerate']).optional(),
  diagnosis: z.string().optional(),
  y: vector.optional(),
  F: z.number().optional(),
  gradient: vector.optional(),
  directPart: vector.optional(),
  lowerValue: z.number().optional(),
  lowerValueGradient: vector.optional(),
  dual: z.object({ inequality: vector, lower: vector, upper: vector }).partial().optional(),
  jacobian: z.array(vector).optional(),
  oneSided: z.object({ plus: sided, minus: sided }).optional(),
  preflight: z
    .looseObject({
      lowerDependsOnX: z.boolean(),
      answerMovesWithX: z.boolean(),
      active: z.object({ inequality: vector, lower: vector, upper: vector }).partial(),
      activeCount: z.number(),
      activeRank: z.number(),
      smallestActiveMultiplier: z.number().nullable(),
      smallestInactiveSlack: z.number().nullable(),
      strictComplementarity: z.boolean(),
      lowerHessianCondition: z.number().nullable(),
      kktCondition: z.number().nullable(),
      rows: vector,
      bounds: z.array(z.string()),
    })
    .partial()
    .optional(),
  digits: z.number().optional(),
});
type Expected = z.infer<typeof expectedSchema>;

/** Conditions are given to a few digits only: six for that of Q, three for that of the KKT matrix. */
const conditionDigits = { lowerHessianCondition: 1e-5, kktCondition: 1e-2 };

/**
 * Solves a case of the format `hypergradient/1` by the exact estimator and compares with what it expects: y*, F, ∇F, its direct part,
 * value and value gradient of the lower level, multipliers, the Jacobian of y*, one-sided derivatives at a kink, and the preflight.
 *
 * @throws AdjointError `bad-request` for a file that is not of the format or expects nothing, or a lower level without a solution
 */
export function verifyHypergradientCase(text: string, where: string): CaseVerdict {
  const { file, problem, x } = parseHypergradientFile(text, where);
  const expected = readExpected(expectedSchema, file.expected, {
    where,
    fix: 'A case has `expected`, an object, with at least a gradient or one-sided derivatives.',
  });
  const preflight = bilevelPreflight(problem, x);
  const allowed = allowances(expected.preflight?.kktCondition ?? preflight.kktCondition, expected.digits);
  const comparison = new Comparison();
  const diagnoses = preflight.findings.map(({ code }) => code);
  const degenerate = ['kink', 'dependent-rows', 'not-unique'];
  const status = diagnoses.some((code) => degenerate.includes(code)) ? 'degenerate' : 'optimal';
  if (expected.status) comparison.same('status', expected.status, status);
  if (expected.diagnosis === 'kink' && !diagnoses.includes('kink'))
    comparison.add({ what: 'diagnosis', expected: expected.diagnosis, actual: diagnoses });
  compareNumbers(expected, problem, x, allowed, comparison);
  comparePreflight(expected, preflight, allowed.solution, comparison);
  if (expected.oneSided) {
    const actual = oneSidedGradient(problem, x);
    for (const side of ['plus', 'minus'] as const)
      comparison.close(`oneSided.${side}`, expected.oneSided[side], actual[side], allowed.derivative, 1e-12);
  }
  return {
    name: file.name ?? where,
    verdict: comparison.differs.length === 0 ? 'pass' : 'fail',
    ...{ status, diagnoses, digits: comparison.digits, allowed, differs: comparison.differs },
  };
}

/** Zeros are zeros to the rounding of the largest number around. */
const rounding = (...values: ArrayLike<number>[]): number =>
  64 * Number.EPSILON * values.flatMap((list) => Array.from(list)).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);

function compareNumbers(
  expected: Expected,
  problem: QuadraticBilevel,
  x: Float64Array,
  allowed: CaseVerdict['allowed'],
  comparison: Comparison,
): void {
  const { F, gradient } = exact.make(problem, { kind: 'exact' }).at(x);
  const level = makeLowerLevel(problem);
  const solution = level.solve(x);
  const { y, multipliers } = solution;
  const linear = new Float64Array(problem.n);
  problem.linearTerm(x, linear);
  const direct = new Float64Array(problem.d);
  problem.upperGradientX(x, y, direct);
  if (expected.y) comparison.close('y', expected.y, [...y], allowed.solution, rounding(y));
  if (expected.F !== undefined) comparison.close('F', expected.F, F, allowed.solution, rounding([F, 1]));
  if (expected.gradient)
    comparison.close('gradient', expected.gradient, [...gradient], allowed.derivative, rounding(gradient, direct));
  if (expected.directPart)
    comparison.close('directPart', expected.directPart, [...direct], allowed.derivative, rounding(direct));
  const value = problem.lowerValue(x, y);
  if (expected.lowerValue !== undefined)
    comparison.close('lowerValue', expected.lowerValue, value, allowed.solution, rounding([value, 1]));
  if (expected.lowerValueGradient) {
    const actual = lowerValueGradient(problem, x, solution);
    comparison.close('lowerValueGradient', expected.lowerValueGradient, [...actual], allowed.derivative, rounding(y));
  }
  const all = Object.values(multipliers);
  for (const [kind, values] of Object.entries(expected.dual ?? {}) as [keyof typeof multipliers, number[]][])
    comparison.close(`dual.${kind}`, values, [...multipliers[kind]], allowed.solution, rounding(linear, ...all));
  if (expected.jacobian) {
    const actual = lowerJacobian(problem, level, x, y);
    const { d, n } = problem;
    const rows = Array.from({ length: n }, (_, j) => [...actual.subarray(j * d, (j + 1) * d)]);
    comparison.close('jacobian', expected.jacobian, rows, allowed.derivative, rounding(actual, [1]));
  }
}

function comparePreflight(
  { preflight: expected = {} }: Expected,
  actual: BilevelPreflight,
  allowed: number,
  comparison: Comparison,
): void {
  const exactly = [
    'lowerDependsOnX',
    'answerMovesWithX',
    'activeCount',
    'activeRank',
    'strictComplementarity',
  ] as const;
  for (const key of exactly)
    if (expected[key] !== undefined) comparison.same(`preflight.${key}`, expected[key], actual[key]);
  for (const [kind, rows] of Object.entries(expected.active ?? {}) as [keyof BilevelPreflight['active'], number[]][])
    comparison.same(
      `preflight.active.${kind}`,
      [...rows].sort((a, b) => a - b),
      actual.active[kind],
    );
  for (const key of ['smallestActiveMultiplier', 'smallestInactiveSlack'] as const) {
    const margin = expected[key];
    // A margin is a difference of numbers of order 1, and as exact as those.
    if (typeof margin === 'number') comparison.close(`preflight.${key}`, margin, actual[key], allowed, allowed);
  }
  for (const [key, digits] of Object.entries(conditionDigits) as [keyof typeof conditionDigits, number][]) {
    const [wanted, found] = [expected[key], actual[key]];
    if (typeof wanted === 'number' && !(Math.abs(found - wanted) <= digits * wanted))
      comparison.add({ what: `preflight.${key}`, expected: wanted, actual: found });
  }
  if (expected.lowerDependsOnX === false && !actual.findings.some(({ code }) => code === 'lower-ignores-x'))
    comparison.add({ what: 'preflight.findings', expected: 'lower-ignores-x', actual: actual.findings });
  const kinks = actual.findings.filter(({ code }) => code === 'kink');
  for (const row of expected.rows ?? [])
    if (!kinks.some(({ rows }) => rows?.includes(row)))
      comparison.add({ what: 'preflight.rows', expected: expected.rows, actual: kinks });
  for (const bound of expected.bounds ?? [])
    if (!kinks.some(({ bounds }) => bounds?.includes(bound)))
      comparison.add({ what: 'preflight.bounds', expected: expected.bounds, actual: kinks });
}
