import { cholesky, solveCholesky, solveLower, solveLowerTransposed } from '../../numerics/linalg/cholesky';
import { addTransposed, dot } from '../../numerics/linalg/products';
import { largest, norm } from './interiorPoint';
import type { QuadraticModel } from './model';

/**
 * Newton's method on the KKT system of the active set 𝒜 (Nocedal & Wright, *Numerical Optimization*, 2nd ed., §16.5 and §18.1):
 *
 *   [W Jᵀ; J 0] [dz; dλ] = −[Zᵀ∇L; c_𝒜],   W = Zᵀ(Q + 2Σλ_iH_i)Z,  J = (Zᵀ∇c_i)ᵀ for i in 𝒜
 *
 * solved by the Schur complement of K = W + ρJᵀJ, which is positive definite wherever W is so on the null space of J: a vertex of a
 * problem with singular Q is no special case. Rows with a negative multiplier leave 𝒜 and violated rows enter it, one revision
 * whenever Newton has converged.
 */
export interface Polish {
  model: QuadraticModel;
  /** [m]: in 𝒜 or not, multipliers (0 outside 𝒜). */
  active: Uint8Array;
  lambda: Float64Array;
  /** Newton steps of the last run. */
  steps: number;
  /** ‖(Zᵀ∇L, c_𝒜)‖∞ at the end. */
  residual: number;
  work: {
    theta: Float64Array;
    full: Float64Array;
    reduced: Float64Array;
    dz: Float64Array;
    dv: Float64Array;
    change: Float64Array;
    /** L⁻¹√ρJᵀ as rows [|𝒜|, k], and the Schur complement. */
    rows: Float64Array;
    schur: Float64Array;
  };
}

export function makePolish(model: QuadraticModel): Polish {
  const { k, m, size } = model;
  // No more than k rows can be independent, and dependent ones have no factor.
  const most = Math.min(k, m);
  return {
    model,
    active: new Uint8Array(m),
    lambda: new Float64Array(m),
    steps: 0,
    residual: Infinity,
    work: {
      theta: new Float64Array(m),
      full: new Float64Array(size),
      reduced: new Float64Array(k),
      dz: new Float64Array(k),
      dv: new Float64Array(size),
      change: new Float64Array(m),
      rows: new Float64Array(most * k),
      schur: new Float64Array(most * most),
    },
  };
}

/** Row values and negative multipliers within this of 0 are not held against a point. */
const tolerance = 1e-11;

/**
 * Polishes the model's point from the guess `active` and `lambda`.
 *
 * @returns whether it reached a point that is feasible with multipliers ≥ 0. If not, the point is wherever Newton left it.
 */
export function polish(state: Polish, maxSteps: number): boolean {
  const { model, active, lambda } = state;
  const { m } = model;
  for (let i = 0; i < m; i++) if (!active[i]) lambda[i] = 0;
  let before = (state.residual = residual(state));
  const first = before;
  for (state.steps = 0; state.steps < maxSteps;) {
    if (!newton(state)) return false;
    state.steps++;
    const now = (state.residual = residual(state));
    if (!(now <= 10 * first + 1)) return false;
    // Quadratic convergence ends in rounding: stop where a step no longer helps.
    const converged = now < 1e-13 * (1 + norm(model.gradient)) || (now < 1e-9 && now > 0.25 * before);
    before = now;
    if (!converged) continue;
    const revised = revise(state);
    if (revised === 'done') return true;
    if (revised === 'stuck') return false;
    before = state.residual = residual(state);
  }
  return false;
}

/** The point and the multipliers take one Newton step. */
function newton(state: Polish): boolean {
  const { model, active, lambda, work } = state;
  const { k, m, size } = model;
  const { theta, reduced, dz, dv, change, rows, schur } = work;
  let count = 0;
  let squares = 0;
  for (let i = 0; i < m; i++)
    if (active[i]) {
      count++;
      squares += model.rowNorms[i];
    }
  if (count > k) return false;
  const rho = count === 0 ? 0 : Math.max(model.trace(lambda), Number.EPSILON * squares) / squares;
  const root = Math.sqrt(rho);
  for (let i = 0; i < m; i++) theta[i] = active[i] ? rho : 0;
  model.formKkt(lambda, theta);
  const { kkt } = model;
  if (cholesky(k, kkt, 1e-14) >= 0) return false;
  // B = L⁻¹√ρJᵀ, S = BᵀB = ρJK⁻¹Jᵀ.
  for (let r = 0; r < count; r++) {
    model.reducedRow(r, rows, r * k);
    solveLower(k, kkt, rows, r * k);
    for (let q = 0; q <= r; q++) schur[r * count + q] = dot(k, rows, r * k, rows, q * k);
  }
  if (cholesky(count, schur, 1e-13) >= 0) return false;
  // u = L⁻¹(−Zᵀ∇L − ρJᵀc), with √ρJᵀ = LB: u = −L⁻¹Zᵀ∇L − √ρBc.
  for (let a = 0; a < k; a++) dz[a] = -reduced[a];
  solveLower(k, kkt, dz);
  for (let i = 0, r = 0; i < m; i++) {
    if (!active[i]) continue;
    for (let a = 0; a < k; a++) dz[a] -= root * model.c[i] * rows[r * k + a];
    r++;
  }
  // S(dλ/√ρ) = Bᵀu + √ρc, dz = L⁻ᵀ(u − B dλ/√ρ).
  for (let i = 0, r = 0; i < m; i++) {
    if (!active[i]) continue;
    change[r] = dot(k, rows, r * k, dz, 0) + root * model.c[i];
    r++;
  }
  solveCholesky(count, schur, change);
  for (let r = 0; r < count; r++) for (let a = 0; a < k; a++) dz[a] -= change[r] * rows[r * k + a];
  solveLowerTransposed(k, kkt, dz);
  model.expand(dz, dv);
  for (let j = 0; j < size; j++) model.v[j] += dv[j];
  for (let i = 0, r = 0; i < m; i++) if (active[i]) lambda[i] += root * change[r++];
  model.evaluate();
  return true;
}

/** Zᵀ∇L into `work.reduced`; the larger of its norm and that of c_𝒜. */
function residual({ model, active, lambda, work }: Polish): number {
  const { m, size } = model;
  work.full.set(model.gradient);
  addTransposed(m, size, model.jacobian, lambda, work.full);
  model.reduce(work.full, work.reduced);
  let result = largest(work.reduced);
  for (let i = 0; i < m; i++) if (active[i]) result = Math.max(result, Math.abs(model.c[i]));
  return result;
}

/** Takes the row with the most negative multiplier out, or else the most violated row in. */
function revise({ model, active, lambda }: Polish): 'done' | 'changed' | 'stuck' {
  const { m, c } = model;
  let leaving = -1;
  let entering = -1;
  let count = 0;
  for (let i = 0; i < m; i++) {
    count += active[i];
    if (active[i] && lambda[i] < -tolerance && (leaving < 0 || lambda[i] < lambda[leaving])) leaving = i;
    if (!active[i] && c[i] > tolerance && (entering < 0 || c[i] > c[entering])) entering = i;
  }
  if (leaving >= 0) {
    active[leaving] = 0;
    lambda[leaving] = 0;
    return 'changed';
  }
  if (entering >= 0) {
    if (count === model.k) return 'stuck';
    active[entering] = 1;
    return 'changed';
  }
  for (let i = 0; i < m; i++) lambda[i] = Math.max(lambda[i], 0);
  return 'done';
}
