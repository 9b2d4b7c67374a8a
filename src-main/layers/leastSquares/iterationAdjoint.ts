import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import { dot } from '../../numerics/linalg/products';
import type { Leg, LeastSquares } from '../../solvers/leastSquares/leastSquares';
import { NormalFactor, type SolveWork } from '../../solvers/leastSquares/normalFactor';
import type { DifferentiableResidual, ResidualModel } from '../../solvers/leastSquares/residualModel';

/** What the derivative of one iteration needs of it. */
export interface IterationRecord {
  /** The point that it began at, and r there. */
  readonly y: Float64Array;
  readonly residual: Float64Array;
  readonly direction: Float64Array;
  /** Of dogleg, and of an ellipsoidal damping; otherwise empty. */
  newton: Float64Array;
  diagonal: Float64Array;
  readonly factor: NormalFactor;
  taken: number;
  damping: number;
  dampingSlope: number;
  radius: number;
  leg: Leg;
  position: number;
}

export function makeRecord({ n, rows, kernels }: ResidualModel): IterationRecord {
  const none = kernels.allocate(0);
  return {
    ...{ y: kernels.allocate(n), residual: kernels.allocate(rows), direction: kernels.allocate(n) },
    ...{ newton: none, diagonal: none, factor: new NormalFactor(n, kernels) },
    ...{ taken: 0, damping: 0, dampingSlope: 1, radius: 0, leg: 'newton', position: 1 },
  };
}

/** Numbers that a record holds. */
export const recordLength = ({ y, residual, direction, newton, diagonal, factor }: IterationRecord): number =>
  y.length + residual.length + direction.length + newton.length + diagonal.length + factor.bytesHeld / 8;

/** Fills the part of the record that is taken before the step. */
export function recordPoint({ y, residual }: LeastSquares, record: IterationRecord): void {
  record.y.set(y);
  record.residual.set(residual);
}

/** Fills the rest of it, after the step. */
export function recordStep(state: LeastSquares, record: IterationRecord): void {
  const { model, normals } = state;
  record.taken = state.taken;
  if (state.taken === 0) return;
  record.direction.set(state.direction);
  record.factor.copyFrom(normals.factor);
  record.damping = state.usedDamping;
  record.dampingSlope = state.usedSlope;
  record.radius = state.usedRadius;
  record.leg = state.leg;
  record.position = state.position;
  if (state.leg !== 'newton') record.newton = copied(model.kernels, state.newton, record.newton);
  const { descent } = state.settings;
  if (descent.kind === 'levenbergMarquardt' && descent.ellipsoidal)
    record.diagonal = copied(model.kernels, normals.diagonal, record.diagonal);
}

function copied(kernels: DenseKernels, from: Float64Array, to: Float64Array): Float64Array {
  const target = to.length === from.length ? to : kernels.allocate(from.length);
  target.set(from);
  return target;
}

export interface AdjointWork {
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly gradient: Float64Array;
  readonly image: Float64Array;
  readonly image2: Float64Array;
  readonly residual: Float64Array;
  readonly weight: Float64Array;
  readonly weight2: Float64Array;
  readonly solving: SolveWork;
}

export function makeAdjointWork({ n, rows, kernels }: ResidualModel): AdjointWork {
  const vector = () => kernels.allocate(n);
  const long = () => kernels.allocate(rows);
  return {
    solving: { s: vector(), t: vector() },
    ...{ u: vector(), v: vector(), gradient: vector() },
    ...{ image: long(), image2: long(), residual: long(), weight: long(), weight2: long() },
  };
}

/**
 * Adjoint of y′ = y − αδ(y, θ): `cotangent` [n] of y′ becomes that of y, and derivatives for the data are added to `into`. α, radius and
 * whether a step was taken are locally constant. For (JᵀJ + λD)δ = Jᵀr and u = (JᵀJ + λD)⁻¹αv it is the derivative, at constant u and δ, of
 *
 *     (Ju)ᵀ(Jδ − r) + λuᵀDδ
 *
 * @returns the derivative for the damping of the first iteration
 */
