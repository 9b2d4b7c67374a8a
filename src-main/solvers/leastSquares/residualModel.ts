import type { DenseKernels } from '../../numerics/linalg/denseKernels';

/**
 * A residual r(y) of one instance, [rows], of unknowns y [n], with its Jacobian J at the point of the last `linearise`. The objective is
 * ½‖r‖². All arrays belong to the caller, come from `kernels.allocate`, and nothing is allocated.
 */
export interface ResidualModel {
  readonly n: number;
  readonly rows: number;
  readonly kernels: DenseKernels;
  /** Structure of JᵀJ that makes systems with it cheap, if it has any. */
  readonly lowRank: LowRankNormal | null;
  /** r ← r(y). Independent of `linearise`. */
  residual(y: Float64Array, r: Float64Array): void;
  /** Fixes the point at which everything below is taken; r = r(y). */
  linearise(y: Float64Array, r: Float64Array): void;
  /** out [rows] ← Jv */
  multiply(v: Float64Array, out: Float64Array): void;
  /** out [n] ← Jᵀu */
  multiplyTransposed(u: Float64Array, out: Float64Array): void;
  /** Lower triangle of out [n, n] ← JᵀJ; the rest is undefined. */
  normalMatrix(out: Float64Array): void;
  /** Lower triangle of out [n, n] ← out + Σ weight_i ∇²r_i; with weight = r it turns JᵀJ into the Hessian of ½‖r‖². */
  addCurvature(weight: Float64Array, out: Float64Array): void;
}

/** JᵀJ = shift·I + constant + RᵀR, where only R, of a few rows, depends on y. */
export interface LowRankNormal {
  readonly shift: number;
  /** Lower triangle, [n, n] */
  readonly constant: Float64Array;
  /** Changes with `constant`. */
  readonly version: number;
  /** R at the point of the last `linearise`: the first `activeCount` rows of [·, n]. */
  readonly activeJacobian: Float64Array;
  readonly activeCount: number;
}

/**
 * What a derivative through iterations needs: derivatives of functions of r and J with respect to y and to the data of the residual.
 * Each adds to `cotangent` [n] for y and to the parts of `into` that are there; y is the point of the last `linearise`.
 */
export interface DifferentiableResidual<Gradient> extends ResidualModel {
  /** of weightᵀr, with `weight` [rows] constant */
  pullResidual(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: Gradient): void;
  /** of weightᵀJa, with `weight` [rows] and `a` [n] constant */
  pullJacobian(y: Float64Array, weight: Float64Array, a: Float64Array, cotangent: Float64Array, into: Gradient): void;
  /** of Σ_j weight_j (JᵀJ)_jj, with `weight` [n] constant */
  pullDiagonal(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: Gradient): void;
}
