import { addTransposed, dot, multiply, multiplyTransposed } from '../../numerics/linalg/products';
import {
  applyQ,
  applyQTransposed,
  factorRowSpace,
  leastNorm,
  nullSpaceTransposed,
  type RowSpace,
} from '../../numerics/linalg/rowSpace';
import { factorSaddlePoint, solveSaddlePoint } from '../../numerics/linalg/saddlePoint';
import { rowSpaceOfA, type QcqpFamily } from '../../modelling/families/family';
import { type DualActiveSet, makeDualActiveSet, solveInequalityQp } from '../../solvers/activeSet/dualActiveSet';
import { boundsAsRows } from '../../solvers/qcqp/bounds';
import { QcqpSolver } from '../../solvers/qcqp/solver';
import { DiagonalProjection } from './diagonalProjection';

/** The rows that points are projected onto: Q and p of a family do not matter. */
export type FeasibleSet = Pick<QcqpFamily, 'n' | 'm' | 'e' | 'A' | 'G' | 'H' | 'diagonal' | 'h' | 'lower' | 'upper'>;

/** A projected point, and what its derivative needs. */
export interface Projected {
  /** [n]; the point itself where `failure` says so. */
  y: Float64Array;
  /** Why there is no projection: how the solver ended. */
  failure: string | null;
  iterations: number;
  /** Strictly active rows, those of bounds after the others, with their multipliers > 0. */
  active: Int32Array;
  multipliers: Float64Array;
}

/** A row whose multiplier is below this, relative to the distance that was gone, is weakly active and counts as inactive. */
const weak = 1e-10;

/**
 * argmin ½‖y − ŷ‖² subject to Ay = x, c(y) ≤ 0 and bounds, with its derivative with respect to ŷ (docs/methods.md). One set, one point
 * after the other: Z, A⁺ and the rows on the null space of A are computed once. Affine rows are projected onto by the dual active-set
 * method in the n − e coordinates of the null space, curved ones with diagonal matrices by the primal–dual active-set method, others, and
 * points at which that does not arrive, by the interior point of labels with its polish. A result depends on its own instance only.
 */
export class Projection {
  readonly #set: FeasibleSet;
  readonly #space: RowSpace;
  /** Zᵀ [k, n], k = n − e. */
  readonly #basis: Float64Array;
  readonly #k: number;
  readonly #work: { offset: Float64Array; start: Float64Array; rhs: Float64Array };
  /** Rows · Z, [m, k], of affine rows. */
  readonly #reducedRows: Float64Array;
  readonly #affine: DualActiveSet | null;
  readonly #family: QcqpFamily;
  readonly #curved: boolean;
  /** Where rows are curved and all matrices are diagonal. */
  readonly #diagonal: DiagonalProjection | null;
  /** Made when it is first needed. */
  #solver: QcqpSolver | null = null;

