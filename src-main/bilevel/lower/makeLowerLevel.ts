import { AdjointError } from '@shared/errors';
import { cholesky } from '../../numerics/linalg/cholesky';
import type { BilevelProblem } from '../problem';
import { QuadraticBilevel } from '../quadratic';
import { BoxLowerLevel } from './boxLowerLevel';
import { ConicLowerLevel } from './conicLowerLevel';
import type { LowerLevel } from './lowerLevel';
import { NewtonLowerLevel } from './newtonLowerLevel';
import { RowsLowerLevel } from './rowsLowerLevel';

/**
 * The method that the lower level allows. Quadratic: block pivoting for a positive definite Q with bounds only, the dual active-set
 * method with rows, and the interior point for a semidefinite Q. Any other: projected Newton. `conic` asks for the interior point.
 *
 * @throws AdjointError `unsupported` for the interior point on a level that is not quadratic
 */
export function makeLowerLevel(problem: BilevelProblem, method: 'auto' | 'conic' = 'auto'): LowerLevel {
  if (problem instanceof QuadraticBilevel) return makeQuadratic(problem, method);
  if (method === 'conic')
    throw new AdjointError('unsupported', 'The interior point solves quadratic lower levels only.', {
      where: 'the lower level',
      fix: 'Leave the choice of the method to the problem.',
    });
  return new NewtonLowerLevel(problem);
}

function makeQuadratic(problem: QuadraticBilevel, method: 'auto' | 'conic'): LowerLevel {
  const { n, m, lower } = problem;
  // Below this pivot the active-set methods lose too many digits; the interior point polishes in twice the precision.
  if (method === 'conic' || cholesky(n, lower.Q.slice(), 1e-13) >= 0) return new ConicLowerLevel(problem);
  return m === 0 ? new BoxLowerLevel(problem) : new RowsLowerLevel(problem);
}
