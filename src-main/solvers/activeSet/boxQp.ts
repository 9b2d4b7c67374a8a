import { AdjointError } from '@shared/errors';
import { GrowingCholesky } from '../../numerics/linalg/growingCholesky';
import { dot } from '../../numerics/linalg/products';

/** minimise ½yᵀQy + pᵀy subject to lower ≤ y ≤ upper, with Q symmetric positive definite. A bound may be ±Infinity. */
export interface BoxQpData {
  n: number;
  /** [n, n], row-major; only read. */
  Q: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
}

export type BoxQpStatus = 'optimal' | 'iteration limit';

export interface BoxQpSettings {
  /** Changes of the active set. */
  maxIterations: number;
  /** How far beyond a bound, relative to max(1, |bound|), an iterate still counts as within it. */
  feasibility: number;
  /** How wrong, relative to max(1, ‖p‖∞), the sign of a multiplier may be. */
  sign: number;
  /** Sweeps of projected coordinate descent that guess the first active set of a cold start. */
  sweeps: number;
}

export const defaultBoxQpSettings: BoxQpSettings = {
  maxIterations: 500,
  feasibility: 1e-13,
  sign: 1e-13,
  sweeps: 3,
};

/** An explicit state: init, step, terminate and postprocess below are functions of it. */
export interface BoxQp {
  readonly data: BoxQpData;
  readonly settings: BoxQpSettings;
  /** Linear term of the instance at hand, [n]. */
  readonly p: Float64Array;
  readonly y: Float64Array;
  /** Qy + p, [n]. The multiplier of an active upper bound is its negative, of an active lower bound itself. */
  readonly gradient: Float64Array;
  /** −1 at the lower bound, 1 at the upper bound, 0 free. */
  readonly side: Int8Array;
  /** Factor of Q on the free variables. */
  readonly factor: GrowingCholesky;
  readonly work: Float64Array;
  scale: number;
  iteration: number;
  status: BoxQpStatus | null;
  /** Variables on the wrong side at the last step, fewest so far, and block changes that may still fail to lower it. */
  infeasible: number;
  fewest: number;
  patience: number;
}

/**
 * Block principal pivoting (Júdice & Pires, *Comput. Oper. Res.* 21, 1994; Portugal, Júdice & Vicente, *Math. Comp.* 63, 1994): all
 * variables that are on the wrong side change it at once, which takes two or three systems; when three rounds have not lowered
 * their number, one at a time changes, the last one, until it has (Murty's rule), so that it ends for every positive definite Q.
 * The answer is exact but for rounding: no tolerance of a path decides which bounds are active.
 *
 * @throws AdjointError `bad-request` for lengths that disagree, NaN, bounds that contradict each other, or Q not positive definite
 */
export function makeBoxQp(data: BoxQpData, settings: Partial<BoxQpSettings> = {}): BoxQp {
  const { n, Q } = data;
  check(data);
  const factor = new GrowingCholesky(n, Q);
  for (let i = 0; i < n; i++)
    if (!factor.add(i))
      throw new AdjointError('bad-request', `Q is not positive definite: its pivot ${i + 1} of ${n} is not positive.`, {
        where: 'Q',
        fix: 'The active-set method needs a strictly convex objective; the interior point takes a semidefinite Q.',
      });
  factor.clear();
  return {
    data,
    settings: { ...defaultBoxQpSettings, ...settings },
    p: new Float64Array(n),
    y: new Float64Array(n),
    gradient: new Float64Array(n),
    side: new Int8Array(n),
    factor,
    work: new Float64Array(n),
    scale: 1,
    iteration: 0,
    status: null,
    infeasible: 0,
    fewest: Infinity,
    patience: 0,
  };
}

function check({ n, Q, lower, upper }: BoxQpData): void {
  const expected = { Q: n * n, lower: n, upper: n };
  for (const [name, length] of Object.entries(expected)) {
    const found = { Q, lower, upper }[name as keyof typeof expected];
    if (found.length !== length)
      throw new AdjointError('bad-request', `${name} has ${found.length} entries, but n = ${n} asks for ${length}.`, {
        where: name,
      });
    const bad = found.findIndex((value) => Number.isNaN(value) || (name === 'Q' && !Number.isFinite(value)));
    if (bad >= 0)
      throw new AdjointError('bad-request', `${name} holds ${found[bad]} at position ${bad}.`, { where: name });
  }
  const crossed = lower.findIndex((bound, i) => bound > upper[i] || bound === Infinity || upper[i] === -Infinity);
  if (crossed >= 0)
    throw new AdjointError(
      'bad-request',
      `No y is within the bounds of variable ${crossed}: ${lower[crossed]} ≤ y ≤ ${upper[crossed]}.`,
      { where: `lower[${crossed}], upper[${crossed}]`, fix: 'Exchange the two bounds, or drop one.' },
    );
}

/**
 * Begins an instance with linear term p [n]. A `warm` start takes the active set of the last instance, whose factor is still there;
 * a cold one guesses it, so that the result does not depend on what came before.
 */
export function init(state: BoxQp, p: ArrayLike<number>, warm = false): void {
  const { n } = state.data;
  state.p.set(p);
  state.scale = 1;
  for (let i = 0; i < n; i++) state.scale = Math.max(state.scale, Math.abs(state.p[i]));
  if (!Number.isFinite(state.scale))
    throw new AdjointError('bad-request', 'The linear term holds NaN or Infinity.', { where: 'p' });
  if (!warm) guess(state);
  state.iteration = 0;
  state.status = null;
  state.infeasible = 0;
  state.fewest = n + 1;
  state.patience = blockTrials;
}

const blockTrials = 3;

