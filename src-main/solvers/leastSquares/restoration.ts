import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { addTransposed, multiplySymmetric } from '../../numerics/linalg/products';
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
  /** [A; active rows], [count, n], at the point before the last step. */
  readonly jacobian: Float64Array;
  count: number;
  /** Cholesky factor of JJᵀ, [count, count]. */
  readonly factor: Float64Array;
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
  return {
    model,
    settings: { ...defaultRestorationSettings, ...settings },
    ...{ y: new Float64Array(n), residual: new Float64Array(model.rows), violation: 0 },
    ...{
      jacobian: new Float64Array(most * n),
      count: e,
      factor: new Float64Array(most * most),
      multiplier: new Float64Array(most),
    },
    ...{ direction: new Float64Array(n), taken: 0, from: new Float64Array(n), iteration: 0, status: null },
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

/** [A; active rows] and the factor of JJᵀ at the point of the model's last `linearise`. @returns whether it is positive definite */
export function factorRows(state: Restoration): boolean {
  const { model, jacobian, factor } = state;
  const { n, e } = model;
  for (let i = 0; i < e * n; i++) jacobian[i] = model.A[i];
  for (let i = 0; i < model.activeCount * n; i++) jacobian[e * n + i] = model.activeJacobian[i];
  const count = (state.count = e + model.activeCount);
  multiplySymmetric(count, n, jacobian, jacobian, factor);
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, factor[i * (count + 1)]);
  // Dependent rows: (JJᵀ + τI)⁻¹ in the place of the pseudo-inverse, which it equals to τ relative to its smallest eigenvalue but 0.
  for (let i = 0; i < count; i++) factor[i * (count + 1)] += shift * most;
  return cholesky(count, factor) < 0;
}

const shift = 1e-14;

export function stepRestoration(state: Restoration): void {
  const { model, y, residual, jacobian, factor, multiplier, direction } = state;
  const { n, e } = model;
  model.linearise(y);
  state.iteration++;
  if (!factorRows(state)) {
    state.status = 'singular rows';
    return;
  }
  for (let i = 0; i < e; i++) multiplier[i] = residual[n + i];
  for (let k = 0; k < model.activeCount; k++) multiplier[e + k] = residual[n + e + model.active[k]];
  solveCholesky(state.count, factor, multiplier);
  direction.fill(0);
  addTransposed(state.count, n, jacobian, multiplier, direction);
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
