import { addTransposed, dot } from '../../numerics/linalg/products';
import { timesSymmetric } from './evaluate';
import { factorNormalEquations, formNormalEquations, solveNormalEquations } from './normalEquations';
import type { ConvexProblem, SymmetricMatrix } from './problem';
import { applyScaling, coneStep, determinant, jordanDivide, jordanProduct, nesterovTodd } from './secondOrderCone';
import type { ConvexSettings } from './settings';
import { makeWorkspace, type Workspace } from './workspace';

/**
 * Primal–dual interior point with Mehrotra's predictor and corrector (S. Mehrotra, SIAM J. Optim. 2, 1992; Nocedal & Wright,
 * *Numerical Optimization*, 2nd ed., §16.6 and §19.3) on a scaled problem. Quadratic rows are as they are: the corrector carries
 * their second-order terms dyᵀH_i dy and 2Σdλ_iH_i dy. Second-order cones with the Nesterov–Todd scaling (Vandenberghe 2010, §5–7).
 * One step length for all, since rows with curvature couple primal and dual.
 */
export interface InteriorPoint {
  space: Workspace;
  objective: number;
  /** (sᵀλ + Σ s_kᵀz_k)/degree */
  mu: number;
  /** ‖·‖∞ of the dual and primal residuals, and what they are measured against. */
  dual: number;
  primal: number;
  dualScale: number;
  primalScale: number;
  iteration: number;
  /** Iterations in a row that moved less than a thousandth. */
  stalled: number;
  end: InteriorPointEnd | null;
}

/** `diverged`: the iterates grow without bound, as they do where there is no optimum or no multiplier. */
export type InteriorPointEnd = 'converged' | 'diverged' | 'stalled' | 'iteration limit' | 'numerical trouble';

/** Allocates everything that the iteration takes. The problem is scaled, and the rows of A are independent. */
export const makeInteriorPoint = (problem: ConvexProblem): InteriorPoint => ({
  space: makeWorkspace(problem),
  ...{ objective: 0, mu: 0, dual: 0, primal: 0, dualScale: 1, primalScale: 1, iteration: 0, stalled: 0, end: null },
});

/** The start: y with Ay = b that is nearest to minimal for the rows' squares, slacks with room, multipliers on the central path. */
export function init(state: InteriorPoint): void {
  const { space } = state;
  const { problem, n, m, y, nu, s, lambda, theta, sCone, zCone, coneAt, coneSize, w, eta } = space;
  Object.assign(state, { iteration: 0, stalled: 0, end: null });
  y.fill(0);
  nu.fill(0);
  lambda.fill(0);
  evaluate(space);
  theta.fill(1);
  w.fill(0);
  for (let k = 0; k < coneAt.length; k++) {
    w[coneAt[k]] = 1;
    eta[k] = 1;
  }
  formNormalEquations(space);
  for (let j = 0; j < n; j++) space.kkt[j * (n + 1)] += 1e-2;
  if (factorNormalEquations(space)) {
    // min f + ½Σ(c_i)² + ½Σ‖M_ky + q_k‖² linearised at 0, with Ay = b
    const { rhs, gradient, c, jacobian, M, q, coneEntries, lowerIndex, upperIndex } = space;
    for (let j = 0; j < n; j++) rhs[j] = gradient[j];
    addTransposed(m, n, jacobian, c, rhs);
    for (let r = 0; r < lowerIndex.length; r++) rhs[lowerIndex[r]] -= c[m + r];
    const first = m + lowerIndex.length;
    for (let r = 0; r < upperIndex.length; r++) rhs[upperIndex[r]] += c[first + r];
    addTransposed(coneEntries, n, M, q, rhs);
    for (let j = 0; j < n; j++) rhs[j] = -rhs[j];
    solveNormalEquations(space, rhs, problem.b, y, nu);
    nu.fill(0);
  }
  evaluate(space);
  let least = 0;
  for (let i = 0; i < space.scalars; i++) least = Math.max(least, space.c[i]);
  const room = 0.1 * (1 + least);
  for (let i = 0; i < space.scalars; i++) {
    s[i] = Math.max(-space.c[i], room);
    lambda[i] = Math.max(1e-3, Math.min(1e3, room / s[i]));
  }
  for (let k = 0; k < coneAt.length; k++) {
    const at = coneAt[k];
    let length = 0;
    for (let i = 0; i < coneSize[k]; i++) {
      sCone[at + i] = coneValue(space, at + i);
      zCone[at + i] = 0;
      if (i > 0) length += sCone[at + i] ** 2;
    }
    length = Math.sqrt(length);
    sCone[at] = Math.max(sCone[at], length + 0.1 * (1 + length));
    zCone[at] = 1;
  }
  measure(state);
}

