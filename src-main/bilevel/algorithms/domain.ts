import { AdjointError } from '@shared/errors';
import { multiply } from '../../numerics/linalg/products';
import { makeDualActiveSet, solveInequalityQp, type DualActiveSet } from '../../solvers/activeSet/dualActiveSet';
import type { BilevelProblem } from '../problem';

const isNonzero = (value: number): boolean => value !== 0;

/** The refusal of algorithms that keep x in a set of its own: rows of the upper level that contain y, by number. */
export function needsRowsInX({ n, upperRows: { D, e } }: BilevelProblem): string | null {
  const rows = [...e.keys()].filter((r) => D.subarray(r * n, (r + 1) * n).some(isNonzero));
  if (rows.length === 0) return null;
  return `The upper level has constraints that contain y (row ${rows.join(', row ')}): they hold y*(x), and this algorithm keeps only x within a set.`;
}

/** By how much rows hold in the interior, relative to max(1, |b|): a lower level on the very edge is a single point to a solver. */
const margin = 1e-8;
/** Curvature in y of the projection, which makes it strictly convex; next to 1 in x. */
const inY = 1e-10;

/** Where x may be: the box X, the rows C x ≤ e of the upper level, and where the lower level has a feasible y. */
export class Domain {
  readonly #problem: BilevelProblem;
  readonly #Cx: Float64Array;
  #nearest: JointProjection | null = null;

  constructor(problem: BilevelProblem) {
    this.#problem = problem;
    this.#Cx = new Float64Array(problem.upperRows.e.length);
  }

  /** Do rows of the lower level contain x, so that it may have no feasible y at some x of X? */
  get mayLackFeasibleY(): boolean {
    return this.#problem.rows.B.some(isNonzero);
  }

  /** x ← the nearest point of the box, or where that violates rows of the upper level, the nearest point of all three. */
  project(x: Float64Array): void {
    const { d, domain, upperRows } = this.#problem;
    const clip = () => {
      for (let i = 0; i < x.length; i++) x[i] = Math.min(domain.upper[i], Math.max(domain.lower[i], x[i]));
    };
    if (upperRows.e.length > 0) {
      const before = x.slice();
      clip();
      multiply(upperRows.e.length, d, upperRows.C, x, this.#Cx);
      if (!this.#Cx.some((value, r) => value > upperRows.e[r])) return;
      x.set(before);
      this.projectOntoFeasible(x);
    }
    clip();
  }

  /**
   * x ← the nearest point at which the lower level has a feasible y and the rows of the upper level hold.
   *
   * @returns false, with x as it was, where there is none
   */
  projectOntoFeasible(x: Float64Array): boolean {
    this.#nearest ??= new JointProjection(this.#problem, inY, margin);
    return this.#nearest.project(x, new Float64Array(this.#problem.n));
  }

  /** What `solve` gives at x, or, where the lower level has no feasible y there, at the nearest point where it has; x is moved there. */
  attempt<Result>(x: Float64Array, solve: (x: Float64Array) => Result): { result: Result; restored: boolean } {
    try {
      return { result: solve(x), restored: false };
    } catch (error) {
      if (!(error instanceof AdjointError) || !this.mayLackFeasibleY || !this.projectOntoFeasible(x)) throw error;
      return { result: solve(x), restored: true };
    }
  }
}

/**
 * (x, y) ← the nearest point of {A y + B x ≤ b − margin, C x + D y ≤ e, bounds of both}: min ½‖z − x‖² + ½w‖v − y‖² over (z, v), by the
 * dual active-set method. The margin is relative to max(1, |b|).
 */
export class JointProjection {
  readonly #weight: number;
  readonly #solver: DualActiveSet;
  readonly #h: Float64Array;
  readonly #linear: Float64Array;
  readonly #noEqualities = new Float64Array(0);

  constructor(problem: BilevelProblem, weight: number, margin: number) {
    const { d, n, m, rows, upperRows, domain, bounds } = problem;
    this.#weight = weight;
    const size = d + n;
    const normals: Float64Array[] = [];
    const h: number[] = [];
    const add = (normal: Float64Array, limit: number) => {
      if (limit === Infinity) return;
      normals.push(normal);
      h.push(limit);
    };
    const pair = (inX: Float64Array, inY: Float64Array, r: number) =>
      Float64Array.of(...inX.subarray(r * d, (r + 1) * d), ...inY.subarray(r * n, (r + 1) * n));
    for (let r = 0; r < m; r++) add(pair(rows.B, rows.A, r), rows.b[r] - margin * Math.max(1, Math.abs(rows.b[r])));
    for (let r = 0; r < upperRows.e.length; r++) add(pair(upperRows.C, upperRows.D, r), upperRows.e[r]);
    const unit = (at: number, sign: number) => new Float64Array(size).fill(sign, at, at + 1);
    for (let k = 0; k < size; k++) {
      const [box, at] = k < d ? [domain, k] : [bounds, k - d];
      add(unit(k, 1), box.upper[at]);
      add(unit(k, -1), -box.lower[at]);
    }
    const G = new Float64Array(normals.length * size);
    normals.forEach((normal, r) => G.set(normal, r * size));
    const Q = new Float64Array(size * size);
    for (let k = 0; k < size; k++) Q[k * (size + 1)] = k < d ? 1 : weight;
    this.#solver = makeDualActiveSet({ n: size, e: 0, m: normals.length, Q, A: this.#noEqualities, G });
    this.#h = Float64Array.from(h);
    this.#linear = new Float64Array(size);
  }

  /**
   * `warm` starts from the active set of the last projection.
   *
   * @returns false, with x and y as they were, where the set is empty or x or y is not finite
   */
  project(x: Float64Array, y: Float64Array, warm = false): boolean {
    const d = x.length;
    const linear = this.#linear;
    for (let i = 0; i < d; i++) linear[i] = -x[i];
    for (let j = 0; j < y.length; j++) linear[d + j] = -this.#weight * y[j];
    if (!linear.every((value) => Number.isFinite(value))) return false;
    if (solveInequalityQp(this.#solver, linear, this.#noEqualities, this.#h, warm) !== 'optimal') return false;
    x.set(this.#solver.y.subarray(0, d));
    y.set(this.#solver.y.subarray(d));
    return true;
  }

  saveWarmStart(): Float64Array {
    return this.#solver.factor.save();
  }

  restoreWarmStart(saved: Float64Array): void {
    this.#solver.factor.restore(saved);
  }
}
