import { AdjointError } from '@shared/errors';
import { cholesky } from '../../numerics/linalg/cholesky';
import type { LowerLevel } from '../lower/lowerLevel';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { NewtonLowerLevel } from '../lower/newtonLowerLevel';
import type { BilevelProblem } from '../problem';
import { bilevelProblem, QuadraticBilevel } from '../quadratic';

/**
 * The lower level with f + γ(g + qᵀy) in place of g + qᵀy, over the same rows and bounds, by the method that it allows: active sets where
 * both levels are quadratic, projected Newton elsewhere.
 *
 * @throws AdjointError `bad-request` for a γ at which it is not convex in y
 */
export function makeBlendedLevel(problem: BilevelProblem, gamma: number): LowerLevel {
  return problem instanceof QuadraticBilevel
    ? makeLowerLevel(blendedQuadratic(problem, gamma))
    : blendedByNewton(problem, gamma);
}

function blendedQuadratic({ d, n, upper, lower }: QuadraticBilevel, gamma: number): QuadraticBilevel {
  const sum = (a: Float64Array, b: Float64Array) => a.map((value, at) => value + gamma * b[at]);
  const Q = sum(upper.Qyy, lower.Q);
  if (cholesky(n, Q.slice(), 1e-13) >= 0)
    throw new AdjointError('bad-request', `With γ = ${gamma} the penalised lower level f + γg is not convex in y.`, {
      where: 'gamma',
      fix: 'Take a larger γ, so that g outweighs the negative curvature of f.',
    });
  const q = lower.q.map((value) => gamma * value);
  return bilevelProblem(d, n, {}, { ...lower, Q, c: sum(upper.cy, lower.c), q, P: sum(upper.Qxy, lower.P), inX: null });
}

/** Any problem with bounds only; solves take no perturbation but the problem’s own. */
export function blendedByNewton(problem: BilevelProblem, gamma: number): LowerLevel {
  const { d, n, m, bounds } = problem;
  const [inY, hessian] = [new Float64Array(n), new Float64Array(n * n)];
  return new NewtonLowerLevel({
    ...{ d, n, m, bounds },
    lowerValue: (x, y) => problem.upperValue(x, y) + gamma * problem.lowerValue(x, y),
    lowerGradientY(x, y, result) {
      problem.upperGradientY(x, y, inY);
      problem.lowerGradientY(x, y, result);
      for (let j = 0; j < n; j++) result[j] = inY[j] + gamma * result[j];
    },
    lowerHessian(x, y, result) {
      problem.upperHessianY(x, y, hessian);
      problem.lowerHessian(x, y, result);
      for (let at = 0; at < result.length; at++) result[at] = hessian[at] + gamma * result[at];
    },
  });
}