/** One predictor–corrector iteration. */
export function step(state: InteriorPoint): void {
  const { space } = state;
  const { n, m, e, scalars, y, nu, s, lambda, dy, dNu, ds, dLambda, theta, target, curvature, weights, bend } = space;
  const { coneEntries, coneAt, coneSize, sCone, zCone, dsCone, dzCone, w, eta, zeta, coneTarget } = space;
  for (let i = 0; i < scalars; i++) theta[i] = lambda[i] / s[i];
  for (let k = 0; k < coneAt.length; k++) {
    eta[k] = nesterovTodd(coneSize[k], sCone, zCone, w, coneAt[k]);
    applyScaling(coneSize[k], w, coneAt[k], eta[k], false, zCone, coneAt[k], zeta, coneAt[k]);
  }
  formNormalEquations(space);
  if (!factorNormalEquations(space)) {
    state.end = 'numerical trouble';
    return;
  }
  // Predictor: aim at complementarity 0.
  curvature.fill(0);
  bend.fill(0);
  for (let i = 0; i < scalars; i++) target[i] = s[i] * lambda[i];
  for (let k = 0; k < coneAt.length; k++) jordanProduct(coneSize[k], zeta, zeta, coneTarget, coneAt[k]);
  direction(space);
  const ahead = stepLength(space, 1);
  let next = 0;
  for (let i = 0; i < scalars; i++) next += (s[i] + ahead * ds[i]) * (lambda[i] + ahead * dLambda[i]);
  for (let i = 0; i < coneEntries; i++) next += (sCone[i] + ahead * dsCone[i]) * (zCone[i] + ahead * dzCone[i]);
  const sigma = space.degree === 0 ? 0 : Math.max(0, Math.min(1, next / space.degree / state.mu)) ** 3;
  const aim = Math.max(sigma * state.mu, leastAim(state));
  // Corrector: aim at σμ, or at what the residuals allow where that runs ahead of them, and allow for the terms of second order of the
  // predictor, as far as it can be followed.
  const trust = ahead * ahead;
  for (let i = 0; i < scalars; i++) target[i] = s[i] * lambda[i] + trust * ds[i] * dLambda[i] - aim;
  for (let i = 0; i < m; i++) weights[i] = 2 * trust * dLambda[i];
  correctCurvature(space, trust);
  correctCones(space, aim, trust);
  direction(space);
  const length = Math.min(1, 0.99 * stepLength(space, 2));
  for (let j = 0; j < n; j++) y[j] += length * dy[j];
  for (let i = 0; i < e; i++) nu[i] += length * dNu[i];
  evaluate(space);
  for (let i = 0; i < scalars; i++) {
    // A row that has more room than its slack says gives it at once.
    s[i] = Math.max(s[i] + length * ds[i], -space.c[i]);
    lambda[i] += length * dLambda[i];
  }
  for (let i = 0; i < coneEntries; i++) {
    sCone[i] += length * dsCone[i];
    zCone[i] += length * dzCone[i];
  }
  for (let k = 0; k < coneAt.length; k++) {
    keepInside(coneSize[k], sCone, coneAt[k]);
    keepInside(coneSize[k], zCone, coneAt[k]);
  }
  state.iteration++;
  state.stalled = length < 1e-3 ? state.stalled + 1 : 0;
  measure(state);
}

