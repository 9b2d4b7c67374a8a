import { dot } from '../../numerics/linalg/products';
import type { LeastSquares } from '../../solvers/leastSquares/leastSquares';
import type { NormalSolver } from '../../solvers/leastSquares/normalSolver';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import type { AdjointWork } from './iterationAdjoint';

/**
 * Direct loss minimisation (Pineda et al., *Theseus*, NeurIPS 2022, §4.3): the derivative of E = ½‖r‖² for the data at y against that at the
 * point to which one step with the loss as a further cost leads,
 *
 *     y_ε = y − (JᵀJ + 2ε²I)⁻¹(Jᵀr + 2ε(εy − v/2)),   dθ = (∂_θE(y) − ∂_θE(y_ε))/ε
 *
 * The solver must be linearised at y. It is biased by O(ε), and the part of the step that is due to Jᵀr ≠ 0 is divided by ε.
 *
 * @returns that part's length over the length of the part that is due to v; Infinity where the matrix is singular, and nothing is added
 */
export function pullDlm<Gradient>(
  solver: LeastSquares<DifferentiableResidual<Gradient>>,
  epsilon: number,
  v: Float64Array,
  into: Gradient,
  { u, v: unwanted, gradient: moved, image, weight }: AdjointWork,
): number {
  const { model, y, gradient, residual, normals } = solver;
  const { n } = model;
  // Not by way of an ellipsoidal damping: 2ε²I is what the loss adds.
  if (!normals.factorDamped(2 * epsilon * epsilon, false)) return Infinity;
  for (let j = 0; j < n; j++) u[j] = gradient[j] + 2 * epsilon * (epsilon * y[j] - v[j] / 2);
  normals.solve(u);
  for (let j = 0; j < n; j++) moved[j] = y[j] - u[j];
  for (let i = 0; i < weight.length; i++) weight[i] = residual[i] / epsilon;
  const share = shareOf(normals, gradient, v, epsilon, unwanted, u);
  model.pullResidual(y, weight, unwanted, into);
  model.residual(moved, image);
  model.linearise(moved, image);
  for (let i = 0; i < weight.length; i++) weight[i] = -image[i] / epsilon;
  model.pullResidual(moved, weight, unwanted, into);
  return share;
}

/** ‖M⁻¹g‖/‖εM⁻¹v‖; 0 where both vanish. */
function shareOf(
  normals: NormalSolver,
  g: Float64Array,
  v: Float64Array,
  epsilon: number,
  a: Float64Array,
  b: Float64Array,
): number {
  a.set(g);
  b.set(v);
  normals.solve(a);
  normals.solve(b);
  const unwanted = Math.sqrt(dot(a.length, a, 0, a, 0));
  const wanted = epsilon * Math.sqrt(dot(b.length, b, 0, b, 0));
  return wanted > 0 ? unwanted / wanted : 0;
}
