import type { QcqpResidual } from './qcqpResidual';

export interface RestorationSettings {
  maxIterations: number;
  /** On ‖[Ay − x; relu(c)]‖₂. */
  tolerance: number;
}

export const defaultRestorationSettings: RestorationSettings = { maxIterations: 50, tolerance: 1e-9 };

export type RestorationStatus =
  | 'converged'
  | 'iteration limit'
  | 'singular rows'
  | 'NaN'
  /** No step along the direction lowers the violation: a stationary point of it, as where no y is feasible. */
  | 'stalled';

/**
 * Least-norm Gauss–Newton steps onto Ay = x and the rows that are violated, y ← y − αJᵀ(JJᵀ)⁻¹[Ay − x; c_active], α halved from 1 until the
 * violation falls by α·1e-4 of itself: an explicit state, as that of leastSquares.ts. Weights of the rows change none of it. It is a repair and no
 * projection: the point that it ends at is feasible and near, not the nearest.
 */
export interface Restoration {
  readonly model: QcqpResidual;
  readonly settings: RestorationSettings;
  readonly y: Float64Array;
  /** r(y), of which the anchor's part is not used. */
  readonly residual: Float64Array;
  /** ‖[Ay − x; relu(c)]‖₂ */
  violation: number;
  /** J = [A; active rows] at the point before the last step has `count` rows; Cholesky factor of JJᵀ, [count, count] with rows of e + m. */
  count: number;
  readonly factor: Float64Array;
  /** Version of the model for which the first e rows of the factor are those of AAᵀ; whether that is positive definite. */
  version: number;
  constantFactored: boolean;
  /** (JJᵀ)⁻¹ res, [count], and Jᵀ times it, [n]. */
  readonly multiplier: Float64Array;
  readonly direction: Float64Array;
  /** α of the last step. */
  taken: number;
  readonly from: Float64Array;
  iteration: number;
  status: RestorationStatus | null;
}

export function makeRestoration(model: QcqpResidual, settings: Partial<RestorationSettings> = {}): Restoration {
  const { n, e, m } = model;
  const most = e + m;
  const array = (length: number) => model.kernels.allocate(length);
  return {
    model,
    settings: { ...defaultRestorationSettings, ...settings },
    ...{ y: array(n), residual: array(model.rows), violation: 0 },
    ...{ count: e, factor: array(most * most), version: -1, constantFactored: false, multiplier: array(most) },
    ...{ direction: array(n), taken: 0, from: array(n), iteration: 0, status: null },
  };
}

/** Begins at start[at …] for the instance that the model has. */
export function initRestoration(state: Restoration, start: Float64Array, at = 0): void {
  for (let j = 0; j < state.model.n; j++) state.y[j] = start[at + j];
  state.iteration = 0;
  measure(state);
  state.status = Number.isFinite(state.violation) ? null : 'NaN';
}

function measure(state: Restoration): void {
  const { model, y, residual } = state;
  const { n, rows, rowWeights } = model;
  model.residual(y, residual);
  let square = 0;
  for (let i = n; i < rows; i++) square += (residual[i] / rowWeights[i - n]) ** 2;
  state.violation = Math.sqrt(square);
}

/** Factors JJᵀ at the point of the model's last `linearise`; AAᵀ only if it has changed. @returns whether it is positive definite */
export function factorRows(state: Restoration): boolean {
  const { model, factor } = state;
  const { n, e, m, kernels, activeCount, A, activeJacobian } = model;
  const stride = e + m;
  if (state.version !== model.version) {
    kernels.multiplySymmetric(e, n, A, factor, 0, stride);
    shiftDiagonal(factor, stride, 0, e);
    state.constantFactored = kernels.cholesky(e, 0, factor, stride, 0) < 0;
    state.version = model.version;
  }
  const count = (state.count = e + activeCount);
  kernels.multiplyTransposed(activeCount, e, n, activeJacobian, A, factor, e * stride, stride);
  kernels.multiplySymmetric(activeCount, n, activeJacobian, factor, e * (stride + 1), stride);
  shiftDiagonal(factor, stride, e, count);
  return state.constantFactored && kernels.cholesky(count, e, factor, stride, 0) < 0;
}

/** Dependent rows: (JJᵀ + τI)⁻¹ in the place of the pseudo-inverse, which it equals to τ relative to its smallest eigenvalue but 0. */
function shiftDiagonal(matrix: Float64Array, stride: number, from: number, to: number): void {
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, matrix[i * (stride + 1)]);
  for (let i = from; i < to; i++) matrix[i * (stride + 1)] += shift * most;
}

/** q [count] ← (JJᵀ)⁻¹q */
export const solveRows = ({ model, count, factor }: Restoration, q: Float64Array): void =>
  model.kernels.solveCholesky(count, factor, model.e + model.m, q);

/** q [count] ← Jv */
export function multiplyRows({ model }: Restoration, v: Float64Array, q: Float64Array): void {
  const { n, e, kernels } = model;
  kernels.multiply(e, n, model.A, v, 0, q, 0);
  kernels.multiply(model.activeCount, n, model.activeJacobian, v, 0, q, e);
}

/** v [n] ← v + Jᵀq */
export function addRowsTransposed({ model }: Restoration, q: Float64Array, v: Float64Array): void {
  const { n, e, kernels } = model;
  kernels.addTransposed(e, n, model.A, q, 0, v);
  kernels.addTransposed(model.activeCount, n, model.activeJacobian, q, e, v);
}

const shift = 1e-14;

export function stepRestoration(state: Restoration): void {
  const { model, y, residual, multiplier, direction } = state;
  const { n, e } = model;
  model.linearise(y, residual);
  state.iteration++;
  if (!factorRows(state)) {
    state.status = 'singular rows';
    return;
  }
  for (let i = 0; i < e; i++) multiplier[i] = residual[n + i];
  for (let k = 0; k < model.activeCount; k++) multiplier[e + k] = residual[n + e + model.active[k]];
  solveRows(state, multiplier);
  direction.fill(0);
  addRowsTransposed(state, multiplier, direction);
  const before = state.violation;
  state.from.set(y);
  for (state.taken = 1; ; state.taken /= 2) {
    for (let j = 0; j < n; j++) y[j] = state.from[j] - state.taken * direction[j];
    measure(state);
    if (state.violation <= (1 - 1e-4 * state.taken) * before) return;
    if (state.taken < shortest) break;
  }
  y.set(state.from);
  state.taken = 0;
  measure(state);
  state.status = 'stalled';
}

const shortest = 1e-6;

export function terminateRestoration(state: Restoration): boolean {
  if (state.status) return true;
  if (state.violation <= state.settings.tolerance) state.status = 'converged';
  else if (state.iteration >= state.settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}