/**
 * Complementarity must not run ahead of the residuals (S. Wright, *Primal-Dual Interior-Point Methods*, 1997, ch. 6): the predictor of a
 * single row leaves none however short it is, the slack is used up before the rows hold, and λ/s then rounds ∇²L away.
 */
function leastAim({ mu, primal, primalScale, dual, dualScale, objective }: InteriorPoint): number {
  const residual = Math.max(primal / primalScale, dual / dualScale);
  return Math.max(Math.min(mu, 1e-2 * residual), 1e-15 * Math.max(1, Math.abs(objective)));
}

/** Says when the iterate, or its divergence, ends the iteration. */
export function terminate(state: InteriorPoint, settings: ConvexSettings): boolean {
  if (state.end) return true;
  const { space, mu, dual, primal, dualScale, primalScale } = state;
  const { tolerance, maxIterations } = settings;
  const gap = (mu * space.degree) / Math.max(1, Math.abs(state.objective));
  if (!(dual + primal + mu < Infinity)) state.end = 'numerical trouble';
  else if (dual <= tolerance * dualScale && primal <= tolerance * primalScale && gap <= tolerance)
    state.end = 'converged';
  else if (Math.max(largest(space.y), largest(space.lambda), largest(space.zCone)) > 1e12) state.end = 'diverged';
  else if (state.stalled >= 5) state.end = 'stalled';
  else if (state.iteration >= maxIterations) state.end = 'iteration limit';
  return state.end !== null;
}

/** ∇f, rows, Jacobian at y. */
function evaluate(space: Workspace): void {
  const { problem, n, m, y, gradient, c, jacobian, product, lowerIndex, upperIndex } = space;
  timesSymmetric(n, problem.Q, y, gradient);
  for (let j = 0; j < n; j++) gradient[j] += problem.p[j];
  for (let i = 0; i < m; i++) {
    let value = dot(n, problem.G, i * n, y, 0) - problem.h[i];
    if (problem.H[i] !== null) {
      timesSymmetric(n, problem.H[i], y, product);
      value += dot(n, product, 0, y, 0);
      for (let j = 0, at = i * n; j < n; j++, at++) jacobian[at] = 2 * product[j] + problem.G[at];
    }
    c[i] = value;
  }
  for (let r = 0; r < lowerIndex.length; r++) c[m + r] = problem.lower[lowerIndex[r]] - y[lowerIndex[r]];
  const first = m + lowerIndex.length;
  for (let r = 0; r < upperIndex.length; r++) c[first + r] = y[upperIndex[r]] - problem.upper[upperIndex[r]];
}

/** Entry i of My + q. */
const coneValue = ({ n, M, q, y }: Workspace, i: number): number => dot(n, M, i * n, y, 0) + q[i];

