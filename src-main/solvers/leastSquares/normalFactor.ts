import type { DenseKernels } from '../../numerics/linalg/denseKernels';

/** L⁻¹ of K + damping·I = LLᵀ, K the part of a normal matrix that does not depend on y; [n, n], with zeros above the diagonal. */
export interface ConstantRoot {
  readonly inverse: Float64Array;
}

/** What solving works with: vectors [n] and [n]. */
export interface SolveWork {
  readonly s: Float64Array;
  readonly t: Float64Array;
}

/**
 * A factored normal matrix M: its Cholesky factor or, where M = LLᵀ + RᵀR with a constant LLᵀ and few rows R, the Cholesky factor of I + VVᵀ, V = RL⁻ᵀ:
 *
 *     M⁻¹ = L⁻ᵀ(I − Vᵀ(I + VVᵀ)⁻¹V)L⁻¹
 *
 * (Sherman, Morrison & Woodbury; Golub & Van Loan, *Matrix Computations*, 4th ed., §2.1.4).
 */
export class NormalFactor {
  readonly #n: number;
  readonly #kernels: DenseKernels;
  /** Null: `dense` counts. */
  root: ConstantRoot | null = null;
  count = 0;
  /** [n, n] */
  dense: Float64Array;
  /** [count, n] and [count, count] with rows of `capacity`. */
  V: Float64Array;
  capacitance: Float64Array;
  capacity = 0;

  constructor(n: number, kernels: DenseKernels) {
    this.#n = n;
    this.#kernels = kernels;
    this.dense = this.V = this.capacitance = kernels.allocate(0);
  }

  get bytesHeld(): number {
    return this.dense.byteLength + this.V.byteLength + this.capacitance.byteLength;
  }

  reserveDense(): void {
    if (this.dense.length === 0) this.dense = this.#kernels.allocate(this.#n ** 2);
  }

  /** Room for so many rows of R; a quarter more, so that it is seldom asked for again. */
  reserve(count: number): void {
    if (count <= this.capacity) return;
    this.capacity = 4 * Math.ceil((1.25 * count) / 4);
    this.V = this.#kernels.allocate(this.capacity * this.#n);
    this.capacitance = this.#kernels.allocate(this.capacity ** 2);
  }

  /** V and the factor of I + VVᵀ for `count` rows R. @returns whether it is positive definite, which only NaN prevents */
  factorRows(root: ConstantRoot, rows: Float64Array, count: number): boolean {
    const kernels = this.#kernels;
    this.reserve(count);
    this.root = root;
    this.count = count;
    kernels.multiplyByLowerTransposed(count, this.#n, rows, root.inverse, this.V);
    kernels.multiplySymmetric(count, this.#n, this.V, this.capacitance, 0, this.capacity);
    for (let k = 0; k < count; k++) this.capacitance[k * (this.capacity + 1)] += 1;
    return kernels.cholesky(count, 0, this.capacitance, this.capacity, 0) < 0;
  }

  /** x [n] ← M⁻¹x */
  solve(x: Float64Array, { s, t }: SolveWork): void {
    const [n, kernels, { root, count, V, capacitance }] = [this.#n, this.#kernels, this];
    if (!root) return kernels.solveCholesky(n, this.dense, n, x);
    kernels.multiplyLower(n, root.inverse, x, s);
    if (count > 0) {
      kernels.multiply(count, n, V, s, 0, t, 0);
      kernels.solveCholesky(count, capacitance, this.capacity, t);
      for (let k = 0; k < count; k++) t[k] = -t[k];
      kernels.addTransposed(count, n, V, t, 0, s);
    }
    kernels.multiplyLowerTransposed(n, root.inverse, s, x);
  }

  copyFrom(other: NormalFactor): void {
    this.root = other.root;
    this.count = other.count;
    if (!other.root) {
      this.reserveDense();
      this.dense.set(other.dense);
      return;
    }
    this.reserve(other.count);
    const [from, to] = [other.capacity, this.capacity];
    for (let at = 0; at < other.count * this.#n; at++) this.V[at] = other.V[at];
    for (let i = 0; i < other.count; i++)
      for (let j = 0; j <= i; j++) this.capacitance[i * to + j] = other.capacitance[i * from + j];
  }
}