/** Projected coordinate descent from the point of the box nearest 0: what ends at a bound is taken to be active. */
function guess({ data, settings, p, y, side, factor }: BoxQp): void {
  const { n, Q, lower, upper } = data;
  // An order of its own, so that rounding does not depend on the last instance.
  factor.clear();
  for (let i = 0; i < n; i++) y[i] = Math.min(upper[i], Math.max(lower[i], 0));
  for (let sweep = 0; sweep < settings.sweeps; sweep++)
    for (let i = 0; i < n; i++) {
      const row = i * n;
      const slope = p[i] + dot(n, Q, row, y, 0);
      y[i] = Math.min(upper[i], Math.max(lower[i], y[i] - slope / Q[row + i]));
    }
  for (let i = 0; i < n; i++) side[i] = y[i] >= upper[i] ? 1 : y[i] <= lower[i] ? -1 : 0;
}

/** The point and the multipliers of the present active set, and, if some are on the wrong side, the next active set. */
export function step(state: BoxQp): void {
  synchronise(state);
  evaluate(state);
  state.iteration++;
  const { n } = state.data;
  let count = 0;
  let last = -1;
  for (let i = 0; i < n; i++)
    if (next(state, i) !== state.side[i]) {
      count++;
      last = i;
    }
  state.infeasible = count;
  if (count === 0) return;
  if (count < state.fewest) {
    state.fewest = count;
    state.patience = blockTrials;
  } else if (state.patience > 0) state.patience--;
  if (state.patience === 0) state.side[last] = next(state, last);
  else for (let i = 0; i < n; i++) state.side[i] = next(state, i);
}

/** Where variable i belongs, by the present point and gradient. */
function next({ data, settings, side, y, gradient, scale }: BoxQp, i: number): number {
  const { lower, upper } = data;
  if (side[i] === 0) {
    if (y[i] > upper[i] + settings.feasibility * Math.max(1, Math.abs(upper[i]))) return 1;
    if (y[i] < lower[i] - settings.feasibility * Math.max(1, Math.abs(lower[i]))) return -1;
    return 0;
  }
  // A variable whose bounds coincide stays, whatever the sign.
  if (lower[i] === upper[i]) return side[i];
  return side[i] * gradient[i] > settings.sign * scale ? 0 : side[i];
}

/** Brings the factor to the free variables: by changes where they are few, anew where they are many. */
function synchronise({ data, side, factor }: BoxQp): void {
  const { n } = data;
  let [leaving, entering, free] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (side[i] === 0) free++;
    if (factor.has(i) && side[i] !== 0) leaving++;
    if (!factor.has(i) && side[i] === 0) entering++;
  }
  // A variable that leaves costs about 1.5·free², one that enters free², all anew free³/3.
  if (1.5 * leaving + entering > free / 3 && leaving > 0) factor.clear();
  for (let i = 0; i < n; i++) if (factor.has(i) && side[i] !== 0) factor.remove(i);
  for (let i = 0; i < n; i++) if (!factor.has(i) && side[i] === 0) factor.add(i, 0);
}

/** y on the active set and its complement, and the gradient of the active variables. */
function evaluate({ data, p, y, gradient, side, factor, work }: BoxQp): void {
  const { n, Q, lower, upper } = data;
  for (let i = 0; i < n; i++) y[i] = side[i] > 0 ? upper[i] : side[i] < 0 ? lower[i] : 0;
  const { size, indices } = factor;
  for (let k = 0; k < size; k++) work[k] = -(p[indices[k]] + dot(n, Q, indices[k] * n, y, 0));
  factor.solve(work);
  for (let k = 0; k < size; k++) y[indices[k]] = work[k];
  for (let i = 0; i < n; i++) gradient[i] = side[i] === 0 ? 0 : p[i] + dot(n, Q, i * n, y, 0);
}

export function terminate(state: BoxQp): boolean {
  if (state.iteration > 0 && state.infeasible === 0) state.status = 'optimal';
  else if (state.iteration >= state.settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}

/** One step of iterative refinement on the free variables; `gradient` is then Qy + p everywhere. */
export function postprocess({ data, p, y, gradient, factor, work }: BoxQp): void {
  const { n, Q, lower, upper } = data;
  const { size, indices } = factor;
  for (let k = 0; k < size; k++) work[k] = p[indices[k]] + dot(n, Q, indices[k] * n, y, 0);
  factor.solve(work);
  for (let k = 0; k < size; k++) {
    const i = indices[k];
    y[i] = Math.min(upper[i], Math.max(lower[i], y[i] - work[k]));
  }
  for (let i = 0; i < n; i++) gradient[i] = p[i] + dot(n, Q, i * n, y, 0);
}

/** The whole solve of one instance. @returns the status; y, gradient and side are in the state */
export function solveBoxQp(state: BoxQp, p: ArrayLike<number>, warm = false): BoxQpStatus {
  init(state, p, warm);
  while (!terminate(state)) step(state);
  postprocess(state);
  return state.status!;
}

/** ½yᵀQy + pᵀy of the solved instance. */
export function objective({ data, p, y, gradient }: BoxQp): number {
  return 0.5 * (dot(data.n, gradient, 0, y, 0) + dot(data.n, p, 0, y, 0));
}

/**
 * How far the solved instance is from a change of its active set: the least of |multiplier| over active bounds and of the distance
 * to the nearer bound over free variables. 0 at a kink of y*(p).
 */
export function complementarityMargin({ data, y, gradient, side }: BoxQp): number {
  let margin = Infinity;
  for (let i = 0; i < data.n; i++) {
    if (data.lower[i] === data.upper[i]) continue;
    const distance = side[i] === 0 ? Math.min(y[i] - data.lower[i], data.upper[i] - y[i]) : Math.abs(gradient[i]);
    margin = Math.min(margin, distance);
  }
  return margin;
}
