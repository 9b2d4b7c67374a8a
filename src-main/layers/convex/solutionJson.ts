import type { ConvexProblem } from '../../solvers/convex/problem';
import type { Multipliers, Solution } from '../../solvers/convex/solution';
import type { Derivative, Gradients } from './derivative';
import type { Nested } from './oneSided';

/** The four words of the case files for how a solve ended, or the status itself where it says nothing about the problem. */
export function caseStatus({ status, findings }: Pick<Solution, 'status' | 'findings'>): string {
  if (status === 'optimal') return findings.length > 0 ? 'degenerate' : 'optimal';
  if (status === 'primal infeasible') return 'infeasible';
  if (status === 'dual infeasible') return 'unbounded';
  return status === 'not convex' ? 'degenerate' : status;
}

/** Numbers as JSON has them: NaN is null, which means that there is none. */
const numbers = (values: ArrayLike<number>): (number | null)[] =>
  Array.from(values, (value) => (Number.isFinite(value) ? value + 0 : null));

const matrix = (values: Float64Array, columns: number): (number | null)[][] =>
  Array.from({ length: values.length / columns }, (_, i) => numbers(values.subarray(i * columns, (i + 1) * columns)));

export const multipliersJson = ({ equality, inequality, lower, upper, soc }: Multipliers) => ({
  ...{ equality: numbers(equality), inequality: numbers(inequality), lower: numbers(lower), upper: numbers(upper) },
  soc: soc.map(numbers),
});

/** A solution with the names of the case files. */
export function solutionJson(solution: Solution) {
  const { status, y, objective, multipliers, certificate, findings, infeasibility, ray, seconds } = solution;
  const hasPoint = Number.isFinite(y[0]);
  const hasDual = hasPoint && !findings.some(({ diagnosis }) => diagnosis === 'no-multiplier');
  return {
    status: caseStatus(solution),
    ended: status,
    diagnosis: findings[0]?.diagnosis ?? null,
    findings,
    objective: Number.isFinite(objective) ? objective : null,
    y: hasPoint ? numbers(y) : null,
    dual: hasDual ? multipliersJson(multipliers) : null,
    certificate: hasPoint ? certificateJson(certificate) : infeasibility ? multipliersJson(infeasibility) : null,
    ray: ray && numbers(ray),
    iterations: solution.iterations,
    polishSteps: solution.polishSteps,
    seconds,
  };
}

const certificateJson = (certificate: Solution['certificate']) =>
  Object.fromEntries(
    Object.entries(certificate).map(([key, value]) =>
      typeof value === 'number' && !Number.isFinite(value) ? [key, null] : [key, value as unknown],
    ),
  );

/** Gradients nested as the data are in a problem file. */
export function gradientsJson({ n }: ConvexProblem, gradients: Gradients): Record<string, Nested> {
  const result: Record<string, Nested> = {};
  const square = (values: Float64Array): Nested => (values.length === n ? numbers(values) : matrix(values, n));
  for (const datum of ['p', 'b', 'h', 'lower', 'upper'] as const)
    if (gradients[datum]) result[datum] = numbers(gradients[datum]);
  for (const datum of ['A', 'G'] as const) if (gradients[datum]) result[datum] = matrix(gradients[datum], n);
  if (gradients.Q) result.Q = n === 1 ? matrix(gradients.Q, 1) : square(gradients.Q);
  if (gradients.H) result.H = gradients.H.map((row) => row && square(row));
  if (gradients.soc)
    result.soc = gradients.soc.map(({ F, g, c, d }) => ({ F: matrix(F, n), g: numbers(g), c: numbers(c), d }));
  return result;
}

export const derivativeJson = (problem: ConvexProblem, { refusal, gradients, oneSidedOnly, seconds }: Derivative) => ({
  refusal,
  vjp: gradientsJson(problem, gradients),
  oneSidedOnly,
  seconds,
});
