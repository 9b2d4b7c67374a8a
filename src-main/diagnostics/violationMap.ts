import { rowCount, type Qcqp } from '../training/problem';
import { instanceTolerance } from '../training/validation';
import { largestOfRows, rowViolations } from '../training/violations';

/** How much every row of the problem is violated in every instance of a set. */
export interface ViolationMap {
  /** Equality rows, which come first, and all rows. */
  equalities: number;
  rows: number;
  instances: number;
  /** relu(c_j) or |Ay − x|_j, [rows, instances]. */
  values: Float64Array;
  /** [rows]: the largest over the instances, and the share of instances above 1e-4. */
  largest: Float64Array;
  violatedShare: Float64Array;
}

/** Of outputs y [N, n] for x [N, e]. */
export function violationMap(problem: Qcqp, y: Float64Array, x: Float64Array): ViolationMap {
  const rows = rowCount(problem);
  const instances = y.length / problem.n;
  const violations = rowViolations(problem, y, x);
  const values = new Float64Array(rows * instances);
  const violatedShare = new Float64Array(rows);
  for (let i = 0; i < instances; i++)
    for (let j = 0; j < rows; j++) {
      const value = violations[i * rows + j];
      values[j * instances + i] = value;
      if (!(value <= instanceTolerance)) violatedShare[j] += 1 / instances;
    }
  return { equalities: problem.e, rows, instances, values, largest: largestOfRows(violations, rows), violatedShare };
}
