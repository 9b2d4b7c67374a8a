import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import { kernelsFor } from '../../numerics/simd64/dense';
import type { Qcqp } from '../problem';

/**
 * φ(y) = σ(‖Ay − x‖² + ‖relu(c(y))‖²) of one instance at a time, its gradient and the products of its (generalised) Hessian
 *
 *     ∇φ = 2σ[Aᵀ(Ay − x) + Σ relu(c_i) ∇c_i],   ∇²φ v = 2σ[AᵀAv + Σ_{c_i > 0} (∇c_iᵀv ∇c_i + 2c_i H_i v)].
 *
 * It stands at one point: `value` goes there, `gradientHere` and `addHessianHere` use what `value` found, and allocate nothing. Of a point that
 * is to be visited again `keep` puts aside what is expensive. With diagonal H_i the gradients of rows are never formed: ∇c_iᵀv = G_iᵀv + 2h_iᵀ(y∘v), and
 * Σ w_i∇c_i = Gᵀw + 2y∘(hᵀw) for h [m, n], the diagonals.
 */
export class ViolationEnergy {
  readonly scale: number;
  readonly n: number;
  readonly kernels: DenseKernels;
  /** Numbers that `keep` writes. */
  readonly kept: number;
  readonly #problem: Qcqp;
  readonly #form: 'affine' | 'diagonal' | 'dense';
  readonly #A: Float64Array;
  readonly #G: Float64Array;
  readonly #h: Float64Array;
  /** [m, n] or, row by row, m times [n, n] within [m, n, n]. */
  readonly #H: Float64Array;
  readonly #matrices: Float64Array[];
  /** Gradients of rows at y, [m, n], where they are formed. */
  readonly #jacobian: Float64Array;
  readonly #y: Float64Array;
  /** Ay − x; relu(c(y)) without the bounds, 0 where a row is satisfied. */
  readonly #residual: Float64Array;
  readonly #violation: Float64Array;
  /** Σ relu(c_i) h_i of diagonals, [n]. */
  readonly #curvature: Float64Array;
  readonly #rowsA: Float64Array;
  readonly #rowsB: Float64Array;
  readonly #sum: Float64Array;
  readonly #product: Float64Array;
  readonly #factor: Float64Array;