export function pullIteration<Gradient>(
  model: DifferentiableResidual<Gradient>,
  record: IterationRecord,
  ellipsoidal: boolean,
  cotangent: Float64Array,
  into: Gradient,
  work: AdjointWork,
): number {
  const { n } = model;
  const { y, direction, factor, diagonal, taken, damping } = record;
  if (taken === 0) return 0;
  const { u, v, residual } = work;
  for (let j = 0; j < n; j++) v[j] = taken * cotangent[j];
  residual.set(record.residual);
  model.linearise(y, residual);
  if (record.leg !== 'newton') {
    pullBent(model, record, cotangent, into, work);
    return 0;
  }
  u.set(v);
  factor.solve(u, work.solving);
  pullNewton(model, y, direction, cotangent, into, work);
  let slope = 0;
  for (let j = 0; j < n; j++) slope += u[j] * direction[j] * (ellipsoidal ? diagonal[j] : 1);
  if (ellipsoidal && damping > 0) {
    for (let j = 0; j < n; j++) v[j] = damping * u[j] * direction[j];
    model.pullDiagonal(y, v, cotangent, into);
  }
  return slope * record.dampingSlope;
}

/** Adds the derivative of (Ju)ᵀ(Jδ − r) for work.u and work.residual. */
function pullNewton<Gradient>(
  model: DifferentiableResidual<Gradient>,
  y: Float64Array,
  direction: Float64Array,
  cotangent: Float64Array,
  into: Gradient,
  { u, image, residual, weight, weight2 }: AdjointWork,
): void {
  model.multiply(u, image);
  model.multiply(direction, weight);
  for (let i = 0; i < weight.length; i++) {
    weight[i] -= residual[i];
    weight2[i] = -image[i];
  }
  model.pullJacobian(y, weight, u, cotangent, into);
  model.pullJacobian(y, image, direction, cotangent, into);
  model.pullResidual(y, weight2, cotangent, into);
}

/** The two other pieces of the dogleg path, for work.v. */
function pullBent<Gradient>(
  model: DifferentiableResidual<Gradient>,
  record: IterationRecord,
  cotangent: Float64Array,
  into: Gradient,
  work: AdjointWork,
): void {
  const { n, rows } = model;
  const { u, v, gradient: g, residual, image2 } = work;
  model.multiplyTransposed(residual, g);
  const squared = dot(n, g, 0, g, 0);
  if (record.leg === 'steepest') {
    // δ = radius·g/‖g‖, dδ = radius/‖g‖ (I − ggᵀ/‖g‖²) dg
    const scale = record.radius / Math.sqrt(squared);
    const along = dot(n, g, 0, v, 0) / squared;
    for (let j = 0; j < n; j++) u[j] = scale * (v[j] - along * g[j]);
    pullGradient(model, record.y, cotangent, into, work);
    return;
  }
  // δ = a + t(δ_N − a), a = ηg, η = gᵀg/‖Jg‖², with t such that ‖δ‖ = radius: vᵀdδ = qᵀ((1 − t)da + t dδ_N).
  const { direction, newton, position: t, y } = record;
  model.multiply(g, image2);
  const curvature = dot(rows, image2, 0, image2, 0);
  const eta = squared / curvature;
  let [across, along] = [0, 0];
  for (let j = 0; j < n; j++) {
    const w = newton[j] - eta * g[j];
    across += v[j] * w;
    along += direction[j] * w;
  }
  for (let j = 0; j < n; j++) v[j] -= (across / along) * direction[j];
  for (let j = 0; j < n; j++) u[j] = t * v[j];
  record.factor.solve(u, work.solving);
  pullNewton(model, y, newton, cotangent, into, work);
  // qᵀda = η qᵀdg + qᵀg dη, dη = 2gᵀdg/‖Jg‖² − gᵀg/‖Jg‖⁴·2(Jg)ᵀ(dJ g + J dg)
  const share = ((1 - t) * dot(n, v, 0, g, 0) * 2) / curvature;
  model.multiplyTransposed(image2, u);
  for (let j = 0; j < n; j++) u[j] = (1 - t) * eta * v[j] + share * (g[j] - eta * u[j]);
  for (let i = 0; i < rows; i++) image2[i] *= share * eta;
  model.pullJacobian(y, image2, g, cotangent, into);
  pullGradient(model, y, cotangent, into, work);
}

/** Adds the derivative of −uᵀJᵀr for work.u and work.residual. */
export function pullGradient<Gradient>(
  model: DifferentiableResidual<Gradient>,
  y: Float64Array,
  cotangent: Float64Array,
  into: Gradient,
  { u, image, residual, weight }: AdjointWork,
): void {
  model.multiply(u, image);
  for (let i = 0; i < image.length; i++) {
    image[i] = -image[i];
    weight[i] = -residual[i];
  }
  model.pullJacobian(y, weight, u, cotangent, into);
  model.pullResidual(y, image, cotangent, into);
}
