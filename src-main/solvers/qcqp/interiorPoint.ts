import { cholesky, solveCholesky, solveLower } from '../../numerics/linalg/cholesky';
import { addTransposed, dot } from '../../numerics/linalg/products';
import type { QuadraticModel } from './model';
import type { QcqpSolverSettings, QcqpStatus } from './types';

/**
 * Primal–dual interior point for minimise f(v) subject to c(v) + s = 0, s ≥ 0, with Mehrotra's predictor and corrector (S. Mehrotra,
 * SIAM J. Optim. 2, 1992; Nocedal & Wright, *Numerical Optimization*, 2nd ed., §16.6 and §19.3), quadratic rows as they are: the
 * corrector also carries their second-order terms dvᵀH_i dv and 2Σdλ_iH_i dv, so that they need no lifting to cones.
 */
export interface InteriorPoint {
  model: QuadraticModel;
  /** [m] each: slacks, multipliers, and their directions. */
  s: Float64Array;
  lambda: Float64Array;
  ds: Float64Array;
  dLambda: Float64Array;
  /** [k] and [size], the direction of v. */
  dz: Float64Array;
  dv: Float64Array;
  /** sᵀλ/m. */
  mu: number;
  /** ‖Zᵀ∇L‖∞ and ‖c + s‖∞ at v. */
  dualResidual: number;
  primalResidual: number;
  /** What the dual residual is measured against: 1 + ‖Zᵀ∇f‖∞ at the start. */
  scale: number;
  iteration: number;
  status: QcqpStatus | null;
  /** The rows with λ_i > s_i have been the same for so many iterations. */
  steadyFor: number;
  active: Uint8Array;
  work: Work;
}

/** Scratch arrays by length. */
interface Work {
  theta: Float64Array;
  target: Float64Array;
  curvature: Float64Array;
  weights: Float64Array;
  full: Float64Array;
  reduced: Float64Array;
}

/** Allocates everything that solving instances of a family takes. */
export function makeInteriorPoint(model: QuadraticModel): InteriorPoint {
  const { k, m, size } = model;
  const rows = () => new Float64Array(m);
  return {
    model,
    ...{ s: rows(), lambda: rows(), ds: rows(), dLambda: rows() },
    dz: new Float64Array(k),
    dv: new Float64Array(size),
    ...{ mu: 0, dualResidual: 0, primalResidual: 0, scale: 1, iteration: 0, status: null, steadyFor: 0 },
    active: new Uint8Array(m),
    work: {
      ...{ theta: rows(), target: rows(), curvature: rows(), weights: rows() },
      full: new Float64Array(size),
      reduced: new Float64Array(k),
    },
  };
}

/** Where an instance starts: z₀ [k] and multipliers λ₀ [m] of a point near the central path, or all zero for a cold start. */
export interface StartingPoint {
  z: Float64Array;
  lambda: Float64Array;
  mu: number;
}

/** Puts the state at the start of the instance x = `x[at …]`. */
export function init(state: InteriorPoint, x: Float64Array, at: number, start: StartingPoint): void {
  const { model, s, lambda } = state;
  const { m } = model;
  model.begin(x, at, start.z);
  model.evaluate();
  model.reduce(model.gradient, state.work.reduced);
  state.scale = 1 + largest(state.work.reduced);
  // A slack is the row's own where it is feasible with room, and large enough to move where it is not.
  const room = 1e-2 * (1 + largest(model.c));
  for (let i = 0; i < m; i++) {
    s[i] = Math.max(-model.c[i], room);
    lambda[i] = Math.max(start.lambda[i], start.mu / s[i]);
    state.active[i] = lambda[i] > s[i] ? 1 : 0;
  }
  state.iteration = 0;
  state.status = null;
  state.steadyFor = 0;
  measure(state);
}

