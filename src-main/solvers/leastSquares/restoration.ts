import { dot } from '../../numerics/linalg/products';
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
  /** Not even with damping could JJᵀ be factored. */
  | 'singular rows'
  | 'NaN'
  /** No step along the direction lowers the violation: a stationary point of it, as where no y is feasible. */
  | 'stalled';

/**
 * Least-norm Gauss–Newton steps onto Ay = x and the rows that are violated, y ← y − αJᵀ(JJᵀ)⁻¹res, res = [Ay − x; c_active], α halved from 1 until the
 * violation falls by α·1e-4 of itself: an explicit state, as that of leastSquares.ts. Where no α down to ⅛ does, the step is y ← y − Jᵀ(JJᵀ + μI)⁻¹res with the
 * least of some μ by which ‖res‖² falls by 1e-4 of what the model promises (Levenberg, 1944): with μ → ∞ it goes down the gradient of ½‖res‖², which
 * is convex where the rows are, so that it ends only where nothing is feasible. A step is a function of the point that it begins at. Weights of the rows change none of it.
 * It is a repair and no projection: the point that it ends at is feasible and near, not the nearest.
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
  /** μ of the factor; of the last step after it. */
  damping: number;
  /** Version of the model for which the first e rows of the factor are those of AAᵀ + μI; whether that is positive definite. */
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
    ...{
      count: e,
      factor: array(most * most),
      damping: 0,
      version: -1,
      constantFactored: false,
      multiplier: array(most),
    },
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

/** Factors JJᵀ + μI at the point of the model's last `linearise`; AAᵀ only if it, or μ, has changed. @returns whether it is positive definite */
export function factorRows(state: Restoration, damping = 0): boolean {
  const { model, factor } = state;
  const { n, e, m, kernels, activeCount, A, activeJacobian } = model;
  const stride = e + m;
  if (state.version !== model.version || state.damping !== damping) {
    kernels.multiplySymmetric(e, n, A, factor, 0, stride);
    state.damping = damping;
    addDiagonal(state, 0, e);
    state.constantFactored = kernels.cholesky(e, 0, factor, stride, 0) < 0;
    state.version = model.version;
  }
  const count = (state.count = e + activeCount);
  kernels.multiplyTransposed(activeCount, e, n, activeJacobian, A, factor, e * stride, stride);
  kernels.multiplySymmetric(activeCount, n, activeJacobian, factor, e * (stride + 1), stride);
  addDiagonal(state, e, count);
  return state.constantFactored && kernels.cholesky(count, e, factor, stride, 0) < 0;
}

/**
 * μ, in rows that are weighted by s_i as μs_i²; and for dependent rows a shift: (JJᵀ + τI)⁻¹ in the place of the pseudo-inverse, which it equals to τ relative to its
 * smallest eigenvalue but 0.
 */
function addDiagonal({ model, factor, damping }: Restoration, from: number, to: number): void {
  const { e, m, rowWeights } = model;
  const stride = e + m;
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, factor[i * (stride + 1)]);
  for (let i = from; i < to; i++) factor[i * (stride + 1)] += shift * most + damping * rowWeights[rowOf(model, i)] ** 2;
}

/** Which row of [Ay − x; c] is row k of J. */
const rowOf = ({ e, active }: QcqpResidual, k: number): number => (k < e ? k : e + active[k - e]);

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
  const { model, y, residual } = state;
  model.linearise(y, residual);
  state.iteration++;
  state.from.set(y);
  const before = state.violation;
  if (stepUndamped(state, before)) return;
  const end = stepDamped(state, before);
  if (end === 'taken') return;
  y.set(state.from);
  state.taken = 0;
  measure(state);
  state.status = end;
}

/** @returns whether the violation has fallen; if not, y is anywhere */
function stepUndamped(state: Restoration, before: number): boolean {
  // Of more rows than unknowns some depend on others: what solves all of them is noise.
  if (state.model.e + state.model.activeCount > state.model.n || !factorRows(state)) return false;
  direct(state);
  for (state.taken = 1; state.taken >= shortest; state.taken /= 2) {
    move(state);
    if (state.violation <= (1 - 1e-4 * state.taken) * before) return true;
  }
  return false;
}

const shortest = 1 / 8;

/** Tries powers of ten for μ, from far below the largest squared length of a row to far above it. */
function stepDamped(state: Restoration, before: number): 'taken' | 'stalled' | 'singular rows' {
  const { model, multiplier, from, residual } = state;
  const { n, rowWeights } = model;
  // Of y at `from`, where the model is linearised.
  state.y.set(from);
  measure(state);
  const scale = Math.round(Math.log10(longestRow(model)));
  const res = residual.slice(n);
  state.taken = 1;
  let factored = false;
  for (let power = lowest; power <= highest; power++) {
    const damping = 10 ** (scale + power);
    if (!factorRows(state, damping)) continue;
    factored = true;
    residual.set(res, n);
    direct(state);
    move(state);
    // res − Jδ = μz, z of the rows without their weights.
    let left = 0;
    for (let k = 0; k < state.count; k++) left += (multiplier[k] * rowWeights[rowOf(model, k)]) ** 2;
    const promised = before ** 2 - damping ** 2 * left;
    if (promised > 0 && state.violation < before && before ** 2 - state.violation ** 2 >= 1e-4 * promised)
      return 'taken';
  }
  return factored ? 'stalled' : 'singular rows';
}

const [lowest, highest] = [-6, 6];

/** The largest squared length of a row of J, without its weight. */
function longestRow({ n, e, A, activeJacobian, activeCount, active, rowWeights }: QcqpResidual): number {
  let longest = 0;
  const look = (rows: Float64Array, row: number, weight: number) => {
    const square = dot(n, rows, row * n, rows, row * n) / weight ** 2;
    if (square > longest) longest = square;
  };
  for (let i = 0; i < e; i++) look(A, i, rowWeights[i]);
  for (let k = 0; k < activeCount; k++) look(activeJacobian, k, rowWeights[e + active[k]]);
  return longest;
}

/** `multiplier` and `direction` from the residual at the point of the model and the factor. */
function direct(state: Restoration): void {
  const { model, residual, multiplier, direction } = state;
  for (let k = 0; k < state.count; k++) multiplier[k] = residual[model.n + rowOf(model, k)];
  solveRows(state, multiplier);
  direction.fill(0);
  addRowsTransposed(state, multiplier, direction);
}

/** y and its violation, `taken` along the direction. */
function move(state: Restoration): void {
  const { y, from, direction, taken } = state;
  for (let j = 0; j < y.length; j++) y[j] = from[j] - taken * direction[j];
  measure(state);
}

export function terminateRestoration(state: Restoration): boolean {
  if (state.status) return true;
  if (state.violation <= state.settings.tolerance) state.status = 'converged';
  else if (state.iteration >= state.settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}
