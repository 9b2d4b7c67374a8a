import { equalityAt, inequalityAt, inequalityCount, rowCount, type Qcqp } from './problem';

/**
 * How much each row is violated by outputs y [N, n] for x [N, e]: |Ay − x|_j, then relu(c_j), as [N, rows]. What is no number stays so.
 */
export function rowViolations(problem: Qcqp, y: Float64Array, x: Float64Array): Float64Array {
  const { n, e } = problem;
  const rows = rowCount(problem);
  const instances = y.length / n;
  const equality = new Float64Array(e);
  const inequality = new Float64Array(inequalityCount(problem));
  const violations = new Float64Array(instances * rows);
  for (let i = 0; i < instances; i++) {
    equalityAt(problem, y, i * n, x, i * e, equality);
    inequalityAt(problem, y, i * n, inequality);
    for (let j = 0; j < rows; j++) {
      const residual = j < e ? Math.abs(equality[j]) : inequality[j - e];
      // Not Math.max: NaN must stay NaN.
      violations[i * rows + j] = residual <= 0 ? 0 : residual;
    }
  }
  return violations;
}

/** The largest of every `stride`-th violation in [from, to); 0 of none, NaN where one is no number. */
export function largest(violations: Float64Array, from: number, to: number, stride = 1): number {
  let most = 0;
  for (let k = from; k < to; k += stride) {
    if (Number.isNaN(violations[k])) return NaN;
    if (violations[k] > most) most = violations[k];
  }
  return most;
}

/** The largest violation of each row over the instances, [rows]. */
export const largestOfRows = (violations: Float64Array, rows: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, j) => largest(violations, j, violations.length, rows));
