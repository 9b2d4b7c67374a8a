import type { DenseKernels } from '../../numerics/linalg/denseKernels';

/** Pivots below this, relative to their entry, mean that rows depend on each other. */
const dependent = 1e-12;

/**
 * KKT systems with a diagonal D > 0 and rows N of which the first are constant,
 *
 *     [D Nᵀ; N 0] [u; μ] = [f; g],
 *
 * by the Cholesky factor of ND⁻¹Nᵀ (the range-space method; Nocedal & Wright, *Numerical Optimization*, 2nd ed., §16.2). Allocates at construction only.
 */
export class DiagonalKkt {
  readonly #kernels: DenseKernels;
  readonly #n: number;
  readonly #capacity: number;
  /** N [count, n], the rows of the system; the first `fixed` of them are there from the start. */
  readonly rows: Float64Array;
  /** D^−½ [n]. */
  readonly #root: Float64Array;
  /** ND^−½ [count, n] and the factor, its rows `capacity` apart. */
  readonly #scaled: Float64Array;
  readonly #factor: Float64Array;
  readonly #work: Float64Array;
  #count = 0;
  /** After `solve`: u [n] and μ [count]. */
  readonly u: Float64Array;
  readonly mu: Float64Array;

  /** @param fixed [fixed, n] */
  constructor(n: number, fixed: Float64Array, more: number, kernels: DenseKernels) {
    this.#n = n;
    this.#kernels = kernels;
    const capacity = (this.#capacity = fixed.length / n + more);
    this.rows = kernels.allocate(capacity * n);
    this.rows.set(fixed);
    this.#root = kernels.allocate(n);
    this.#scaled = kernels.allocate(capacity * n);
    this.#factor = kernels.allocate(capacity * capacity);
    this.#work = kernels.allocate(n);
    this.u = kernels.allocate(n);
    this.mu = kernels.allocate(capacity);
  }

  /** Factors the system of D [n] and the first `count` rows. @returns false where D is not positive or rows depend on each other */
  factor(D: Float64Array, count: number): boolean {
    const { rows } = this;
    const [n, root, scaled] = [this.#n, this.#root, this.#scaled];
    this.#count = count;
    if (count > n) return false;
    for (let j = 0; j < n; j++) {
      if (!(D[j] > 0)) return false;
      root[j] = 1 / Math.sqrt(D[j]);
    }
    for (let i = 0, at = 0; i < count; i++) for (let j = 0; j < n; j++, at++) scaled[at] = rows[at] * root[j];
    this.#kernels.multiplySymmetric(count, n, scaled, this.#factor, 0, this.#capacity);
    return this.#kernels.cholesky(count, 0, this.#factor, this.#capacity, dependent) < 0;
  }

  /** `u` and `mu` for f = `f[at …]` [n] and g [count], 0 without it. */
  solve(f: Float64Array, at: number, g: Float64Array | null): void {
    const { u, mu } = this;
    const [n, count, root, scaled, work, kernels] = [
      this.#n,
      this.#count,
      this.#root,
      this.#scaled,
      this.#work,
      this.#kernels,
    ];
    for (let j = 0; j < n; j++) work[j] = root[j] * f[at + j];
    kernels.multiply(count, n, scaled, work, 0, mu, 0);
    if (g) for (let i = 0; i < count; i++) mu[i] -= g[i];
    kernels.solveCholesky(count, this.#factor, this.#capacity, mu);
    for (let i = 0; i < count; i++) mu[i] = -mu[i];
    kernels.addTransposed(count, n, scaled, mu, 0, work);
    for (let i = 0; i < count; i++) mu[i] = -mu[i];
    for (let j = 0; j < n; j++) u[j] = root[j] * work[j];
  }
}
