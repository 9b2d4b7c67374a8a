import { AdjointError } from '@shared/errors';
import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { dot } from '../../numerics/linalg/products';
import { ActiveFactor } from './activeFactor';

/** minimise ½yᵀQy + pᵀy subject to A y = b, G y ≤ h; Q symmetric positive definite. Bounds are rows of G. */
export interface InequalityQp {
  n: number;
  e: number;
  m: number;
  /** [n, n], [e, n], [m, n], row-major; only read. */
  Q: Float64Array;
  A: Float64Array;
  G: Float64Array;
}

export type DualActiveSetStatus = 'optimal' | 'primal infeasible' | 'iteration limit';

export interface DualActiveSetSettings {
  maxIterations: number;
  /** How far a row may be violated, relative to the size of the terms in it. */
  feasibility: number;
}

/** An explicit state, of which init, step, terminate and postprocess are functions. Rows 0 … e−1 are those of A, the others of G. */
export interface DualActiveSet {
  readonly data: InequalityQp;
  readonly settings: DualActiveSetSettings;
  /** [n], [e + m] */
  readonly p: Float64Array;
  readonly rhs: Float64Array;
  readonly y: Float64Array;
  /** Multiplier of every row, [e + m]: ≥ 0 for rows of G, 0 where inactive. For `primal infeasible` the certificate of Farkas. */
  readonly multipliers: Float64Array;
  readonly factor: ActiveFactor;
  /** Cholesky factor of Q. */
  readonly l: Float64Array;
  /** Multipliers of the active rows in the order of the factor; one more for the row that enters. */
  readonly u: Float64Array;
  readonly normals: Float64Array;
  readonly work: { normal: Float64Array; primal: Float64Array; dual: Float64Array; residual: Float64Array };
  iteration: number;
  status: DualActiveSetStatus | null;
}

export const defaultDualActiveSetSettings: DualActiveSetSettings = { maxIterations: 10_000, feasibility: 1e-13 };

/**
 * The dual active-set method of Goldfarb & Idnani (*Math. Programming* 27, 1983): begins at the minimum without constraints and adds
 * one violated row after the other, keeping all multipliers of the wanted sign, so that it needs no feasible point to begin with. The
 * factor of the active rows is updated, not computed anew; a warm start keeps the last instance's active set.
 *
 * @throws AdjointError `bad-request` if lengths disagree, a number is not finite, or Q is not positive definite
 */
export function makeDualActiveSet(data: InequalityQp, settings: Partial<DualActiveSetSettings> = {}): DualActiveSet {
  const { n, e, m, Q, A, G } = data;
  const expected: [string, Float64Array, number][] = [
    ['Q', Q, n * n],
    ['A', A, e * n],
    ['G', G, m * n],
  ];
  for (const [name, array, length] of expected) {
    if (array.length !== length)
      throw new AdjointError('bad-request', `${name} has ${array.length} entries, not ${length}.`, { where: name });
    const bad = array.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new AdjointError('bad-request', `${name} holds ${array[bad]} at position ${bad}.`, { where: name });
  }
  const l = Q.slice();
  const pivot = cholesky(n, l, 1e-15);
  if (pivot >= 0)
    throw new AdjointError(
      'bad-request',
      `Q is not positive definite: its pivot ${pivot + 1} of ${n} is not positive.`,
      {
        where: 'Q',
        fix: 'The active-set method needs a strictly convex objective; the interior point takes a semidefinite Q.',
      },
    );
  const rows = e + m;
  const normals = new Float64Array(rows * n);
  normals.set(A);
  normals.set(G, e * n);
  return {
    data,
    settings: { ...defaultDualActiveSetSettings, ...settings },
    p: new Float64Array(n),
    rhs: new Float64Array(rows),
    y: new Float64Array(n),
    multipliers: new Float64Array(rows),
    factor: new ActiveFactor(n, l),
    l,
    u: new Float64Array(n + 1),
    normals,
    work: {
      normal: new Float64Array(n),
      primal: new Float64Array(n),
      dual: new Float64Array(n),
      residual: new Float64Array(n),
    },
    iteration: 0,
    status: null,
  };
}