/** One predictor–corrector iteration. */
export function step(state: InteriorPoint): void {
  const { model, s, lambda, ds, dLambda, dv, work } = state;
  const { m } = model;
  const { target, curvature, weights, full } = work;
  if (!factor(state)) {
    state.status = 'numerical trouble';
    return;
  }
  // Predictor: aim at complementarity 0.
  curvature.fill(0);
  full.fill(0);
  for (let i = 0; i < m; i++) target[i] = s[i] * lambda[i];
  direction(state);
  const ahead = stepLength(state);
  let next = 0;
  for (let i = 0; i < m; i++) next += (s[i] + ahead * ds[i]) * (lambda[i] + ahead * dLambda[i]);
  const sigma = m === 0 ? 0 : (next / m / state.mu) ** 3;
  // Corrector: aim at σμ and allow for the terms of second order of the predictor, as far as it can be followed.
  const trust = ahead * ahead;
  for (let i = 0; i < m; i++) {
    target[i] = s[i] * lambda[i] + ds[i] * dLambda[i] - sigma * state.mu;
    weights[i] = trust * dLambda[i];
  }
  model.curvature(dv, curvature);
  for (let i = 0; i < m; i++) curvature[i] *= trust;
  full.fill(0);
  model.addCurvature(weights, dv, full);
  direction(state);
  const length = Math.min(1, 0.995 * stepLength(state, Infinity));
  const v = model.v;
  for (let j = 0; j < v.length; j++) v[j] += length * dv[j];
  model.evaluate();
  let changed = false;
  for (let i = 0; i < m; i++) {
    // A row that has more room than its slack says gives it at once.
    s[i] = Math.max(s[i] + length * ds[i], -model.c[i]);
    lambda[i] += length * dLambda[i];
    const active = lambda[i] > s[i] ? 1 : 0;
    if (active !== state.active[i]) changed = true;
    state.active[i] = active;
  }
  state.steadyFor = changed ? 0 : state.steadyFor + 1;
  state.iteration++;
  measure(state);
}

