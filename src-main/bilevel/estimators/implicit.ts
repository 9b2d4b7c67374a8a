import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { directPart, subtractThroughLower, upperGradientY, upperValue, type BilevelProblem } from '../problem';
import { WorkCounter, type Estimate, type EstimateOptions, type Oracle } from './estimator';

/**
 * The hypergradient by the implicit function theorem on the active set,
 *
 *     [Q Āᵀ; Ā 0][u; w] = [∇_y f; 0],   ∇F = ∇_x f − P u − B̄ᵀw
 *
 * with the adjoint system solved directly (Fiacco 1983; Amos & Kolter, *OptNet*, ICML 2017, for the layer).
 */
export function implicitOracle(problem: BilevelProblem, method: 'auto' | 'conic'): Oracle {
  const { d, n } = problem;
  const level = makeLowerLevel(problem, method);
  const gradient = new Float64Array(d);
  const cotangent = new Float64Array(n);
  const work = new WorkCounter();
  return {
    at(x: Float64Array, options?: EstimateOptions): Estimate {
      work.begin();
      const solution = level.solve(x, options);
      const { y, weak } = solution;
      work.lowerSolves++;
      upperGradientY(problem, x, y, cotangent);
      directPart(problem, x, y, gradient);
      const { u, w } = level.adjoint(cotangent);
      subtractThroughLower(problem, u, w, gradient);
      work.products += problem.m > 0 ? 2 : 1;
      const F = upperValue(problem, x, y);
      work.end();
      return { F, gradient, y, weak, work, residual: () => kktResidual(problem, x, solution) };
    },
    save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
    restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
  };
}