  constructor(problem: Qcqp, scale: number) {
    const { n, m, e, H } = problem;
    const kernels = kernelsFor(n);
    const floats = (length: number) => kernels.allocate(length);
    const copy = (values: Float64Array) => {
      const array = floats(values.length);
      array.set(values);
      return array;
    };
    this.scale = scale;
    this.n = n;
    this.kernels = kernels;
    this.#problem = problem;
    this.#form = !H.some((value) => value !== 0) ? 'affine' : H.length === m * n ? 'diagonal' : 'dense';
    this.#A = copy(problem.A);
    this.#G = copy(problem.G);
    this.#h = copy(problem.h);
    this.#H = this.#form === 'affine' ? floats(0) : copy(H);
    const dense = this.#form === 'dense';
    this.#matrices = Array.from({ length: dense ? m : 0 }, (_, i) => this.#H.subarray(i * n * n, (i + 1) * n * n));
    this.#jacobian = dense ? floats(m * n) : this.#G;
    [this.#residual, this.#violation] = [floats(e), floats(m)];
    [this.#rowsA, this.#rowsB] = [floats(Math.max(m, e)), floats(m)];
    [this.#y, this.#curvature, this.#sum, this.#product, this.#factor] = Array.from({ length: 5 }, () => floats(n));
    this.kept = m + (this.#form === 'diagonal' ? n : 0);
  }

  /** φ(y), for x = `X[xAt …]`; goes to y. */
  value(y: Float64Array, X: Float64Array, xAt: number): number {
    this.#y.set(y);
    const { n, e } = this.#problem;
    const [residual, violation] = [this.#residual, this.#violation];
    this.kernels.multiply(e, n, this.#A, this.#y, 0, residual, 0);
    let sum = 0;
    for (let i = 0; i < e; i++) {
      const value = residual[i] - X[xAt + i];
      residual[i] = value;
      sum += value * value;
    }
    this.#evaluateRows();
    for (let i = 0; i < violation.length; i++) {
      const value = violation[i];
      if (value > 0) sum += value * value;
      else violation[i] = 0;
    }
    return this.scale * (sum + this.#boundViolation(null));
  }

  /** ∇φ into `out` [n], at the last y that `value` was asked for. */
  gradientHere(out: Float64Array): void {
    const { n, e } = this.#problem;
    const sum = this.#sum.fill(0);
    this.kernels.addTransposed(e, n, this.#A, this.#residual, 0, sum);
    this.#addRows(this.#violation, this.#curvature, sum);
    this.#boundViolation((j, value) => (sum[j] += value));
    for (let j = 0; j < n; j++) out[j] = 2 * this.scale * sum[j];
  }

  /** to ← to + ∇²φ v, at the last y that `gradientHere` or `revisit` was asked for. */
  addHessianHere(v: Float64Array, to: Float64Array): void {
    const { n, e } = this.#problem;
    const { kernels } = this;
    const [sum, rows, factor] = [this.#sum.fill(0), this.#rowsA, this.#factor];
    factor.set(v);
    kernels.multiply(e, n, this.#A, factor, 0, rows, 0);
    kernels.addTransposed(e, n, this.#A, rows, 0, sum);
    this.#alongRows(factor, rows);
    this.#addRows(rows, this.#product, sum);
    this.#addCurvature(v, sum);
    this.#boundViolation((j) => (sum[j] += v[j]));
    for (let j = 0; j < n; j++) to[j] += 2 * this.scale * sum[j];
  }

  /** ∇φ(y) into `out` [n]. */
  gradient(y: Float64Array, X: Float64Array, xAt: number, out: Float64Array): void {
    this.value(y, X, xAt);
    this.gradientHere(out);
  }

  /** What `revisit` needs besides y, after `gradientHere`, into to[at …]. */
  keep(to: Float64Array, at: number): void {
    to.set(this.#violation, at);
    if (this.#form === 'diagonal') to.set(this.#curvature, at + this.#violation.length);
  }

  /** Goes to y = from[0 …] for `addHessianHere`, from what `keep` put into from[at …]. */
  revisit(from: Float64Array, at: number): void {
    const { n, m, G } = this.#problem;
    const [y, violation, jacobian] = [this.#y, this.#violation, this.#jacobian];
    for (let j = 0; j < n; j++) y[j] = from[j];
    for (let i = 0; i < m; i++) violation[i] = from[at + i];
    if (this.#form === 'diagonal') for (let j = 0; j < n; j++) this.#curvature[j] = from[at + m + j];
    if (this.#form !== 'dense') return;
    for (let i = 0; i < m; i++) {
      if (violation[i] === 0) continue;
      this.kernels.multiply(n, n, this.#matrices[i], y, 0, this.#product, 0);
      for (let j = 0, k = i * n; j < n; j++, k++) jacobian[k] = G[k] + 2 * this.#product[j];
    }
  }

  /** c(y), and where they are formed the gradients of rows. */
  #evaluateRows(): void {
    const { n, m, h } = this.#problem;
    const { kernels } = this;
    const [violation, linear, jacobian] = [this.#violation, this.#rowsB, this.#jacobian];
    if (this.#form === 'diagonal') return kernels.quadraticRows(m, n, this.#H, this.#G, this.#h, this.#y, violation, 0);
    kernels.multiply(m, n, this.#G, this.#y, 0, linear, 0);
    if (this.#form === 'affine') {
      for (let i = 0; i < m; i++) violation[i] = linear[i] - h[i];
      return;
    }
    kernels.multiply(m * n, n, this.#H, this.#y, 0, jacobian, 0);
    for (let k = 0; k < jacobian.length; k++) jacobian[k] = this.#G[k] + 2 * jacobian[k];
    // ∇c_iᵀy = 2yᵀH_iy + G_iᵀy
    kernels.multiply(m, n, jacobian, this.#y, 0, violation, 0);
    for (let i = 0; i < m; i++) violation[i] = 0.5 * (violation[i] + linear[i]) - h[i];
  }

  /** out_i ← ∇c_iᵀv of violated rows, 0 of the others. */
  #alongRows(v: Float64Array, out: Float64Array): void {
    const { n, m } = this.#problem;
    this.kernels.multiplySelected(m, n, this.#jacobian, this.#violation, v, out);
    if (this.#form !== 'diagonal') return;
    const [product, rows] = [this.#product, this.#rowsB];
    for (let j = 0; j < n; j++) product[j] = this.#y[j] * v[j];
    this.kernels.multiplySelected(m, n, this.#H, this.#violation, product, rows);
    for (let i = 0; i < m; i++) out[i] += 2 * rows[i];
  }

  /** to ← to + Σ w_i ∇c_i over rows with w_i ≠ 0, all of them violated; of diagonals, Σ w_i h_i into `curvature`. */
  #addRows(w: Float64Array, curvature: Float64Array, to: Float64Array): void {
    const { n, m } = this.#problem;
    this.kernels.addSelected(m, n, this.#jacobian, w, to);
    if (this.#form !== 'diagonal') return;
    this.kernels.addSelected(m, n, this.#H, w, curvature.fill(0));
    for (let j = 0; j < n; j++) to[j] += 2 * this.#y[j] * curvature[j];
  }

  /** to ← to + Σ 2c_i H_i v over violated rows. */
  #addCurvature(v: Float64Array, to: Float64Array): void {
    const { n } = this.#problem;
    if (this.#form === 'diagonal') for (let j = 0; j < n; j++) to[j] += 2 * this.#curvature[j] * v[j];
    this.#matrices.forEach((matrix, i) => {
      const weight = 2 * this.#violation[i];
      if (weight === 0) return;
      this.kernels.multiply(n, n, matrix, this.#factor, 0, this.#product, 0);
      for (let j = 0; j < n; j++) to[j] += weight * this.#product[j];
    });
  }

  /** Σ of squared violations of bounds; `each` gets every violated variable and how far it is out, signed. */
  #boundViolation(each: ((j: number, value: number) => void) | null): number {
    const { lower, upper } = this.#problem;
    if (!lower && !upper) return 0;
    const y = this.#y;
    let sum = 0;
    for (let j = 0; j < y.length; j++) {
      const below = Math.min(0, y[j] - (lower?.[j] ?? -Infinity));
      const above = Math.max(0, y[j] - (upper?.[j] ?? Infinity));
      const value = below < 0 ? below : above;
      if (value === 0) continue;
      sum += value * value;
      each?.(j, value);
    }
    return sum;
  }
}
