import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import { multiplySymmetric, multiplyTransposed } from '../../numerics/linalg/products';
import { data as everyDatum, type ConvexProblem, type Datum } from '../../solvers/convex/problem';
import { defaultConvexSettings } from '../../solvers/convex/settings';
import type { Solution } from '../../solvers/convex/solution';
import { differentiate, linearise, type Linearisation } from './differentiate';
import { entriesOf } from './perturb';

/** Something that would make a result with this layer meaningless, or less than it seems. */
export interface Warning {
  code:
    | 'no-derivative'
    | 'does-not-move'
    | 'kink'
    | 'kink-nearby'
    | 'licq-failure'
    | 'not-strongly-convex'
    | 'difference-noise';
  severity: 'meaningless' | 'caution';
  message: string;
  data?: Datum[];
}

export interface Preflight {
  warnings: Warning[];
  /** The step of central differences with the least error, and the relative error to expect at it. */
  differences: { step: number; error: number } | null;
}

/** Margins below this share of what they are measured against are called near. */
const near = 1e-4;
/** A reduced Hessian whose smallest eigenvalue is below this share of its largest is called nearly singular. */
const weakCurvature = 1e-8;

/**
 * What to know before derivatives of this solution are relied on: is there one, does y* move with the data at all, is a kink near, do
 * multipliers stay unique, is the problem strongly convex where y can move, and how well can differences do.
 */
export function preflight(problem: ConvexProblem, solution: Solution, asked: readonly Datum[] = everyDatum): Preflight {
  const warnings: Warning[] = [];
  const present = asked.filter((datum) => entriesOf(problem, datum).length > 0);
  const anywhere = Float64Array.from({ length: problem.n }, (_, j) => Math.cos(j + 1));
  const derivative = differentiate(problem, solution, anywhere, present);
  if (derivative.refusal) {
    warnings.push({ code: 'no-derivative', severity: 'meaningless', message: derivative.refusal.message });
    return { warnings, differences: null };
  }
  const linear = linearise(problem, solution, defaultConvexSettings.activeTolerance);
  // At a kink a zero element says nothing: to the other side y* moves.
  const still = present.filter((datum) => {
    if (derivative.oneSidedOnly.includes(datum)) return false;
    const parts = derivative.gradients[datum];
    return flat(parts).every((value) => Math.abs(value) <= 1e-13 * largest(flat(derivative.gradients)));
  });
  if (still.length > 0)
    warnings.push({
      code: 'does-not-move',
      severity: 'meaningless',
      message: `y* does not move with ${still.join(', ')}: any gradient with respect to it is exactly zero here`,
      data: still,
    });
  for (const { diagnosis, message } of solution.findings) {
    if (diagnosis === 'zero-multiplier' || diagnosis === 'kink')
      warnings.push({ code: 'kink', severity: 'caution', message, data: derivative.oneSidedOnly });
    else if (diagnosis !== 'not-unique')
      warnings.push({ code: 'licq-failure', severity: 'caution', message, data: derivative.oneSidedOnly });
  }
  const { smallestActiveMultiplier, smallestInactiveSlack, condition } = solution.certificate;
  const size = Math.max(1, largest(solution.y));
  const margin = Math.min(smallestActiveMultiplier / Math.max(1, largest(linear.lambda)), smallestInactiveSlack / size);
  if (margin > 0 && margin < near)
    warnings.push({
      code: 'kink-nearby',
      severity: 'caution',
      message: `a row changes between active and inactive within a relative change of ${margin.toExponential(1)}: differences with a larger step cross the kink`,
    });
  const curvature = reducedCurvature(linear);
  if (curvature !== null && curvature < weakCurvature)
    warnings.push({
      code: 'not-strongly-convex',
      severity: 'caution',
      message: `the smallest curvature along the active rows is ${curvature.toExponential(1)} of the largest: y* moves very far for small changes`,
    });
  // Rounding leaves κε in y; a central difference of step s has the error κε/s + s², least at s = (κε)^⅓.
  const noise = Number.EPSILON * (Number.isFinite(condition) ? condition : 1);
  const differences = { step: Math.cbrt(noise), error: noise ** (2 / 3) };
  if (differences.error > 1e-6)
    warnings.push({
      code: 'difference-noise',
      severity: 'caution',
      message: `finite differences cannot be relied on beyond ${differences.error.toExponential(1)}: the KKT matrix has condition ${condition.toExponential(1)}`,
    });
  return { warnings, differences };
}

/** Smallest over largest eigenvalue of ZᵀHZ (scaled); null where no direction is free. */
function reducedCurvature({ system }: Linearisation): number | null {
  const { n, H, basis, rank } = system;
  const k = n - rank;
  if (k === 0) return null;
  const half = new Float64Array(k * n);
  multiplyTransposed(k, n, n, basis, H, half);
  const reduced = new Float64Array(k * k);
  multiplySymmetric(k, n, half, basis, reduced);
  const values = symmetricEigenvalues(k, reduced);
  return values[0] / values[k - 1];
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** All numbers in a nest of arrays and objects. */
function flat(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value instanceof Float64Array) return [...value];
  return value && typeof value === 'object' ? Object.values(value).flatMap(flat) : [];
}
