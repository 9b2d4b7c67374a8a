import type { QcqpGradient, QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import {
  addRowsTransposed,
  factorRows,
  multiplyRows,
  solveRows,
  type Restoration,
} from '../../solvers/leastSquares/restoration';
import type { AdjointWork } from './iterationAdjoint';

/**
 * Adjoint of a step y′ = y − αJᵀz, (JJᵀ + μI)z = res, α and μ locally constant: with v the cotangent times α, q = (JJᵀ + μI)⁻¹Jv and δ = Jᵀz it is the derivative, at constant v, q, z and δ, of
 *
 *     −zᵀJ(v − Jᵀq) + qᵀJδ − qᵀres
 *
 * `cotangent` [n] of y′ becomes that of y. The restoration must be at the point y with its rows factored, z in `multiplier` and δ in
 * `direction`.
 */
export function pullRestorationStep(
  restoration: Restoration,
  y: Float64Array,
  cotangent: Float64Array,
  gradient: QcqpGradient,
  work: AdjointWork,
): void {
  const into = { ...gradient, ...noWeights };
  const { model, multiplier, direction, count } = restoration;
  const { n } = model;
  const { u, weight, weight2, image: q } = work;
  for (let j = 0; j < n; j++) u[j] = restoration.taken * cotangent[j];
  multiplyRows(restoration, u, q);
  solveRows(restoration, q);
  for (let k = 0; k < count; k++) q[k] = -q[k];
  addRowsTransposed(restoration, q, u);
  spread(model, multiplier, -1, weight);
  model.pullJacobian(y, weight, u, cotangent, into);
  spread(model, q, -1, weight);
  spread(model, q, 1, weight2);
  model.pullJacobian(y, weight, direction, cotangent, into);
  model.pullResidual(y, weight2, cotangent, into);
}

/** A step onto rows does not depend on what they are worth. */
const noWeights = { anchorWeight: undefined, rowWeights: undefined };

/** weight [rows] ← sign·values of [A; active rows]; 0 for the anchor and for rows that are off. */
function spread(
  { n, e, active, activeCount }: QcqpResidual,
  values: Float64Array,
  sign: number,
  weight: Float64Array,
): void {
  weight.fill(0);
  for (let i = 0; i < e; i++) weight[n + i] = sign * values[i];
  for (let k = 0; k < activeCount; k++) weight[n + e + active[k]] = sign * values[e + k];
}

/**
 * Derivative at a restored point by the null-space projector of its active rows, the limit w → 0 of the implicit Gauss–Newton mode:
 * with u = (I − J⁺J)v, q = J⁺ᵀv and the multipliers λ = J⁺ᵀ(ŷ − y) it is the derivative, at constant u, q and λ, of
 *
 *     uᵀŷ − qᵀres − λᵀJu
 *
 * `rows` are those of c that count as active; `anchor` is ŷ, from anchorAt on.
 */
export function pullProjected(
  restoration: Restoration,
  rows: ArrayLike<number>,
  anchor: Float64Array,
  anchorAt: number,
  cotangent: Float64Array,
  into: QcqpGradient,
  work: AdjointWork,
): boolean {
  const { model, y } = restoration;
  const { n } = model;
  model.lineariseRows(y, rows);
  if (!factorRows(restoration)) return false;
  const { count } = restoration;
  const { u, v, weight, weight2, image: q, image2: lambda } = work;
  multiplyRows(restoration, cotangent, q);
  solveRows(restoration, q);
  u.set(cotangent);
  for (let k = 0; k < count; k++) q[k] = -q[k];
  addRowsTransposed(restoration, q, u);
  for (let j = 0; j < n; j++) v[j] = anchor[anchorAt + j] - y[j];
  multiplyRows(restoration, v, lambda);
  solveRows(restoration, lambda);
  if (into.anchor) for (let j = 0; j < n; j++) into.anchor[j] += u[j];
  spread(model, q, 1, weight);
  spread(model, lambda, -1, weight2);
  // The point is a constant of this derivative: what falls to y is not used.
  model.pullResidual(y, weight, v, { ...into, anchor: undefined, ...noWeights });
  model.pullJacobian(y, weight2, u, v, { ...into, ...noWeights });
  return true;
}