/** Residuals and μ at the iterate. */
function measure(state: InteriorPoint): void {
  const { space } = state;
  const { problem, n, m, e, scalars, y, nu, s, lambda, gradient, c, dualResidual, primalResidual } = space;
  const { coneEntries, coneResidual, sCone, zCone, M, jacobian, lowerIndex, upperIndex } = space;
  for (let j = 0; j < n; j++) dualResidual[j] = gradient[j];
  addTransposed(e, n, problem.A, nu, dualResidual);
  addTransposed(m, n, jacobian, lambda, dualResidual);
  for (let r = 0; r < lowerIndex.length; r++) dualResidual[lowerIndex[r]] -= lambda[m + r];
  const first = m + lowerIndex.length;
  for (let r = 0; r < upperIndex.length; r++) dualResidual[upperIndex[r]] += lambda[first + r];
  for (let i = 0; i < coneEntries; i++) {
    const weight = zCone[i];
    for (let j = 0, at = i * n; j < n; j++, at++) dualResidual[j] -= weight * M[at];
  }
  let primal = 0;
  let scale = 1;
  let complementarity = 0;
  for (let i = 0; i < e; i++) {
    primalResidual[i] = dot(n, problem.A, i * n, y, 0) - problem.b[i];
    primal = Math.max(primal, Math.abs(primalResidual[i]));
    scale = Math.max(scale, Math.abs(problem.b[i]));
  }
  for (let i = 0; i < scalars; i++) {
    primal = Math.max(primal, Math.abs(c[i] + s[i]));
    complementarity += s[i] * lambda[i];
  }
  for (let i = 0; i < coneEntries; i++) {
    coneResidual[i] = coneValue(space, i) - sCone[i];
    primal = Math.max(primal, Math.abs(coneResidual[i]));
    complementarity += sCone[i] * zCone[i];
  }
  state.primal = primal;
  state.primalScale = Math.max(scale, largest(y));
  state.dual = largest(dualResidual);
  state.dualScale = Math.max(1, largest(problem.p));
  state.mu = space.degree === 0 ? 0 : complementarity / space.degree;
  state.objective = 0.5 * (dot(n, gradient, 0, y, 0) + dot(n, problem.p, 0, y, 0));
}

/**
 * Solves for (dy, dν, ds, dλ, ds_k, dz_k) with complementarity to be taken off `target` and `coneTarget`, second-order terms
 * `curvature` in the rows and `bend` in the gradient.
 */
function direction(space: Workspace): void {
  const { problem, n, m, scalars, s, lambda, c, target, curvature, weights, bend, rhs, gradient, jacobian } = space;
  const { dy, dNu, ds, dLambda, nu, e, primalResidual, rhsNu, lowerIndex, upperIndex } = space;
  const { coneEntries, coneAt, coneSize, zCone, dsCone, dzCone, w, eta, zeta, coneTarget, coneWork, coneMore } = space;
  for (let j = 0; j < n; j++) rhs[j] = gradient[j] + bend[j];
  addTransposed(e, n, problem.A, nu, rhs);
  for (let i = 0; i < scalars; i++) {
    // ds = −(residual + ∇cᵀdy); dλ = (−target − λ ds)/s = weight − λ + (λ/s)∇cᵀdy.
    const residual = c[i] + s[i] + curvature[i];
    ds[i] = residual;
    weights[i] = lambda[i] + (lambda[i] * residual - target[i]) / s[i];
  }
  addTransposed(m, n, jacobian, weights, rhs);
  const first = m + lowerIndex.length;
  for (let r = 0; r < lowerIndex.length; r++) rhs[lowerIndex[r]] -= weights[m + r];
  for (let r = 0; r < upperIndex.length; r++) rhs[upperIndex[r]] += weights[first + r];
  // dz = −W⁻¹(τ + W⁻¹(M dy + r)), τ = ζ \ target: the gradient gains −Mᵀ(z − W⁻¹(τ + W⁻¹r)).
  for (let k = 0; k < coneAt.length; k++) {
    const at = coneAt[k];
    const q = coneSize[k];
    jordanDivide(q, zeta, coneTarget, at);
    applyScaling(q, w, at, eta[k], true, space.coneResidual, at, coneWork, at);
    for (let i = at; i < at + q; i++) coneWork[i] += coneTarget[i];
    applyScaling(q, w, at, eta[k], true, coneWork, at, coneMore, at);
  }
  for (let i = 0; i < coneEntries; i++) {
    const weight = coneMore[i] - zCone[i];
    for (let j = 0, at = i * n; j < n; j++, at++) rhs[j] += weight * space.M[at];
  }
  for (let j = 0; j < n; j++) rhs[j] = -rhs[j];
  for (let i = 0; i < e; i++) rhsNu[i] = -primalResidual[i];
  solveNormalEquations(space, rhs, rhsNu, dy, dNu);
  for (let i = 0; i < scalars; i++) {
    const along =
      i < m ? dot(n, jacobian, i * n, dy, 0) : i < first ? -dy[lowerIndex[i - m]] : dy[upperIndex[i - first]];
    ds[i] = -ds[i] - along;
    dLambda[i] = weights[i] - lambda[i] + (lambda[i] / s[i]) * along;
  }
  for (let k = 0; k < coneAt.length; k++) {
    const at = coneAt[k];
    const q = coneSize[k];
    for (let i = at; i < at + q; i++) dsCone[i] = dot(n, space.M, i * n, dy, 0) + space.coneResidual[i];
    applyScaling(q, w, at, eta[k], true, dsCone, at, coneWork, at);
    for (let i = at; i < at + q; i++) coneWork[i] += coneTarget[i];
    applyScaling(q, w, at, eta[k], true, coneWork, at, dzCone, at);
    for (let i = at; i < at + q; i++) dzCone[i] = -dzCone[i];
  }
}

