import { solveLower } from '../../numerics/linalg/cholesky';
import { dot } from '../../numerics/linalg/products';

/**
 * Orthogonal factorisation of the active rows of a QP in the metric of its objective, Q = LLᵀ:
 *
 *     L⁻¹N = Z R,   N the active normals as columns,   J = L⁻ᵀ[Z, Z⊥]
 *
 * kept while rows enter and leave (Goldfarb & Idnani, *Math. Programming* 27, 1983, §4). J is stored by columns. Allocates at
 * construction only.
 */
export class ActiveFactor {
  /** Active rows. */
  size = 0;
  /** Which, in the order of the columns of R; the first `size` count. */
  readonly rows: Int32Array;
  readonly #n: number;
  readonly #l: Float64Array;
  /** Column j of J at j·n. */
  readonly #J: Float64Array;
  /** Column j of R at j·n. */
  readonly #R: Float64Array;
  readonly #d: Float64Array;

  /** `l`: lower Cholesky factor of Q, [n, n]; only read. */
  constructor(n: number, l: Float64Array) {
    this.#n = n;
    this.#l = l;
    this.rows = new Int32Array(n);
    this.#J = new Float64Array(n * n);
    this.#R = new Float64Array(n * n);
    this.#d = new Float64Array(n);
    this.clear();
  }

  clear(): void {
    const n = this.#n;
    this.size = 0;
    // J = L⁻ᵀ: column j of L⁻ᵀ is row j of L⁻¹, so L⁻¹e_j by columns is put down by rows.
    const column = this.#d;
    for (let j = 0; j < n; j++) {
      column.fill(0);
      column[j] = 1;
      solveLower(n, this.#l, column);
      for (let i = 0; i < n; i++) this.#J[i * n + j] = column[i];
    }
  }

  has(row: number): boolean {
    for (let k = 0; k < this.size; k++) if (this.rows[k] === row) return true;
    return false;
  }

  /**
   * For the normal of a row that wants to enter: `primal` [n] ← H n with H = J₂J₂ᵀ, the inverse of Q on the null space of the active
   * rows, and `dual` ← N⁺n, the change of the active rows' multipliers.
   *
   * @returns nᵀHn, or 0 where n depends on the active rows
   */
  directions(normal: Float64Array, primal: Float64Array, dual: Float64Array): number {
    const n = this.#n;
    const d = this.#d;
    let whole = 0;
    for (let j = 0; j < n; j++) {
      d[j] = dot(n, this.#J, j * n, normal, 0);
      whole += d[j] * d[j];
    }
    let curvature = 0;
    primal.fill(0);
    for (let j = this.size; j < n; j++) {
      curvature += d[j] * d[j];
      const at = j * n;
      for (let i = 0; i < n; i++) primal[i] += d[j] * this.#J[at + i];
    }
    for (let k = 0; k < this.size; k++) dual[k] = d[k];
    this.#solveUpper(dual);
    // What is left of a dependent normal is rounding.
    return curvature > 1e-24 * whole ? curvature : 0;
  }

  /** A row with its normal at `normals[at …]` becomes active. It must not depend on the others. */
  add(row: number, normals: Float64Array, at: number): void {
    const n = this.#n;
    const d = this.#d;
    const q = this.size;
    for (let j = 0; j < n; j++) d[j] = dot(n, this.#J, j * n, normals, at);
    // Rotations that gather d[q …] in d[q].
    for (let j = n - 1; j > q; j--) {
      const length = Math.hypot(d[j - 1], d[j]);
      if (length === 0) continue;
      this.#rotate(this.#J, j - 1, j, d[j - 1] / length, d[j] / length, n);
      d[j - 1] = length;
      d[j] = 0;
    }
    for (let i = 0; i <= q; i++) this.#R[q * n + i] = d[i];
    this.rows[q] = row;
    this.size = q + 1;
  }

  /** The active row in place k becomes inactive. */
  remove(k: number): void {
    const n = this.#n;
    const R = this.#R;
    for (let j = k; j < this.size - 1; j++) {
      this.rows[j] = this.rows[j + 1];
      for (let i = 0; i <= j + 1; i++) R[j * n + i] = R[(j + 1) * n + i];
    }
    this.size--;
    // R is upper Hessenberg from column k on.
    for (let j = k; j < this.size; j++) {
      const [a, b] = [R[j * n + j], R[j * n + j + 1]];
      const length = Math.hypot(a, b);
      if (length === 0) continue;
      const [cosine, sine] = [a / length, b / length];
      R[j * n + j] = length;
      R[j * n + j + 1] = 0;
      for (let c = j + 1; c < this.size; c++) {
        const [upper, lower] = [R[c * n + j], R[c * n + j + 1]];
        R[c * n + j] = cosine * upper + sine * lower;
        R[c * n + j + 1] = cosine * lower - sine * upper;
      }
      this.#rotate(this.#J, j, j + 1, cosine, sine, n);
    }
  }

  /** What `restore` goes on from bit for bit: the number of active rows, which they are, J, and their columns of R. */
  save(): Float64Array {
    const n = this.#n;
    const saved = new Float64Array(1 + this.size + n * n + this.size * n);
    saved[0] = this.size;
    saved.set(this.rows.subarray(0, this.size), 1);
    saved.set(this.#J, 1 + this.size);
    saved.set(this.#R.subarray(0, this.size * n), 1 + this.size + n * n);
    return saved;
  }

  restore(saved: Float64Array): void {
    const n = this.#n;
    this.size = saved[0];
    this.rows.set(saved.subarray(1, 1 + this.size));
    this.#J.set(saved.subarray(1 + this.size, 1 + this.size + n * n));
    this.#R.set(saved.subarray(1 + this.size + n * n));
  }

  /** x ← (NᵀQ⁻¹N)⁻¹x = (RᵀR)⁻¹x, the first `size` entries. */
  solveNormal(x: Float64Array): void {
    const n = this.#n;
    for (let i = 0; i < this.size; i++) x[i] = (x[i] - dot(i, this.#R, i * n, x, 0)) / this.#R[i * n + i];
    this.#solveUpper(x);
  }

  /** x ← R⁻¹x. */
  #solveUpper(x: Float64Array): void {
    const n = this.#n;
    for (let j = this.size - 1; j >= 0; j--) {
      const value = (x[j] /= this.#R[j * n + j]);
      for (let i = 0; i < j; i++) x[i] -= this.#R[j * n + i] * value;
    }
  }

  /** Columns a and b of M become cosine·a + sine·b and cosine·b − sine·a. */
  #rotate(M: Float64Array, a: number, b: number, cosine: number, sine: number, length: number): void {
    for (let i = 0, first = a * length, second = b * length; i < length; i++, first++, second++) {
      const [x, y] = [M[first], M[second]];
      M[first] = cosine * x + sine * y;
      M[second] = cosine * y - sine * x;
    }
  }
}
