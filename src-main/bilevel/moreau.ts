import { AdjointError } from '@shared/errors';
import { dot } from '../numerics/linalg/products';
import { convexProblem } from '../solvers/convex/problem';
import { solveConvex } from '../solvers/convex/solve';
import { Domain } from './algorithms/domain';
import type { Oracle } from './estimators/estimator';
import type { BilevelProblem } from './problem';

export interface MoreauSettings {
  /** μ > 0; F must be weakly convex with a modulus of at most 1/(2μ) where it is looked at. */
  mu: number;
  /** Hypergradients, at most. */
  cuts: number;
  /** Ends where the value found is within this of a lower bound, relative to max(1, |value|). */
  tolerance: number;
}

export const defaultMoreauSettings: MoreauSettings = { mu: 0.1, cuts: 100, tolerance: 1e-10 };

export interface MoreauGradient {
  /** ‖x − prox‖/μ, the norm of the gradient of the Moreau envelope at x. */
  norm: number;
  /** No further from the true one than this. */
  error: number;
  /** prox_{μF}(x), [d] */
  prox: Float64Array;
  lowerSolves: number;
}

/** A lower bound may be above a value by so much of it for rounding. */
const rounding = 1e-10;

/**
 * Moreau’s stationarity measure ‖x − prox_{μF}(x)‖/μ with prox_{μF}(x) = argmin_{z ∈ X} h(z) = F(z) + ‖z − x‖²/(2μ) (Moreau 1965; Davis &
 * Drusvyatskiy, *SIAM J. Optim.* 29, 2019): 0 exactly at stationary points of a weakly convex F, kinks included, where ‖∇F‖ is not.
 *
 * h is strongly convex with modulus σ = 1/(2μ) if F is weakly convex with at most that, and is minimised by cutting parabolas: every
 * hypergradient g at z_i gives h(z) ≥ h(z_i) + gᵀ(z − z_i) + ½σ‖z − z_i‖², the next point minimises the largest of them over X and where
 * the lower level has a feasible y (a quadratic program, by the interior point), and its value is a lower bound. The distance to prox is
 * at most √(2 gap/σ). That F is weakly convex enough is checked at the points that are looked at, and nowhere else.
 *
 * @throws AdjointError `unsupported` where a parabola passes above a value of h: F is then not weakly convex enough for this μ;
 *   `bad-request` where the lower level has no solution at x
 */
export function moreauGradient(
  problem: BilevelProblem,
  oracle: Oracle,
  x: Float64Array,
  settings: Partial<MoreauSettings> = {},
): MoreauGradient {
  const { mu, cuts, tolerance } = { ...defaultMoreauSettings, ...settings };
  const sigma = 1 / (2 * mu);
  const domain = new Domain(problem);
  const model = new ParabolaModel(problem, sigma);
  const prox = x.slice();
  let z: Float64Array = x.slice();
  let [best, bound, lowerSolves] = [Infinity, -Infinity, 0];
  const enough = () => bound > -Infinity && best - bound <= tolerance * Math.max(1, Math.abs(best));
  for (let k = 0; k < cuts && !enough(); k++) {
    const { F, gradient, work } = domain.attempt(z, (at) => oracle.at(at, { warm: k > 0 })).result;
    lowerSolves += work.lowerSolves;
    let value = F;
    const slope = gradient.map((entry, i) => entry + (z[i] - x[i]) / mu);
    for (let i = 0; i < z.length; i++) value += (z[i] - x[i]) ** 2 / (2 * mu);
    if (model.at(z) > value + rounding * Math.max(1, Math.abs(value))) throw tooConcave(mu);
    if (value < best) {
      best = value;
      prox.set(z);
    }
    model.add(z, value, slope);
    ({ z, bound } = model.minimise());
    if (bound > best + rounding * Math.max(1, Math.abs(best))) throw tooConcave(mu);
  }
  const distance = Math.hypot(...prox.map((value, i) => value - x[i]));
  const error = Math.sqrt((2 * Math.max(0, best - bound)) / sigma) / mu;
  return { norm: distance / mu, error, prox, lowerSolves };
}

const tooConcave = (mu: number): AdjointError =>
  new AdjointError(
    'unsupported',
    `F is not weakly convex with modulus ${1 / (2 * mu)} near x, so F(z) + ‖z − x‖²/(2μ) with μ = ${mu} may have several minima.`,
    { where: 'the Moreau gradient', fix: 'Take a smaller μ; at a concave kink of F no μ is small enough.' },
  );

/** The largest of parabolas h_i + g_iᵀ(z − z_i) + ½σ‖z − z_i‖² = a_iᵀz + b_i + ½σ‖z‖². */
class ParabolaModel {
  readonly #problem: BilevelProblem;
  readonly #sigma: number;
  readonly #slopes: Float64Array[] = [];
  readonly #offsets: number[] = [];

  constructor(problem: BilevelProblem, sigma: number) {
    this.#problem = problem;
    this.#sigma = sigma;
  }

  add(z: Float64Array, value: number, slope: Float64Array): void {
    const d = z.length;
    this.#slopes.push(slope.map((entry, i) => entry - this.#sigma * z[i]));
    this.#offsets.push(value - dot(d, slope, 0, z, 0) + 0.5 * this.#sigma * dot(d, z, 0, z, 0));
  }

  at(z: Float64Array): number {
    const d = z.length;
    const bend = 0.5 * this.#sigma * dot(d, z, 0, z, 0);
    return this.#slopes.reduce((most, a, i) => Math.max(most, dot(d, a, 0, z, 0) + this.#offsets[i] + bend), -Infinity);
  }

  /** Over (z, y, t): min ½σ‖z‖² + t with a_iᵀz + b_i ≤ t, the domain of z and, where rows of the lower level contain x, A y + B z ≤ b. */
  minimise(): { z: Float64Array; bound: number } {
    const { d, n, m, rows, upperRows, domain, bounds } = this.#problem;
    const withY = rows.B.some((value) => value !== 0);
    const size = d + (withY ? n : 0) + 1;
    const count = this.#slopes.length + upperRows.e.length + (withY ? m : 0);
    const G = new Float64Array(count * size);
    const h = new Float64Array(count);
    let row = 0;
    this.#slopes.forEach((a, i) => {
      G.set(a, row * size);
      G[row * size + size - 1] = -1;
      h[row++] = -this.#offsets[i];
    });
    for (let r = 0; r < upperRows.e.length; r++) {
      G.set(upperRows.C.subarray(r * d, (r + 1) * d), row * size);
      h[row++] = upperRows.e[r];
    }
    for (let r = 0; withY && r < m; r++) {
      G.set(rows.B.subarray(r * d, (r + 1) * d), row * size);
      G.set(rows.A.subarray(r * n, (r + 1) * n), row * size + d);
      h[row++] = rows.b[r];
    }
    const { status, y, objective } = solveConvex(
      convexProblem(size, {
        Q: { kind: 'diagonal', values: new Float64Array(size).fill(this.#sigma, 0, d) },
        p: new Float64Array(size).fill(1, size - 1),
        ...{ G, h },
        lower: Float64Array.of(...domain.lower, ...(withY ? bounds.lower : []), -Infinity),
        upper: Float64Array.of(...domain.upper, ...(withY ? bounds.upper : []), Infinity),
      }),
    );
    if (status !== 'optimal')
      throw new AdjointError('internal', `The model of the Moreau envelope was not minimised: ${status}.`, {
        fix: 'Take another μ.',
      });
    return { z: y.slice(0, d), bound: objective };
  }
}
