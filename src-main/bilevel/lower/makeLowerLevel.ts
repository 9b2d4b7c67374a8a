import { cholesky } from '../../numerics/linalg/cholesky';
import type { BilevelProblem } from '../problem';
import { BoxLowerLevel } from './boxLowerLevel';
import { ConicLowerLevel } from './conicLowerLevel';
import type { LowerLevel } from './lowerLevel';
import { RowsLowerLevel } from './rowsLowerLevel';

/**
 * The method that the lower level allows: block pivoting for a positive definite Q with bounds only, the dual active-set method with
 * rows, and the interior point for a semidefinite Q. `conic` asks for the interior point.
 */
export function makeLowerLevel(problem: BilevelProblem, method: 'auto' | 'conic' = 'auto'): LowerLevel {
  const { n, m, lower } = problem;
  // Below this pivot the active-set methods lose too many digits; the interior point polishes in twice the precision.
  if (method === 'conic' || cholesky(n, lower.Q.slice(), 1e-13) >= 0) return new ConicLowerLevel(problem);
  return m === 0 ? new BoxLowerLevel(problem) : new RowsLowerLevel(problem);
}
