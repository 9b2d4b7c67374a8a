import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import { examine } from '../solvers/convex/certificate';
import { degeneracies } from '../solvers/convex/findings';
import { noMultipliers } from '../solvers/convex/kktRows';
import { examineEqualities } from '../solvers/convex/prepare';
import { defaultConvexSettings } from '../solvers/convex/settings';
import { constraintName } from './constraintName';
import type { LowerLevel, LowerSolution } from './lower/lowerLevel';
import { makeLowerLevel } from './lower/makeLowerLevel';
import { oppositeRows } from './lower/oppositeRows';
import { convexProblem, type ConvexProblem } from '../solvers/convex/problem';
import { subtractThroughLower, type BilevelProblem } from './problem';
import { convexProblemAt, QuadraticBilevel } from './quadratic';

/** Something that would make a result on this problem meaningless, or less than it seems. */
export interface BilevelFinding {
  code:
    | 'lower-ignores-x'
    | 'answer-does-not-move'
    | 'upper-ignores-y'
    | 'kink'
    | 'kink-nearby'
    | 'dependent-rows'
    | 'not-unique'
    | 'ill-conditioned';
  severity: 'meaningless' | 'caution';
  /** One or two sentences that a student understands. */
  message: string;
  /** Rows of A and bounds, as `upper 0`, concerned. */
  rows?: number[];
  bounds?: string[];
}

/** Numbers on hypergradients of such a problem say nothing: studies and runs about them refuse it unless told otherwise. */
export const isMeaningless = ({ severity }: BilevelFinding): boolean => severity === 'meaningless';

export interface BilevelPreflight {
  /** Does x occur in the lower level at all? */
  lowerDependsOnX: boolean;
  /** Is the Jacobian of y* at this x another matrix than 0? */
  answerMovesWithX: boolean;
  active: { inequality: number[]; lower: number[]; upper: number[] };
  /** Active rows and bounds, and how many of their gradients are independent. */
  activeCount: number;
  activeRank: number;
  /** Infinity where there is no active (inactive) row. */
  smallestActiveMultiplier: number;
  smallestInactiveSlack: number;
  /** No active row has multiplier 0. */
  strictComplementarity: boolean;
  /** 2-norm condition of H = ∇²_yy g, and of [H Āᵀ; Ā 0] over independent active rows; NaN where too large to compute. */
  lowerHessianCondition: number;
  kktCondition: number;
  findings: BilevelFinding[];
}

/** Margins below this share of what they are measured against are called near. */
const near = 1e-4;
/** Conditions above this leave a central difference fewer than about four digits. */
const illConditioned = 1e10;
/** Eigenvalues are computed up to this size. */
const conditionLimit = 400;

/**
 * What to know before hypergradients of this problem are compared or used: does the lower level contain x, does y*(x) move, is there a
 * kink, are multipliers unique, how close is a change of the active set, how well conditioned is it.
 *
 * @throws AdjointError `bad-request` where the lower level has no solution at x
 */