/** Begins an instance: linear term p [n], right-hand sides b [e] and h [m]. `warm` keeps the active set of the last instance. */
export function init(
  state: DualActiveSet,
  p: ArrayLike<number>,
  b: ArrayLike<number>,
  h: ArrayLike<number>,
  warm = false,
): void {
  const { data, factor, u } = state;
  state.p.set(p);
  state.rhs.set(b);
  state.rhs.set(h, data.e);
  for (const [name, values] of [
    ['p', state.p],
    ['b, h', state.rhs],
  ] as const)
    if (values.some((value) => Number.isNaN(value)))
      throw new AdjointError('bad-request', `${name} holds NaN.`, { where: name });
  state.iteration = 0;
  state.status = null;
  if (!warm) factor.clear();
  for (;;) {
    minimiseOnActive(state);
    // A multiplier of the wrong sign leaves, the worst first: the rest is then where the method could have come from.
    let worst = -1;
    for (let k = 0; k < factor.size; k++)
      if (factor.rows[k] >= data.e && u[k] < 0 && (worst < 0 || u[k] < u[worst])) worst = k;
    if (worst < 0) return;
    factor.remove(worst);
  }
}

/**
 * y and u on the active rows, from nothing but the data: with H = QR-factor of L⁻¹N and y₀ = −Q⁻¹p,
 * (NᵀQ⁻¹N)u = Nᵀy₀ − rhs and y = y₀ − Q⁻¹Nu.
 */
function minimiseOnActive({ data, p, y, rhs, u, l, factor, normals, work }: DualActiveSet): void {
  const { n } = data;
  for (let j = 0; j < n; j++) y[j] = -p[j];
  solveCholesky(n, l, y);
  for (let k = 0; k < factor.size; k++) {
    const row = factor.rows[k];
    u[k] = dot(n, normals, row * n, y, 0) - rhs[row];
  }
  factor.solveNormal(u);
  work.residual.fill(0);
  for (let k = 0; k < factor.size; k++) {
    const at = factor.rows[k] * n;
    for (let j = 0; j < n; j++) work.residual[j] += u[k] * normals[at + j];
  }
  solveCholesky(n, l, work.residual);
  for (let j = 0; j < n; j++) y[j] -= work.residual[j];
}

/** Takes in the most violated row, letting go of as many others as stand in its way. */
export function step(state: DualActiveSet): void {
  const { data, factor, u, y, normals, rhs, work } = state;
  const { n, e } = data;
  const entering = mostViolated(state);
  if (entering < 0) {
    state.status = 'optimal';
    return;
  }
  const at = entering * n;
  // An equality row may be violated on either side: its normal points to where the violation is.
  let violation = dot(n, normals, at, y, 0) - rhs[entering];
  const sign = entering < e && violation < 0 ? -1 : 1;
  violation *= sign;
  for (let j = 0; j < n; j++) work.normal[j] = sign * normals[at + j];
  u[factor.size] = 0;
  for (;;) {
    state.iteration++;
    const { size } = factor;
    const curvature = factor.directions(work.normal, work.primal, work.dual);
    let leaving = -1;
    let longest = Infinity;
    for (let k = 0; k < size; k++) {
      if (factor.rows[k] < e || work.dual[k] <= 0) continue;
      const ratio = u[k] / work.dual[k];
      if (ratio < longest) {
        longest = ratio;
        leaving = k;
      }
    }
    const full = curvature > 0 ? violation / curvature : Infinity;
    const length = Math.min(longest, full);
    if (length === Infinity || state.iteration > state.settings.maxIterations) {
      state.status = length === Infinity ? 'primal infeasible' : 'iteration limit';
      if (length === Infinity) certifyInfeasible(state, entering, sign);
      return;
    }
    for (let k = 0; k < size; k++) u[k] -= length * work.dual[k];
    u[size] += length;
    if (curvature > 0) {
      for (let j = 0; j < n; j++) y[j] -= length * work.primal[j];
      violation -= length * curvature;
    }
    if (full <= longest) {
      u[size] *= sign;
      factor.add(entering, normals, at);
      return;
    }
    const last = u[size];
    for (let k = leaving; k < size - 1; k++) u[k] = u[k + 1];
    factor.remove(leaving);
    u[size - 1] = last;
  }
}

