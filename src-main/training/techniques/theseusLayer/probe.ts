import { quantileOfSorted, sorted } from '@shared/statistics/summary';
import { cholesky, solveCholesky } from '../../../numerics/linalg/cholesky';
import { addTransposed, multiplySymmetric } from '../../../numerics/linalg/products';
import { init, linearise, makeLeastSquares, step, terminate } from '../../../solvers/leastSquares/leastSquares';
import type { QcqpRows } from '../../../solvers/leastSquares/qcqpResidual';
import type { InnerProblem } from './inner';
import { layerSettings } from './settings';

/** Inner solves that were followed, limit + 1 points each, the last one held where a solve has ended before. */
export interface Followed {
  /** Iterations until ‖Jᵀr‖∞ is within the tolerance; limit + 1 where it never was. */
  iterations: Int32Array;
  /** ‖Jᵀr‖∞, [size, limit + 1] */
  residual: Float64Array;
  /** Largest entry of [Ay − x; relu(c)], [size, limit + 1] */
  violation: Float64Array;
}

/**
 * Follows the anchored phase of every instance, with the layer's own descent and search, until it arrives or `probe.iterations` are done.
 *
 * @param x weighted as the rows are
 * @param initial where the solves begin, [size, n]
 */
export function followInner(
  { settings, layer: { model }, damping }: InnerProblem,
  anchor: Float64Array,
  x: Float64Array,
  initial: Float64Array,
): Followed {
  const { iterations: limit, tolerance } = settings.probe;
  const { n, e } = model;
  const size = anchor.length / n;
  const own = layerSettings(settings, damping).solver;
  const solver = makeLeastSquares(model, { ...own, maxIterations: limit, gradientTolerance: tolerance });
  const width = limit + 1;
  const followed: Followed = {
    iterations: new Int32Array(size),
    ...{ residual: new Float64Array(size * width), violation: new Float64Array(size * width) },
  };
  for (let i = 0; i < size; i++) {
    model.setInstance(anchor, i * n, x, i * e);
    init(solver, initial, i * n);
    for (;;) {
      const at = i * width + solver.iteration;
      if (solver.status === null) {
        linearise(solver);
        followed.residual[at] = largest(solver.gradient, 0);
        followed.violation[at] = largest(solver.residual, n);
      }
      if (terminate(solver)) break;
      step(solver);
    }
    const converged = solver.status === 'converged';
    followed.iterations[i] = converged ? solver.iteration : width;
    // A step that failed has no point of its own.
    const last =
      converged || solver.status === 'iteration limit' ? solver.iteration : Math.max(0, solver.iteration - 1);
    for (const values of [followed.residual, followed.violation])
      values.fill(values[i * width + last], i * width + last + 1, (i + 1) * width);
  }
  return followed;
}

function largest(values: Float64Array, from: number): number {
  let most = 0;
  for (let j = from; j < values.length; j++) if (!(Math.abs(values[j]) <= most)) most = Math.abs(values[j]);
  return most;
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
export function leastNormPoints({ n, A }: QcqpRows, x: Float64Array): Float64Array {
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
