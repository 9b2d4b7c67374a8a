import { rowSpaceOfA, type QcqpFamily } from '../../modelling/families/family';
import { nullSpaceTransposed, type RowSpace } from '../../numerics/linalg/rowSpace';

/**
 * A QCQP on the null space of A, y = A⁺x + Zz, as the interior point and the polish see it. They move a point v, which is y itself
 * where Q and every H_i are diagonal, and z where they are not, and know it only through these operations. Nothing here
 * allocates after construction.
 */
export interface QuadraticModel {
  /** Reduced variables k = n − e, inequality rows m, entries of v. */
  readonly k: number;
  readonly m: number;
  readonly size: number;
  /** [size], the point; `begin` puts it at A⁺x + Zz₀. */
  readonly v: Float64Array;
  /** At v, after `evaluate`: objective; its gradient [size]; c [m]; the rows' gradients [m, size] and their squared norms [m]. */
  readonly objective: number;
  readonly gradient: Float64Array;
  readonly c: Float64Array;
  readonly jacobian: Float64Array;
  readonly rowNorms: Float64Array;
  /** [k, k], the lower triangle of what `formKkt` formed. */
  readonly kkt: Float64Array;

  /** Starts instance x = `x[at …]` at z₀ [k]. */
  begin(x: Float64Array, at: number, z0: Float64Array): void;
  evaluate(): void;
  /** g [k] ← Zᵀw for w [size]. */
  reduce(w: Float64Array, g: Float64Array): void;
  /** dv [size] ← Z dz. */
  expand(dz: Float64Array, dv: Float64Array): void;
  /** q [m] ← dvᵀH_i dv. */
  curvature(dv: Float64Array, q: Float64Array): void;
  /** w [size] ← w + 2 Σ μ_i H_i dv. */
  addCurvature(mu: Float64Array, dv: Float64Array, w: Float64Array): void;
  /** kkt ← Zᵀ(Q + 2Σλ_iH_i)Z + Σ θ_i a_ia_iᵀ over the rows with θ_i > 0, a_i = Zᵀ∇c_i(v); without Q for `objective` = 0. */
  formKkt(lambda: Float64Array, theta: Float64Array, objective?: 0 | 1): void;
  /** to [at …] ← √θ_i a_i for the r-th of the rows with θ_i > 0 in the last `formKkt`. */
  reducedRow(r: number, to: Float64Array, at: number): void;
  /** An estimate of the trace of Q + 2Σλ_iH_i, for scaling. */
  trace(lambda: Float64Array): number;
  /** y [n] ← the point. */
  point(y: Float64Array): void;
}

/** What is computed once for a family: the factored A, Z, and the reduced constant parts. Read only: threads share the work, not this. */
export interface ReducedFamily {
  family: QcqpFamily;
  space: RowSpace;
  /** Zᵀ [n − e, n]. */
  basis: Float64Array;
  /** Q and every H_i are diagonal. */
  diagonal: boolean;
}

/** @throws AdjointError `bad-request` if A has no full row rank */
export function reduceFamily(family: QcqpFamily): ReducedFamily {
  const { n, e, A, Q, diagonal } = family;
  const space = rowSpaceOfA(A, e, n);
  const diagonalQ = Q.every((value, i) => value === 0 || i % (n + 1) === 0);
  return { family, space, basis: nullSpaceTransposed(space), diagonal: diagonal && diagonalQ };
}
