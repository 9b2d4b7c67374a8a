import { dot } from '../../numerics/linalg/products';
import { NormalSolver } from './normalSolver';
import type { ResidualModel } from './residualModel';
import { checkSettings, defaultLeastSquaresSettings, type LeastSquaresSettings } from './settings';

export type LeastSquaresStatus =
  | 'converged'
  | 'iteration limit'
  | 'singular normal matrix'
  | 'diverged'
  | 'NaN'
  /** No step is accepted any more: the largest damping, the smallest radius or the shortest step did not lower the objective. */
  | 'stalled';

/** Statuses whose y is a point to go on with. */
export const isUsable = (status: LeastSquaresStatus): boolean =>
  status === 'converged' || status === 'iteration limit' || status === 'stalled';

/** Which piece of the dogleg path the last direction ends on. */
export type Leg = 'newton' | 'steepest' | 'between';

/** An explicit state: init, step, terminate and postprocess below are functions of it. */
export interface LeastSquares<Model extends ResidualModel = ResidualModel> {
  readonly model: Model;
  readonly settings: LeastSquaresSettings;
  readonly y: Float64Array;
  /** r(y), [rows] */
  readonly residual: Float64Array;
  /** ½‖r(y)‖² */
  objective: number;
  /** Jᵀr, at y if `linearised`; so is the matrix of `normals`. */
  readonly gradient: Float64Array;
  readonly normals: NormalSolver;
  linearised: boolean;
  /** λ of the next solve's first direction: the settings' unless it is changed, as where it is learnt. */
  startDamping: number;
  /** λ and the trust radius of the next direction. */
  damping: number;
  radius: number;
  /** ∂λ/∂λ₀: the product of the factors so far, 0 once a limit has been met. */
  dampingSlope: number;
  /** Direction of the last step, y ← y − taken·direction; `taken` is 0 where it was rejected. */
  readonly direction: Float64Array;
  taken: number;
  /** λ and slope with which the direction was found; its factor is that of `normals`. */
  usedDamping: number;
  usedSlope: number;
  usedRadius: number;
  /** Of dogleg: Gauss–Newton step, piece of the path, and position between the corner (0) and the Gauss–Newton step (1). */
  readonly newton: Float64Array;
  leg: Leg;
  position: number;
  iteration: number;
  status: LeastSquaresStatus | null;
  readonly trial: Float64Array;
  readonly trialResidual: Float64Array;
  /** Objective beyond which the solve has diverged. */
  ceiling: number;
}

/** @throws AdjointError `bad-request`, as `checkSettings` */
export function makeLeastSquares<Model extends ResidualModel>(
  model: Model,
  settings: Partial<LeastSquaresSettings> = {},
): LeastSquares<Model> {
  const complete = { ...defaultLeastSquaresSettings, ...settings };
  checkSettings(complete);
  const { n, rows } = model;
  const vector = (length = n) => model.kernels.allocate(length);
  const { descent } = complete;
  return {
    model,
    settings: complete,
    ...{ y: vector(), residual: vector(rows), objective: 0 },
    ...{ gradient: vector(), normals: new NormalSolver(model), linearised: false },
    startDamping: descent.kind === 'levenbergMarquardt' ? descent.damping : 0,
    ...{ damping: 0, radius: 0, dampingSlope: 1 },
    ...{ direction: vector(), taken: 0 },
    ...{ usedDamping: 0, usedSlope: 1, usedRadius: 0 },
    ...{ newton: vector(), leg: 'newton', position: 1 },
    ...{ iteration: 0, status: null, trial: vector(), trialResidual: vector(rows), ceiling: Infinity },
  };
}

/** Begins at start[at …]. */
export function init(state: LeastSquares, start: Float64Array, at = 0): void {
  const { model, settings, y, residual } = state;
  for (let j = 0; j < model.n; j++) y[j] = start[at + j];
  model.residual(y, residual);
  state.objective = halfSquare(residual);
  state.ceiling = settings.divergence * Math.max(1, state.objective);
  state.damping = state.startDamping;
  state.radius = settings.descent.kind === 'dogleg' ? settings.descent.radius : Infinity;
  state.dampingSlope = 1;
  state.linearised = false;
  state.taken = 0;
  state.iteration = 0;
  state.status = Number.isFinite(state.objective) ? null : 'NaN';
}

export function step(state: LeastSquares): void {
  linearise(state);
  state.usedDamping = state.damping;
  state.usedSlope = state.dampingSlope;
  state.usedRadius = state.radius;
  state.iteration++;
  state.taken = 0;
  if (!descend(state)) state.status = 'singular normal matrix';
  else search(state);
}

/** Jᵀr and J at y, unless they are there already. */
export function linearise(state: LeastSquares): void {
  if (state.linearised) return;
  const { model, y, residual, gradient } = state;
  model.linearise(y, residual);
  model.multiplyTransposed(residual, gradient);
  state.normals.invalidate();
  state.linearised = true;
}

/** direction ← the descent's. @returns false where the normal matrix is singular */
function descend(state: LeastSquares): boolean {
  const { settings, gradient, direction, normals } = state;
  const { descent } = settings;
  const ellipsoidal = descent.kind === 'levenbergMarquardt' && descent.ellipsoidal;
  state.leg = 'newton';
  if (!normals.factorDamped(state.damping, ellipsoidal)) return false;
  direction.set(gradient);
  normals.solve(direction);
  if (descent.kind === 'dogleg') bend(state);
  return true;
}

