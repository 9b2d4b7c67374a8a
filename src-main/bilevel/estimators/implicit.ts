import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { subtractThroughLower, upperWithGradients, type BilevelProblem } from '../problem';
import { WorkCounter, type Estimate, type EstimateOptions, type Oracle } from './estimator';

/**
 * The hypergradient by the implicit function theorem on the active set,
 *
 *     [H Āᵀ; Ā 0][u; w] = [∇_y f; 0],   ∇F = ∇_x f − Gᵀu − B̄ᵀw,   H = ∇²_yy g,   G = ∂(∇_y g)/∂x
 *
 * with the adjoint system solved directly (Fiacco 1983; Amos & Kolter, *OptNet*, ICML 2017, for the layer).
 */
export function implicitOracle(problem: BilevelProblem, method: 'auto' | 'conic'): Oracle {
  const { d, n } = problem;
  const level = makeLowerLevel(problem, method);
  const [gradient, space] = [new Float64Array(d), new Float64Array(d)];
  const cotangent = new Float64Array(n);
  const work = new WorkCounter(level.bytes + 8 * (2 * d + n));
  return {
    at(x: Float64Array, options?: EstimateOptions): Estimate {
      work.begin();
      const solution = level.solve(x, options);
      const { y, weak } = solution;
      work.lowerSolves++;
      const F = upperWithGradients(problem, x, y, gradient, cotangent);
      subtractThroughLower(problem, x, y, level.adjoint(cotangent), gradient, space);
      work.products += problem.m > 0 ? 2 : 1;
      work.end();
      return { F, gradient, y, weak, work, residual: () => kktResidual(problem, x, solution, options?.q) };
    },
    save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
    restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
  };
}
