import { equalityAt, inequalityAt, inequalityCount, type Qcqp } from '../training/problem';

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

const violated = 1e-4;

/** Of outputs y [N, n] for x [N, e]. */
export function violationMap(problem: Qcqp, y: Float64Array, x: Float64Array): ViolationMap {
  const { n, e } = problem;
  const instances = y.length / n;
  const equality = new Float64Array(e);
  const inequality = new Float64Array(inequalityCount(problem));
  const rows = e + inequality.length;
  const values = new Float64Array(rows * instances);
  const largest = new Float64Array(rows);
  const violatedShare = new Float64Array(rows);
  for (let i = 0; i < instances; i++) {
    equalityAt(problem, y, i * n, x, i * e, equality);
    inequalityAt(problem, y, i * n, inequality);
    for (let j = 0; j < rows; j++) {
      const residual = j < e ? Math.abs(equality[j]) : inequality[j - e];
      // Not Math.max: NaN must stay NaN.
      const value = residual <= 0 ? 0 : residual;
      values[j * instances + i] = value;
      if (!(value <= largest[j])) largest[j] = value;
      if (!(value <= violated)) violatedShare[j] += 1 / instances;
    }
  }
  return { equalities: e, rows, instances, values, largest, violatedShare };
}