/** Dogleg (Nocedal & Wright, §4.1): direction, which is the Gauss–Newton step, is brought within the radius. */
function bend(state: LeastSquares): void {
  const { model, gradient: g, direction, newton, radius, trialResidual } = state;
  const { n } = model;
  newton.set(direction);
  state.position = 1;
  if (dot(n, direction, 0, direction, 0) <= radius * radius) return;
  const squared = dot(n, g, 0, g, 0);
  model.multiply(g, trialResidual);
  const alpha = squared / dot(model.rows, trialResidual, 0, trialResidual, 0);
  if (alpha * Math.sqrt(squared) >= radius) {
    state.leg = 'steepest';
    for (let j = 0; j < n; j++) direction[j] = (radius / Math.sqrt(squared)) * g[j];
    return;
  }
  // ‖αg + t(newton − αg)‖ = radius
  let [a, b] = [0, 0];
  for (let j = 0; j < n; j++) {
    const along = newton[j] - alpha * g[j];
    a += along * along;
    b += along * alpha * g[j];
  }
  const c = alpha * alpha * squared - radius * radius;
  // Of the two forms of the root the one without cancellation, c < 0.
  const root = Math.sqrt(b * b - a * c);
  state.leg = 'between';
  state.position = b > 0 ? -c / (b + root) : (root - b) / a;
  for (let j = 0; j < n; j++) direction[j] = alpha * g[j] + state.position * (newton[j] - alpha * g[j]);
}

function search(state: LeastSquares): void {
  const { search } = state.settings;
  if (search.kind === 'fixedStep') {
    tryStep(state, search.stepSize);
    accept(state, search.stepSize);
  } else if (search.kind === 'armijo') {
    const { model, gradient, direction, objective } = state;
    const slope = dot(model.n, gradient, 0, direction, 0);
    let length = 1;
    for (let trial = 0; trial < search.trials; trial++, length *= search.shrink)
      if (tryStep(state, length) <= objective - search.sufficient * length * slope) {
        accept(state, length);
        return;
      }
    state.status = 'stalled';
  } else adapt(state);
}

/** trial ← y − length·direction. @returns its objective */
function tryStep({ model, y, direction, trial, trialResidual }: LeastSquares, length: number): number {
  for (let j = 0; j < model.n; j++) trial[j] = y[j] - length * direction[j];
  model.residual(trial, trialResidual);
  return halfSquare(trialResidual);
}

/** y ← trial, unless it is beyond all bounds: then y stays the last point that is not. */
function accept(state: LeastSquares, length: number): void {
  const objective = halfSquare(state.trialResidual);
  if (!(objective <= state.ceiling)) {
    state.status = Number.isNaN(objective) ? 'NaN' : 'diverged';
    return;
  }
  state.y.set(state.trial);
  state.residual.set(state.trialResidual);
  state.objective = objective;
  state.taken = length;
  state.linearised = false;
}

/**
 * ρ = (E₀ − E₁)/(E₀ − ½‖r − Jδ‖²), whose denominator is gᵀδ − ½‖Jδ‖², for Levenberg–Marquardt ½δᵀ(λDδ + g) (Madsen, Nielsen & Tingleff,
 * *Methods for Non-Linear Least Squares Problems*, 2004, eq. 3.14). The radius follows Nocedal & Wright, Algorithm 4.1.
 */
function adapt(state: LeastSquares): void {
  const { model, settings, gradient, direction, trialResidual, objective } = state;
  const { search } = settings;
  if (search.kind !== 'gainRatio') return;
  model.multiply(direction, trialResidual);
  const predicted = dot(model.n, gradient, 0, direction, 0) - 0.5 * dot(model.rows, trialResidual, 0, trialResidual, 0);
  const ratio = (objective - tryStep(state, 1)) / predicted;
  const good = ratio > search.accept;
  if (settings.descent.kind === 'dogleg') {
    if (!(ratio >= 0.25)) state.radius *= 0.25;
    else if (ratio > 0.75 && state.leg !== 'newton') state.radius = Math.min(2 * state.radius, search.most);
    if (!good && state.radius < search.least * Number.EPSILON) state.status = 'stalled';
  } else {
    if (!good && state.damping >= search.most) state.status = 'stalled';
    const factor = good ? 1 / search.down : search.up;
    const wanted = state.damping * factor;
    state.damping = Math.min(search.most, Math.max(search.least, wanted));
    state.dampingSlope *= state.damping === wanted ? factor : 0;
  }
  if (good) accept(state, 1);
}

/** Whether the solve has ended; says how in `status`. */
export function terminate(state: LeastSquares): boolean {
  if (state.status) return true;
  const { model, settings, y, direction, gradient } = state;
  const { gradientTolerance, stepTolerance } = settings;
  if (stepTolerance > 0 && state.taken > 0) {
    const length = state.taken * Math.sqrt(dot(model.n, direction, 0, direction, 0));
    if (length <= stepTolerance * (1 + Math.sqrt(dot(model.n, y, 0, y, 0)))) state.status = 'converged';
  }
  if (gradientTolerance > 0 && !state.status) {
    linearise(state);
    if (largest(gradient) <= gradientTolerance) state.status = 'converged';
  }
  if (!state.status && state.iteration >= settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}

/** Jᵀr and J are those at the final point. */
export function postprocess(state: LeastSquares): void {
  if (state.status !== 'NaN') linearise(state);
}

/** The whole solve of one instance from start[at …]; y, residual and the rest are in the state. */
export function solveLeastSquares(state: LeastSquares, start: Float64Array, at = 0): LeastSquaresStatus {
  init(state, start, at);
  while (!terminate(state)) step(state);
  postprocess(state);
  return state.status!;
}

export const halfSquare = (r: Float64Array): number => 0.5 * dot(r.length, r, 0, r, 0);

/** ‖v‖∞; NaN if there is one. */
function largest(v: Float64Array): number {
  let most = 0;
  for (let j = 0; j < v.length; j++) if (!(Math.abs(v[j]) <= most)) most = Math.abs(v[j]);
  return most;
}