/** The predictor's terms of second order: trust·dyᵀH_i dy in the rows, 2·trust·Σdλ_iH_i dy in the gradient (`weights`). */
function correctCurvature({ problem, n, m, dy, curvature, weights, bend, product }: Workspace, trust: number): void {
  bend.fill(0);
  for (let i = 0; i < m; i++) {
    const matrix: SymmetricMatrix = problem.H[i];
    if (matrix === null) continue;
    timesSymmetric(n, matrix, dy, product);
    curvature[i] = trust * dot(n, product, 0, dy, 0);
    for (let j = 0; j < n; j++) bend[j] += weights[i] * product[j];
  }
}

/** coneTarget ← ζ∘ζ + trust·(W⁻¹ds)∘(W dz) − σμ(1, 0) */
function correctCones(space: Workspace, aim: number, trust: number): void {
  const { coneAt, coneSize, dsCone, dzCone, w, eta, zeta, coneTarget, coneWork, coneMore } = space;
  for (let k = 0; k < coneAt.length; k++) {
    const at = coneAt[k];
    const q = coneSize[k];
    applyScaling(q, w, at, eta[k], true, dsCone, at, coneWork, at);
    applyScaling(q, w, at, eta[k], false, dzCone, at, coneMore, at);
    jordanProduct(q, coneWork, coneMore, coneTarget, at);
    for (let i = at; i < at + q; i++) coneWork[i] = trust * coneTarget[i];
    jordanProduct(q, zeta, zeta, coneTarget, at);
    for (let i = at; i < at + q; i++) coneTarget[i] += coneWork[i];
    coneTarget[at] -= aim;
  }
}

/** The largest step ≤ limit that keeps slacks and multipliers in their cones. */
function stepLength(space: Workspace, limit: number): number {
  const { scalars, s, lambda, ds, dLambda, coneAt, coneSize, sCone, zCone, dsCone, dzCone } = space;
  let length = limit;
  for (let i = 0; i < scalars; i++) {
    if (ds[i] < 0) length = Math.min(length, -s[i] / ds[i]);
    if (dLambda[i] < 0) length = Math.min(length, -lambda[i] / dLambda[i]);
  }
  for (let k = 0; k < coneAt.length; k++) {
    length = coneStep(coneSize[k], sCone, dsCone, coneAt[k], length);
    length = coneStep(coneSize[k], zCone, dzCone, coneAt[k], length);
  }
  return length;
}

/** Rounding may put a point that was inside by a hair on the wrong side. */
function keepInside(q: number, x: Float64Array, at: number): void {
  let length = 0;
  for (let i = 1; i < q; i++) length += x[at + i] * x[at + i];
  length = Math.sqrt(length);
  const least = length * (1 + 1e-15) + 1e-300;
  if (!(determinant(q, x, at) > 0) || x[at] < least) x[at] = Math.max(x[at], least * (1 + 1e-15));
}

function largest(values: Float64Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.abs(values[i]);
    if (value > result) result = value;
    else if (Number.isNaN(value)) return NaN;
  }
  return result;
}