  /** @throws AdjointError `bad-request` if A has no full row rank */
  constructor(given: FeasibleSet) {
    const { n, e } = given;
    const p = new Float64Array(n);
    const Q = new Float64Array(n * n);
    for (let j = 0; j < n; j++) Q[j * n + j] = 1;
    const family = boundsAsRows({ ...given, Q, p });
    const { m, G, H } = family;
    this.#set = family;
    this.#space = rowSpaceOfA(given.A, e, n);
    this.#basis = nullSpaceTransposed(this.#space);
    const k = (this.#k = n - e);
    this.#work = { offset: new Float64Array(n), start: new Float64Array(k), rhs: new Float64Array(m) };
    this.#reducedRows = new Float64Array(m * k);
    for (let i = 0; i < m; i++)
      multiply(k, n, this.#basis, G.subarray(i * n, (i + 1) * n), this.#reducedRows.subarray(i * k, (i + 1) * k));
    const curved = H.some((value) => value !== 0);
    const identity = new Float64Array(k * k);
    for (let j = 0; j < k; j++) identity[j * k + j] = 1;
    const rows = { n: k, e: 0, m, Q: identity, A: new Float64Array(0), G: this.#reducedRows };
    this.#affine = curved || k === 0 ? null : makeDualActiveSet(rows);
    this.#family = family;
    this.#curved = curved && k > 0;
    this.#diagonal = this.#curved && family.diagonal ? new DiagonalProjection(family, this.#space) : null;
  }

  /** Projects ŷ = `points[at …]` for x = `X[xAt …]`. */
  project(points: Float64Array, at: number, X: Float64Array, xAt: number): Projected {
    const { n } = this.#set;
    const point = points.subarray(at, at + n);
    if (point.some((value) => !Number.isFinite(value)))
      return { ...unchanged(point), failure: 'the point is not finite' };
    if (this.#curved) return this.#projectCurved(point, X, xAt);
    const { offset, start, rhs } = this.#work;
    leastNorm(this.#space, X, xAt, offset);
    if (!this.#affine) return { ...unchanged(offset), failure: null };
    multiply(this.#k, n, this.#basis, point, start);
    multiply(this.#set.m, n, this.#set.G, offset, rhs);
    for (let i = 0; i < rhs.length; i++) rhs[i] = this.#set.h[i] - rhs[i];
    const state = this.#affine;
    const status = solveInequalityQp(
      state,
      start.map((value) => -value),
      new Float64Array(0),
      rhs,
    );
    if (status !== 'optimal') return { ...unchanged(point), failure: status, iterations: state.iteration };
    const y = offset.slice();
    addTransposed(this.#k, n, this.#basis, state.y, y);
    return { y, failure: null, iterations: state.iteration, ...strictlyActive(state.multipliers, y, point) };
  }

  #projectCurved(point: Float64Array, X: Float64Array, xAt: number): Projected {
    const fast = this.#diagonal;
    if (fast?.project(point, X, xAt))
      return {
        ...{ y: Float64Array.from(fast.y), failure: null, iterations: fast.steps },
        ...strictlyActive(fast.lambda, fast.y, point),
      };
    const { p } = this.#family;
    // Made for p = 0, whatever is projected first: its starting point must not depend on that.
    this.#solver ??= new QcqpSolver({ ...this.#family, p: p.fill(0) });
    for (let j = 0; j < p.length; j++) p[j] = -point[j];
    const { status, y, inequality, iterations } = this.#solver.solve(X, xAt);
    if (status !== 'optimal') return { ...unchanged(point), failure: status, iterations };
    return { y: y.slice(), failure: null, iterations, ...strictlyActive(inequality, y, point) };
  }

  /**
   * dŷ [n] of vᵀy for v = `cotangent[at …]`: u of [I + 2Σλ_iH_i, Jᵀ; J, 0][u; ·] = [v; 0] with the strictly active rows and A in J. A
   * point that was not projected is its own result, so v is.
   */
  gradient({ y, failure, active, multipliers }: Projected, cotangent: Float64Array, at: number): Float64Array {
    const { n } = this.#set;
    const v = cotangent.subarray(at, at + n);
    if (failure) return v.slice();
    const quick = this.#diagonal?.derivative(y, active, multipliers, v);
    if (quick) return quick;
    const k = this.#k;
    const reduced = new Float64Array(k);
    multiply(k, n, this.#basis, v, reduced);
    if (this.#curved) {
      const { hessian, rows } = this.#linearise(y, active, multipliers);
      const system = factorSaddlePoint(k, active.length, hessian, rows);
      reduced.set(solveSaddlePoint(system, reduced, new Float64Array(active.length)).x);
    } else {
      const rows = new Float64Array(active.length * k);
      active.forEach((row, r) => rows.set(this.#reducedRows.subarray(row * k, (row + 1) * k), r * k));
      removeSpan(factorRowSpace(rows, active.length, k), reduced);
    }
    const u = new Float64Array(n);
    addTransposed(k, n, this.#basis, reduced, u);
    return u;
  }

  /** Zᵀ(I + 2Σλ_iH_i)Z [k, k] and the active rows' gradients on the null space [active, k]. */
  #linearise(y: Float64Array, active: Int32Array, multipliers: Float64Array) {
    const { n, G, H, diagonal } = this.#set;
    const k = this.#k;
    const basis = this.#basis;
    const rows = new Float64Array(active.length * k);
    const weights = new Float64Array(n).fill(1);
    const matrix = diagonal ? null : new Float64Array(n * n);
    const gradient = new Float64Array(n);
    active.forEach((row, r) => {
      const twice = 2 * multipliers[r];
      for (let j = 0; j < n; j++) {
        if (matrix) {
          const from = (row * n + j) * n;
          for (let l = 0; l < n; l++) matrix[j * n + l] += twice * H[from + l];
          gradient[j] = 2 * dot(n, H, from, y, 0) + G[row * n + j];
        } else {
          weights[j] += twice * H[row * n + j];
          gradient[j] = 2 * H[row * n + j] * y[j] + G[row * n + j];
        }
      }
      multiply(k, n, basis, gradient, rows.subarray(r * k, (r + 1) * k));
    });
    const half = new Float64Array(k * n);
    if (matrix) multiplyTransposed(k, n, n, basis, matrix, half);
    for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) half[i * n + j] += weights[j] * basis[i * n + j];
    const hessian = new Float64Array(k * k);
    multiplyTransposed(k, k, n, half, basis, hessian);
    return { hessian, rows };
  }
}

const unchanged = (point: Float64Array) => ({
  ...{ y: point.slice(), iterations: 0 },
  ...{ active: new Int32Array(0), multipliers: new Float64Array(0) },
});

function strictlyActive(multipliers: Float64Array, y: Float64Array, point: Float64Array) {
  let squared = 0;
  for (let j = 0; j < y.length; j++) squared += (y[j] - point[j]) ** 2;
  const least = weak * Math.sqrt(squared);
  const rows: number[] = [];
  multipliers.forEach((value, row) => value > least && rows.push(row));
  const active = Int32Array.from(rows);
  return { active, multipliers: Float64Array.from(active, (row) => multipliers[row]) };
}

/** w ← the part of w that is orthogonal to the rows of the factored matrix. */
function removeSpan(space: RowSpace, w: Float64Array): void {
  applyQTransposed(space, w);
  w.fill(0, 0, space.rank);
  applyQ(space, w);
}
