import type { VectorDatum } from '@shared/solve';
import { solveSaddlePoint } from '../../numerics/linalg/saddlePoint';
import type { ConvexProblem } from '../../solvers/convex/problem';
import { gradientsOf, type Linearisation } from './differentiate';

/**
 * The Jacobian ∂y/∂θ [n, entries of θ] of a datum that is a vector: row j is the gradient of y_j*, by one solve with the system that is
 * factored already. n solves: for looking at, not for training, which needs products with it only.
 */
export function jacobianOf(problem: ConvexProblem, linear: Linearisation, datum: VectorDatum): Float64Array {
  const { n } = problem;
  const columns = problem[datum].length;
  const result = new Float64Array(n * columns);
  const unit = new Float64Array(n);
  const none = new Float64Array(linear.rows.length);
  for (let j = 0; j < n; j++) {
    unit.fill(0)[j] = 1;
    const { x, lambda } = solveSaddlePoint(linear.system, unit, none);
    const row = gradientsOf(problem, linear, x, lambda, [datum])[datum];
    if (row) result.set(row, j * columns);
  }
  return result;
}