/** Sets the status when the iterate, or its divergence, says that the instance is decided. */
export function terminate(state: InteriorPoint, settings: QcqpSolverSettings): boolean {
  if (state.status) return true;
  const { model, mu, dualResidual, primalResidual, scale } = state;
  const gap = (mu * model.m) / Math.max(1, Math.abs(model.objective));
  if (
    dualResidual <= settings.tolerance * scale &&
    primalResidual <= settings.tolerance &&
    gap <= settings.tolerance * 10
  )
    state.status = 'optimal';
  else if (!(dualResidual + primalResidual + mu < Infinity)) state.status = 'numerical trouble';
  else if (isPrimalInfeasible(state)) state.status = 'primal infeasible';
  else if (isUnbounded(state)) state.status = 'dual infeasible';
  else if (state.iteration >= settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}

/** Residuals and μ at the iterate. */
function measure(state: InteriorPoint): void {
  const { model, s, lambda, work } = state;
  const { m } = model;
  work.full.set(model.gradient);
  addTransposed(m, model.size, model.jacobian, lambda, work.full);
  model.reduce(work.full, work.reduced);
  state.dualResidual = largest(work.reduced);
  let primal = 0;
  let complementarity = 0;
  for (let i = 0; i < m; i++) {
    primal = Math.max(primal, Math.abs(model.c[i] + s[i]));
    complementarity += s[i] * lambda[i];
  }
  state.primalResidual = primal;
  state.mu = m === 0 ? 0 : complementarity / m;
}

/** Factors ZᵀWZ + JᵀΛS⁻¹J. Rows whose weight cannot be seen beside the rest are left out. */
function factor(state: InteriorPoint): boolean {
  const { model, s, lambda, work } = state;
  const { m, k } = model;
  const { theta } = work;
  let total = model.trace(lambda);
  for (let i = 0; i < m; i++) total += (theta[i] = lambda[i] / s[i]) * model.rowNorms[i];
  const least = 1e-13 * total;
  for (let i = 0; i < m; i++) if (theta[i] * model.rowNorms[i] < least) theta[i] = 0;
  for (let regularisation = 0, tries = 0; tries < 6; tries++) {
    model.formKkt(lambda, theta);
    for (let a = 0; a < k; a++) model.kkt[a * (k + 1)] += regularisation;
    if (cholesky(k, model.kkt) < 0) return true;
    regularisation = Math.max(regularisation * 100, (1e-14 * total) / Math.max(1, k), 1e-14);
  }
  return false;
}

/**
 * Solves for (dv, ds, dλ) with complementarity to be taken off `target`, second-order terms `curvature` in the rows and `full` in the
 * gradient (overwritten).
 */
function direction(state: InteriorPoint): void {
  const { model, s, lambda, ds, dLambda, dz, dv, work } = state;
  const { k, m, size } = model;
  const { target, curvature, weights, full } = work;
  for (let j = 0; j < size; j++) full[j] += model.gradient[j];
  for (let i = 0; i < m; i++) {
    // ds = −(residual + ∇cᵀdv) with the residual of the row; dλ = (−target − λ ds)/s = weight − λ + (λ/s)∇cᵀdv.
    const residual = model.c[i] + s[i] + curvature[i];
    ds[i] = residual;
    weights[i] = lambda[i] + (lambda[i] * residual - target[i]) / s[i];
  }
  addTransposed(m, size, model.jacobian, weights, full);
  model.reduce(full, dz);
  for (let a = 0; a < k; a++) dz[a] = -dz[a];
  solveCholesky(k, model.kkt, dz);
  model.expand(dz, dv);
  for (let i = 0; i < m; i++) {
    const along = dot(size, model.jacobian, i * size, dv, 0);
    ds[i] = -ds[i] - along;
    dLambda[i] = weights[i] - lambda[i] + (lambda[i] / s[i]) * along;
  }
}

/** The largest step ≤ limit that keeps s and λ at or above 0. */
function stepLength({ model, s, lambda, ds, dLambda }: InteriorPoint, limit = 1): number {
  let length = limit;
  for (let i = 0; i < model.m; i++) {
    if (ds[i] < 0) length = Math.min(length, -s[i] / ds[i]);
    if (dLambda[i] < 0) length = Math.min(length, -lambda[i] / dLambda[i]);
  }
  return length;
}

/**
 * Whether the multipliers prove that no feasible point lies within R = 10³·max(1, ‖v‖) of v. φ(dz) = Σλ_ic_i(v + Z dz) is not
 * positive at a feasible point; φ ≥ φ₀ + gᵀdz + ½dzᵀ(W + δI)dz − ½δR² there, of which the minimum is
 * φ₀ − ½gᵀ(W + δI)⁻¹g − ½δR². With δ = φ₀/R² this is positive when gᵀ(W + δI)⁻¹g < φ₀.
 */
function isPrimalInfeasible({ model, lambda, iteration, work }: InteriorPoint): boolean {
  const { k, m, size, c } = model;
  let value = 0;
  let worst = 0;
  for (let i = 0; i < m; i++) {
    value += lambda[i] * c[i];
    worst = Math.max(worst, c[i]);
  }
  // Where rows cannot be satisfied the multipliers grow without bound, so that this filter only saves time.
  if (iteration < 5 || worst < 1e-8 || !(value > 1 + Math.abs(model.objective))) return false;
  work.full.fill(0);
  addTransposed(m, size, model.jacobian, lambda, work.full);
  model.reduce(work.full, work.reduced);
  work.theta.fill(0);
  model.formKkt(lambda, work.theta, 0);
  const radius = 1e3 * Math.max(1, norm(model.v));
  const shift = value / (radius * radius);
  for (let a = 0; a < k; a++) model.kkt[a * (k + 1)] += shift;
  if (cholesky(k, model.kkt) >= 0) return false;
  solveLower(k, model.kkt, work.reduced);
  return dot(k, work.reduced, 0, work.reduced, 0) < value;
}

/** A ray: v has gone far, f falls along it, and neither f nor any row curves. */
function isUnbounded({ model, work }: InteriorPoint): boolean {
  const length = norm(model.v);
  if (!(length > 1e7) || !(model.objective < 0)) return false;
  const { m, v, size } = model;
  model.curvature(v, work.curvature);
  for (let i = 0; i < m; i++) if (work.curvature[i] > 1e-8 * length * length) return false;
  // f(v) = ½(∇f + p)ᵀv, so curvature vᵀQv = 2(∇fᵀv − f).
  const curvature = 2 * (dot(size, model.gradient, 0, v, 0) - model.objective);
  return Math.abs(curvature) < 1e-8 * length * length && dot(size, model.gradient, 0, v, 0) < 0;
}

export function largest(values: Float64Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]));
  return result;
}

export const norm = (values: Float64Array): number => Math.sqrt(dot(values.length, values, 0, values, 0));
