import { histogram } from '@shared/metrics/bins';
import type { LabelledSet } from './labelledSet';
import { objectiveAt, rowCount, type Qcqp } from './problem';
import { largest, largestOfRows, rowViolations } from './violations';

/** Rows count as violated from here … */
export const rowTolerance = 1e-6;
/** … and an instance as infeasible from here. */
export const instanceTolerance = 1e-4;

export interface ValidationMetrics {
  metrics: Record<string, number>;
  /** The largest violation of each row over the set, equalities first, and the histograms as the metric log holds them. */
  vectors: Record<string, Float64Array>;
}

/**
 * The validation metrics of outputs ŷ [N,n], in float64 whatever the training's precision was. Statistics are over the whole
 * set. Keys and definitions are those of the metric catalogue.
 */
export const validationMetrics = (problem: Qcqp, set: LabelledSet, outputs: Float64Array): Record<string, number> =>
  validate(problem, set, outputs).metrics;

/** The same with what is measured of every row and over the instances. */
export function validate(problem: Qcqp, set: LabelledSet, outputs: Float64Array): ValidationMetrics {
  const { n, e } = problem;
  const { count } = set;
  const series = () => new Float64Array(count);
  const [objective, gap, dist, eq, ineq] = [series(), series(), series(), series(), series()];
  const rows = rowCount(problem);
  const violations = rowViolations(problem, outputs, set.X);
  let violatedInstances = 0;
  for (let i = 0; i < count; i++) {
    const value = objectiveAt(problem, outputs, i * n);
    const optimum = objectiveAt(problem, set.Y, i * n);
    objective[i] = value;
    gap[i] = (value - optimum) / Math.max(1, Math.abs(optimum));
    dist[i] = distance(outputs, set.Y, i * n, n) / Math.max(1, distance(set.Y, null, i * n, n));
    eq[i] = largest(violations, i * rows, i * rows + e);
    ineq[i] = largest(violations, i * rows + e, (i + 1) * rows);
    if (!(Math.max(eq[i], ineq[i]) <= instanceTolerance)) violatedInstances++;
  }
  const violatedRows = violations.reduce((sum, value) => (value <= rowTolerance ? sum : sum + 1), 0);
  const histograms = {
    'valid/gap_histogram': gap,
    'valid/distance_histogram': dist,
    'valid/eq_histogram': eq,
    'valid/ineq_histogram': ineq,
  };
  return {
    metrics: {
      'valid/objective': mean(objective),
      ...statistics('gap', gap),
      ...statistics('dist', dist),
      ...statistics('eq', eq),
      ...statistics('ineq', ineq),
      'valid/violated_rows': violatedRows / count,
      'valid/violated_share': violatedInstances / count,
    },
    vectors: {
      'valid/row_violation': largestOfRows(violations, rows),
      ...Object.fromEntries(Object.entries(histograms).map(([key, values]) => [key, histogram(key, values)])),
    },
  };
}

/** ‖a − b‖₂ of n numbers from `offset`; b = null is zero. */
function distance(a: Float64Array, b: Float64Array | null, offset: number, n: number): number {
  let sum = 0;
  for (let j = offset; j < offset + n; j++) sum += (a[j] - (b ? b[j] : 0)) ** 2;
  return Math.sqrt(sum);
}

function statistics(stem: string, values: Float64Array): Record<string, number> {
  const sorted = values.toSorted();
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {
    [`valid/${stem}_mean`]: mean(values),
    [`valid/${stem}_median`]: median,
    // NaN sorts last: one output that is no number is seen.
    [`valid/${stem}_max`]: sorted[sorted.length - 1],
  };
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
