import { quantileOfSorted, sorted } from '@shared/statistics/summary';
import { iterationsTo } from '../../../layers/leastSquares/innerTrace';
import { LeastSquaresLayer, type LeastSquaresBatch } from '../../../layers/leastSquares/leastSquaresLayer';
import { cholesky, solveCholesky } from '../../../numerics/linalg/cholesky';
import { addTransposed, multiplySymmetric } from '../../../numerics/linalg/products';
import type { QcqpRows } from '../../../solvers/leastSquares/qcqpResidual';
import type { InnerProblem } from './inner';
import { layerSettings } from './settings';

/** Inner solves that were followed, limit + 1 points each, the last one held where a solve has ended before. */
export interface Followed {
  /** Iterations until ‖Jᵀr‖∞ is within the tolerance; limit + 1 where it never was. */
  iterations: Int32Array;
  /** ‖Jᵀr‖∞, [size, limit + 1] */
  residual: Float64Array;
  /** Largest violation of a row, [size, limit + 1] */
  violation: Float64Array;
}

/** Follows the anchored phase of every instance, with the layer's own descent and search, until it arrives or `probe.iterations` are done. */
export function followInner({ settings, rows }: InnerProblem, batch: LeastSquaresBatch): Followed {
  const { iterations: limit, tolerance } = settings.probe;
  const own = layerSettings(settings);
  const layer = new LeastSquaresLayer(rows, settings.anchor.weight, {
    ...own,
    mode: 'anchored',
    // Nothing is differentiated, and so that no iterations are kept.
    backward: { kind: 'dlm', epsilon: 1 },
    solver: { ...own.solver, maxIterations: limit, gradientTolerance: tolerance },
    trace: true,
  });
  const trace = layer.forward(batch).trace!;
  return {
    iterations: Int32Array.from({ length: batch.size }, (_, i) => iterationsTo(trace, i, tolerance) ?? limit + 1),
    residual: held(trace.gradient, trace.columns),
    violation: held(trace.violation, trace.columns),
  };
}

/** In each row of `columns`, NaN takes the value before it. */
function held(values: Float64Array, columns: number): Float64Array {
  const result = values.slice();
  for (let at = 1; at < result.length; at++)
    if (Number.isNaN(result[at]) && at % columns !== 0) result[at] = result[at - 1];
  return result;
}

/** Median and deciles over the instances at each iteration, as the vectors of one row of the clock `inner`. */
export function curves({ residual, violation }: Followed, limit: number) {
  return {
    'inner/residual_median': quantiles(residual, limit + 1, 0.5),
    'inner/residual_low': quantiles(residual, limit + 1, 0.1),
    'inner/residual_high': quantiles(residual, limit + 1, 0.9),
    'inner/violation_median': quantiles(violation, limit + 1, 0.5),
  };
}

function quantiles(values: Float64Array, width: number, q: number): Float64Array {
  const size = values.length / width;
  return Float64Array.from({ length: width }, (_, k) =>
    quantileOfSorted(sorted(Array.from({ length: size }, (_, i) => values[i * width + k])), q),
  );
}

/** A⁺x of every instance, [size, n]: the point of least norm on Ay = x, from which a solve begins without a network. */
export function leastNormPoints({ n, A }: Pick<QcqpRows, 'n' | 'A'>, x: Float64Array): Float64Array {
  const e = A.length / n;
  const size = e === 0 ? 0 : x.length / e;
  const factor = new Float64Array(e * e);
  multiplySymmetric(e, n, A, A, factor);
  let most = 0;
  for (let i = 0; i < e; i++) most = Math.max(most, factor[i * (e + 1)]);
  // Dependent rows, as in the restoration.
  for (let i = 0; i < e; i++) factor[i * (e + 1)] += 1e-14 * most;
  cholesky(e, factor);
  const points = new Float64Array(size * n);
  const multipliers = new Float64Array(e);
  for (let i = 0; i < size; i++) {
    multipliers.set(x.subarray(i * e, (i + 1) * e));
    solveCholesky(e, factor, multipliers);
    addTransposed(e, n, A, multipliers, points.subarray(i * n, (i + 1) * n));
  }
  return points;
}