export function bilevelPreflight(
  problem: BilevelProblem,
  x: Float64Array,
  level: LowerLevel = makeLowerLevel(problem),
): BilevelPreflight {
  const { n, lowerContainsX: lowerDependsOnX } = problem;
  const solution = level.solve(x);
  const convex = modelAt(problem, x, solution.y);
  const multipliers = { ...noMultipliers(convex), ...solution.multipliers };
  const tolerance = defaultConvexSettings.activeTolerance;
  const examined = examine(convex, solution.y, multipliers, tolerance);
  const equalities = examineEqualities(convex);
  const opposite = oppositeRows(problem);
  // An equality is two rows that depend on each other, of which one has no multiplier: nothing to be told of.
  const degenerate = degeneracies(convex, examined, equalities, defaultConvexSettings).findings.filter(
    ({ rows, bounds }) => !rows?.length || bounds?.length || rows.some((row) => opposite[row] < 0),
  );
  const { certificate } = examined;
  const { active, activeCount, activeRank, smallestActiveMultiplier, smallestInactiveSlack, condition } = certificate;
  const unique = !degenerate.some(({ diagnosis }) => diagnosis === 'not-unique');
  const answerMovesWithX = lowerDependsOnX && unique && moves(problem, x, solution.y, level);
  const findings: BilevelFinding[] = [];
  if (!lowerDependsOnX)
    findings.push({
      code: 'lower-ignores-x',
      severity: 'meaningless',
      message:
        'The lower level does not depend on x: dy*/dx = 0 everywhere, the hypergradient is the partial derivative of f in x alone, and any “exact Hessian” of the lower level is vacuous. A comparison of hypergradient methods on this problem says nothing about them.',
    });
  else if (unique && !answerMovesWithX)
    findings.push({
      code: 'answer-does-not-move',
      severity: 'caution',
      message:
        'The lower level contains x, but its answer does not move with x here: active rows hold every direction in which x pushes, so dy*/dx = 0 at this x and in a neighbourhood of it.',
    });
  if (!problem.upperContainsY)
    findings.push({
      code: 'upper-ignores-y',
      severity: 'meaningless',
      message: 'f does not depend on y: the lower level has no part in F.',
    });
  for (const { diagnosis, message, rows, bounds } of degenerate) {
    const places = { ...(rows ? { rows } : {}), ...(bounds ? { bounds } : {}) };
    if (diagnosis === 'zero-multiplier' || diagnosis === 'kink')
      findings.push({
        code: 'kink',
        severity: 'caution',
        message: `F may have a kink at this x. Active with multiplier 0, holding y to one side and letting go to the other: ${namesOf(rows, bounds)}. There is no gradient where the one-sided derivatives differ; ‖∇F‖ is no measure of stationarity.`,
        ...places,
      });
    else if (diagnosis === 'not-unique')
      findings.push({ code: 'not-unique', severity: 'meaningless', message: `y*(x) is not one point: ${message}.` });
    else findings.push({ code: 'dependent-rows', severity: 'caution', message: `${message}.`, ...places });
  }
  const margin = nearestChange(solution, smallestActiveMultiplier, smallestInactiveSlack);
  if (margin > 0 && margin < near)
    findings.push({
      code: 'kink-nearby',
      severity: 'caution',
      message: `A row changes between active and inactive within a relative change of ${margin.toExponential(1)}: differences with a larger step cross the kink and average both sides.`,
    });
  if (condition > illConditioned)
    findings.push({
      code: 'ill-conditioned',
      severity: 'caution',
      message: `The KKT matrix of the lower level has condition ${condition.toExponential(1)}: y* loses about ${Math.round(Math.log10(condition))} of 16 digits, and differences of it more.`,
    });
  return {
    ...{ lowerDependsOnX, answerMovesWithX },
    active: { inequality: active.inequality, lower: active.lower, upper: active.upper },
    ...{ activeCount, activeRank, smallestActiveMultiplier, smallestInactiveSlack },
    strictComplementarity: !findings.some(({ code }) => code === 'kink'),
    lowerHessianCondition: n > conditionLimit ? NaN : conditionOf(n, convex.Q),
    kktCondition: condition,
    findings,
  };
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Does vᵀy* move with x, for a v without zeros? Measured against the sizes of the terms that would cancel. */
function moves(problem: BilevelProblem, x: Float64Array, y: Float64Array, level: LowerLevel): boolean {
  const { d, n } = problem;
  const anywhere = Float64Array.from({ length: n }, (_, j) => Math.cos(j + 1));
  const [pulled, cross, space] = Array.from({ length: 3 }, () => new Float64Array(d));
  problem.lowerCrossProduct(x, y, anywhere, cross);
  const curvature = new Float64Array(n);
  problem.lowerHessianProduct(x, y, anywhere, curvature);
  const { u, w } = level.adjoint(anywhere);
  subtractThroughLower(problem, x, y, { u, w }, pulled, space);
  // Where the rows hold every direction u is rounding alone, which is small against 1/‖H‖.
  const typical = Math.max(largest(u), 1 / Math.max(largest(curvature), Number.MIN_VALUE));
  const terms = typical * largest(cross) + largest(w) * largest(problem.rows.B);
  return largest(pulled) > 1e-12 * terms;
}

/** How far, relative to multipliers and to y, the active set is from a change. */
function nearestChange({ y, multipliers }: LowerSolution, multiplier: number, slack: number): number {
  const sizes = Object.values(multipliers).map(largest);
  return Math.min(multiplier / Math.max(1, ...sizes), slack / Math.max(1, largest(y)));
}

/** |λ|_max/|λ|_min of a dense symmetric matrix; Infinity for a singular one. */
function conditionOf(n: number, matrix: ConvexProblem['Q']): number {
  const values = matrix?.kind === 'dense' ? matrix.values.slice() : new Float64Array(n * n);
  const sizes = symmetricEigenvalues(n, values).map(Math.abs);
  return Math.max(...sizes) / Math.min(...sizes);
}

/** The lower level at x, or, where it is not quadratic, its second-order model at y: the same conditions of optimality at y. */
function modelAt(problem: BilevelProblem, x: Float64Array, y: Float64Array): ConvexProblem {
  if (problem instanceof QuadraticBilevel) return convexProblemAt(problem, x);
  const { n, bounds } = problem;
  const [hessian, p, curved] = [new Float64Array(n * n), new Float64Array(n), new Float64Array(n)];
  problem.lowerHessian(x, y, hessian);
  problem.lowerGradientY(x, y, p);
  problem.lowerHessianProduct(x, y, y, curved);
  for (let j = 0; j < n; j++) p[j] -= curved[j];
  return convexProblem(n, { Q: { kind: 'dense', values: hessian }, p, lower: bounds.lower, upper: bounds.upper });
}

/** Bounds come as `upper 0`. */
const namesOf = (rows: readonly number[] = [], bounds: readonly string[] = []): string =>
  [
    ...rows.map((index) => constraintName({ kind: 'inequality', index })),
    ...bounds.map((bound) =>
      constraintName({ kind: bound.startsWith('lower') ? 'lower' : 'upper', index: Number(bound.split(' ')[1]) }),
    ),
  ].join(', ');