/** The inactive row that is violated most for its length and beyond rounding, or −1. Equality rows come first. */
function mostViolated({ data, factor, settings, normals, rhs, y }: DualActiveSet): number {
  const { n, e, m } = data;
  let worst = -1;
  let most = 0;
  for (let row = 0; row < e + m; row++) {
    if (row === e && worst >= 0) return worst;
    if (rhs[row] === Infinity || factor.has(row)) continue;
    let [value, size, square] = [-rhs[row], Math.abs(rhs[row]), 0];
    for (let j = 0, at = row * n; j < n; j++, at++) {
      const term = normals[at] * y[j];
      value += term;
      size += Math.abs(term);
      square += normals[at] * normals[at];
    }
    if (row < e) value = Math.abs(value);
    if (value <= settings.feasibility * Math.max(1, size)) continue;
    const distance = square > 0 ? value / Math.sqrt(square) : Infinity;
    if (distance > most) {
      most = distance;
      worst = row;
    }
  }
  return worst;
}

/** Row + Σ active rows with multipliers −dual ≥ 0 has normal 0 and a negative right-hand side: no y satisfies them all. */
function certifyInfeasible({ multipliers, factor, work }: DualActiveSet, entering: number, sign: number): void {
  multipliers.fill(0);
  for (let k = 0; k < factor.size; k++) multipliers[factor.rows[k]] = -work.dual[k];
  multipliers[entering] = sign;
}

export function terminate(state: DualActiveSet): boolean {
  if (state.status === null && state.iteration >= state.settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}

/** Point and multipliers from the data and the active set alone, whatever rounding the path gathered, with one refinement. */
export function postprocess(state: DualActiveSet): void {
  if (state.status === 'primal infeasible') return;
  const { data, factor, multipliers, u, y, p, l, normals, rhs, work } = state;
  const { n, Q } = data;
  minimiseOnActive(state);
  // r = −(Qy + p + Nu) and s = rhs − Nᵀy give the correction of both.
  const { residual, dual } = work;
  for (let j = 0; j < n; j++) residual[j] = -(dot(n, Q, j * n, y, 0) + p[j]);
  for (let k = 0; k < factor.size; k++) {
    const at = factor.rows[k] * n;
    for (let j = 0; j < n; j++) residual[j] -= u[k] * normals[at + j];
  }
  solveCholesky(n, l, residual);
  for (let k = 0; k < factor.size; k++) {
    const row = factor.rows[k];
    dual[k] = dot(n, normals, row * n, y, 0) - rhs[row] + dot(n, normals, row * n, residual, 0);
  }
  factor.solveNormal(dual);
  for (let j = 0; j < n; j++) y[j] += residual[j];
  residual.fill(0);
  for (let k = 0; k < factor.size; k++) {
    const at = factor.rows[k] * n;
    u[k] += dual[k];
    for (let j = 0; j < n; j++) residual[j] += dual[k] * normals[at + j];
  }
  solveCholesky(n, l, residual);
  for (let j = 0; j < n; j++) y[j] -= residual[j];
  multipliers.fill(0);
  for (let k = 0; k < factor.size; k++)
    multipliers[factor.rows[k]] = factor.rows[k] < data.e ? u[k] : Math.max(0, u[k]);
}

/** The whole solve of one instance. @returns the status; y and multipliers are in the state */
export function solveInequalityQp(
  state: DualActiveSet,
  p: ArrayLike<number>,
  b: ArrayLike<number>,
  h: ArrayLike<number>,
  warm = false,
): DualActiveSetStatus {
  init(state, p, b, h, warm);
  while (!terminate(state)) step(state);
  postprocess(state);
  return state.status!;
}
