import { cholesky, solveLower, solveLowerTransposed } from './cholesky';
import { plainLbfgs, type LbfgsKernels } from './lbfgsKernels';
import { addTransposed, dot, multiplySymmetric, multiplyTransposed } from './products';
import { splitRows, type QuadraticRows, type SplitPoint } from './splitRows';

/**
 * Dense linear algebra for code that iterates on small matrices and allocates nothing meanwhile. Arrays are float64, row-major and from
 * `allocate`; `xAt` is where an operand begins in its array. There are two: plain loops, and WebAssembly (numerics/simd64/dense.ts), whose arrays lie in its
 * own memory.
 */
export interface DenseKernels extends LbfgsKernels {
  allocate(length: number): Float64Array;
  /** y ← Mx for M [rows, columns] */
  multiply(
    rows: number,
    columns: number,
    m: Float64Array,
    x: Float64Array,
    xAt: number,
    y: Float64Array,
    yAt: number,
  ): void;
  /** y ← y + Mᵀw for M [rows, columns] */
  addTransposed(rows: number, columns: number, m: Float64Array, w: Float64Array, wAt: number, y: Float64Array): void;
  /** y_i ← m_iᵀx for the rows of M [rows, columns] with w_i ≠ 0, and 0 for the others */
  multiplySelected(
    rows: number,
    columns: number,
    m: Float64Array,
    w: Float64Array,
    x: Float64Array,
    y: Float64Array,
  ): void;
  /** y ← y + Mᵀw for M [rows, columns]; rows with w_i = 0 cost nothing. */
  addSelected(rows: number, columns: number, m: Float64Array, w: Float64Array, y: Float64Array): void;
  /** y ← Lx and y ← Lᵀx for a lower triangle [n, n] whose upper part is zero; x and y differ. */
  multiplyLower(n: number, l: Float64Array, x: Float64Array, y: Float64Array): void;
  multiplyLowerTransposed(n: number, l: Float64Array, x: Float64Array, y: Float64Array): void;
  /** C [rows, n] ← ALᵀ for A [rows, n] and such a triangle. */
  multiplyByLowerTransposed(rows: number, n: number, a: Float64Array, l: Float64Array, c: Float64Array): void;
  /** C [rowsA, rowsB] ← ABᵀ, C from `cAt` on with rows of `stride`. */
  multiplyTransposed(
    rowsA: number,
    rowsB: number,
    length: number,
    a: Float64Array,
    b: Float64Array,
    c: Float64Array,
    cAt: number,
    stride: number,
  ): void;
  /** Lower triangle of C [rows, rows] ← AAᵀ for A [rows, length], from `cAt` on with rows of `stride`; the rest is undefined. */
  multiplySymmetric(rows: number, length: number, a: Float64Array, c: Float64Array, cAt: number, stride: number): void;
  /**
   * Cholesky factor in place of the lower triangle of a [n, n] with rows of `stride`, of which the rows before `from` are factored already.
   *
   * @returns as `cholesky` of cholesky.ts
   */
  cholesky(n: number, from: number, a: Float64Array, stride: number, relativeTolerance: number): number;
  /** x ← (LLᵀ)⁻¹x for rows of `stride` */
  solveCholesky(n: number, l: Float64Array, stride: number, x: Float64Array): void;
  /** c ← (H∘y + G)y − h for H and G [m, n]; c from `cAt` on */
  quadraticRows(
    m: number,
    n: number,
    H: Float64Array,
    G: Float64Array,
    h: Float64Array,
    y: Float64Array,
    c: Float64Array,
    cAt: number,
  ): void;
  /** out[outAt …] ← α H[at …]∘y + g[gAt …], n numbers; out and g may be the same. */
  curvedRow(
    n: number,
    alpha: number,
    H: Float64Array,
    at: number,
    y: Float64Array,
    g: Float64Array,
    gAt: number,
    out: Float64Array,
    outAt: number,
  ): void;
  /** As splitRows.ts, n even. */
  splitRows(rows: number, n: number, row: QuadraticRows, point: SplitPoint, omega: number): void;
}

/** Plain loops, for small matrices: they cost no memory of WebAssembly's. */
export const plainKernels: DenseKernels = {
  ...plainLbfgs,
  allocate: (length) => new Float64Array(length),
  multiply(rows, columns, m, x, xAt, y, yAt) {
    for (let i = 0; i < rows; i++) y[yAt + i] = dot(columns, m, i * columns, x, xAt);
  },
  addTransposed(rows, columns, m, w, wAt, y) {
    for (let i = 0; i < rows; i++) {
      const weight = w[wAt + i];
      if (weight === 0) continue;
      for (let j = 0; j < columns; j++) y[j] += weight * m[i * columns + j];
    }
  },
  multiplySelected(rows, columns, m, w, x, y) {
    for (let i = 0; i < rows; i++) y[i] = w[i] === 0 ? 0 : dot(columns, m, i * columns, x, 0);
  },
  addSelected: addTransposed,
  multiplyLower(n, l, x, y) {
    for (let i = 0; i < n; i++) y[i] = dot(i + 1, l, i * n, x, 0);
  },
  multiplyLowerTransposed(n, l, x, y) {
    y.fill(0, 0, n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) y[j] += x[i] * l[i * n + j];
  },
  multiplyByLowerTransposed(rows, n, a, l, c) {
    for (let i = 0; i < rows; i++) for (let j = 0; j < n; j++) c[i * n + j] = dot(j + 1, a, i * n, l, j * n);
  },
  multiplyTransposed,
  multiplySymmetric(rows, length, a, c, cAt, stride) {
    if (cAt === 0 && stride === rows) return multiplySymmetric(rows, length, a, a, c);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++) c[cAt + i * stride + j] = dot(length, a, i * length, a, j * length);
  },
  cholesky(n, from, a, stride, relativeTolerance) {
    if (from === 0 && stride === n) return cholesky(n, a, relativeTolerance);
    for (let i = from; i < n; i++) {
      const row = i * stride;
      for (let j = 0; j < i; j++) a[row + j] = (a[row + j] - dot(j, a, row, a, j * stride)) / a[j * stride + j];
      const entry = a[row + i];
      const pivot = entry - dot(i, a, row, a, row);
      if (!(pivot > relativeTolerance * Math.abs(entry)) || pivot === Infinity) return i;
      a[row + i] = Math.sqrt(pivot);
    }
    return -1;
  },
  solveCholesky(n, l, stride, x) {
    if (stride === n) {
      solveLower(n, l, x);
      solveLowerTransposed(n, l, x);
      return;
    }
    for (let i = 0; i < n; i++) x[i] = (x[i] - dot(i, l, i * stride, x, 0)) / l[i * stride + i];
    for (let i = n - 1; i >= 0; i--) {
      const value = (x[i] /= l[i * stride + i]);
      for (let j = 0; j < i; j++) x[j] -= l[i * stride + j] * value;
    }
  },
  quadraticRows(m, n, H, G, h, y, c, cAt) {
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (H[i * n + j] * y[j] + G[i * n + j]) * y[j];
      c[cAt + i] = sum - h[i];
    }
  },
  curvedRow(n, alpha, H, at, y, g, gAt, out, outAt) {
    for (let j = 0; j < n; j++) out[outAt + j] = alpha * (H[at + j] * y[j]) + g[gAt + j];
  },
  splitRows,
};
