import { dot } from './products';

/**
 * Cholesky factor LLᵀ of a principal submatrix Q_FF of a symmetric positive definite Q, kept while indices enter and leave F.
 *
 * Entering costs k² (a row is appended, Golub & Van Loan, 4th ed., §6.5.4), leaving at position j costs 3(k − j)² (the row is struck out
 * and the trailing block takes the rank-one update L₃₃L₃₃ᵀ + llᵀ by which it was smaller), k = |F|. A few changes of F are therefore
 * much cheaper than a new factorisation, k³/3. The order of F is the order of entering. Allocates at construction only.
 */
export class GrowingCholesky {
  /** |F|. */
  size = 0;
  /** F in the order of the rows of L; the first `size` entries count. */
  readonly indices: Int32Array;
  readonly #n: number;
  readonly #Q: Float64Array;
  /** Row i at i·n. */
  readonly #l: Float64Array;
  /** Position of an index in F, or −1. */
  readonly #position: Int32Array;
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;

  /** `Q` [n, n] is read, never copied: it must not change. */
  constructor(n: number, Q: Float64Array) {
    this.#n = n;
    this.#Q = Q;
    this.#l = new Float64Array(n * n);
    this.indices = new Int32Array(n);
    this.#position = new Int32Array(n).fill(-1);
    this.#cosine = new Float64Array(n);
    this.#sine = new Float64Array(n);
  }

  has(index: number): boolean {
    return this.#position[index] >= 0;
  }

  clear(): void {
    for (let i = 0; i < this.size; i++) this.#position[this.indices[i]] = -1;
    this.size = 0;
  }

  /**
   * F ← F ∪ {index}.
   *
   * @returns false, with F as it was, if Q is not positive definite on the larger set: the new pivot is not above
   *   `relativeTolerance` times its diagonal entry
   */
  add(index: number, relativeTolerance = 1e-15): boolean {
    const n = this.#n;
    const k = this.size;
    const l = this.#l;
    const Q = this.#Q;
    const row = k * n;
    const from = index * n;
    for (let i = 0; i < k; i++) l[row + i] = (Q[from + this.indices[i]] - dot(i, l, row, l, i * n)) / l[i * n + i];
    const entry = Q[from + index];
    const pivot = entry - dot(k, l, row, l, row);
    if (!(pivot > relativeTolerance * Math.abs(entry))) return false;
    l[row + k] = Math.sqrt(pivot);
    this.indices[k] = index;
    this.#position[index] = k;
    this.size = k + 1;
    return true;
  }

  /** F ← F \ {index}, an index of F. */
  remove(index: number): void {
    const n = this.#n;
    const l = this.#l;
    const j = this.#position[index];
    const last = --this.size;
    this.#position[index] = -1;
    for (let i = j; i < last; i++) {
      this.indices[i] = this.indices[i + 1];
      this.#position[this.indices[i]] = i;
    }
    // Row i + 1 becomes row i. Its entry in the column that goes is what the update has to bring in.
    for (let i = j; i < last; i++) {
      const to = i * n;
      const old = to + n;
      let entering = l[old + j];
      for (let k = 0; k < j; k++) l[to + k] = l[old + k];
      for (let k = j; k < i; k++) {
        const value = l[old + k + 1];
        const cosine = this.#cosine[k];
        const sine = this.#sine[k];
        l[to + k] = cosine * value + sine * entering;
        entering = cosine * entering - sine * value;
      }
      const value = l[old + i + 1];
      const diagonal = Math.hypot(value, entering);
      this.#cosine[i] = value / diagonal;
      this.#sine[i] = entering / diagonal;
      l[to + i] = diagonal;
    }
  }

  /** F and L, from which `restore` goes on bit for bit: |F|, F, and the rows of L. */
  save(): Float64Array {
    const k = this.size;
    const saved = new Float64Array(1 + k + (k * (k + 1)) / 2);
    saved[0] = k;
    saved.set(this.indices.subarray(0, k), 1);
    for (let i = 0, at = 1 + k; i < k; at += ++i) saved.set(this.#l.subarray(i * this.#n, i * this.#n + i + 1), at);
    return saved;
  }

  restore(saved: Float64Array): void {
    this.clear();
    const k = saved[0];
    this.size = k;
    this.indices.set(saved.subarray(1, 1 + k));
    for (let i = 0, at = 1 + k; i < k; at += ++i) {
      this.#position[this.indices[i]] = i;
      this.#l.set(saved.subarray(at, at + i + 1), i * this.#n);
    }
  }

  /** x ← Q_FF⁻¹x, entries of x in the order of `indices`. */
  solve(x: Float64Array): void {
    const n = this.#n;
    const l = this.#l;
    const k = this.size;
    for (let i = 0; i < k; i++) x[i] = (x[i] - dot(i, l, i * n, x, 0)) / l[i * n + i];
    for (let i = k - 1; i >= 0; i--) {
      const value = (x[i] /= l[i * n + i]);
      const row = i * n;
      for (let j = 0; j < i; j++) x[j] -= l[row + j] * value;
    }
  }
}
