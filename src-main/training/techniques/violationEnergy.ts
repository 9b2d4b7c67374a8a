import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import type { Qcqp } from '../problem';

/**
 * φ(y) = σ(‖Ay − x‖² + ‖relu(c(y))‖²) of one instance at a time, its gradient and the products of its (generalised) Hessian
 *
 *     ∇φ = 2σ[Aᵀ(Ay − x) + Σ relu(c_i) ∇c_i],   ∇²φ v = 2σ[AᵀAv + Σ_{c_i > 0} (∇c_iᵀv ∇c_i + 2c_i H_i v)].
 */
export class ViolationEnergy {
  readonly scale: number;
  readonly #problem: Qcqp;
  readonly #diagonal: boolean;
  readonly #curved: boolean;
  readonly #residual: Float64Array;
  readonly #violation: Float64Array;
  readonly #rowGradient: Float64Array;

  constructor(problem: Qcqp, scale: number) {
    const { n, m, e, H } = problem;
    this.scale = scale;
    this.#problem = problem;
    this.#diagonal = H.length === m * n;
    this.#curved = H.some((value) => value !== 0);
    this.#residual = new Float64Array(e);
    this.#violation = new Float64Array(m);
    this.#rowGradient = new Float64Array(n);
  }

  get n(): number {
    return this.#problem.n;
  }

  /** φ(y), for x = `X[xAt …]`. */
  value(y: Float64Array, X: Float64Array, xAt: number): number {
    this.#evaluate(y, X, xAt);
    let sum = dot(this.#residual.length, this.#residual, 0, this.#residual, 0);
    for (const value of this.#violation) if (value > 0) sum += value * value;
    return this.scale * (sum + this.#boundViolation(y, null));
  }

  /** ∇φ(y) into `out` [n]. */
  gradient(y: Float64Array, X: Float64Array, xAt: number, out: Float64Array): void {
    const { n, e, A } = this.#problem;
    this.#evaluate(y, X, xAt);
    out.fill(0);
    addTransposed(e, n, A, this.#residual, out);
    for (let i = 0; i < this.#violation.length; i++) {
      const value = this.#violation[i];
      if (!(value > 0)) continue;
      this.#gradientOfRow(i, y);
      for (let j = 0; j < n; j++) out[j] += value * this.#rowGradient[j];
    }
    this.#boundViolation(y, (j, value) => (out[j] += value));
    for (let j = 0; j < n; j++) out[j] *= 2 * this.scale;
  }

  /** to ← to + ∇²φ(y)v. */
  addHessianTimes(y: Float64Array, X: Float64Array, xAt: number, v: Float64Array, to: Float64Array): void {
    const { n, e, A } = this.#problem;
    this.#evaluate(y, X, xAt);
    const sum = new Float64Array(n);
    const product = new Float64Array(e);
    multiply(e, n, A, v, product);
    addTransposed(e, n, A, product, sum);
    for (let i = 0; i < this.#violation.length; i++) {
      const value = this.#violation[i];
      if (!(value > 0)) continue;
      this.#gradientOfRow(i, y);
      const along = dot(n, this.#rowGradient, 0, v, 0);
      for (let j = 0; j < n; j++) sum[j] += along * this.#rowGradient[j];
      if (this.#curved) this.#addCurvature(i, 2 * value, v, sum);
    }
    this.#boundViolation(y, (j) => (sum[j] += v[j]));
    for (let j = 0; j < n; j++) to[j] += 2 * this.scale * sum[j];
  }

  /** Ay − x and c(y), without the bounds. */
  #evaluate(y: Float64Array, X: Float64Array, xAt: number): void {
    const { n, m, e, A, G, H, h } = this.#problem;
    for (let i = 0; i < e; i++) this.#residual[i] = dot(n, A, i * n, y, 0) - X[xAt + i];
    for (let i = 0; i < m; i++) {
      let value = dot(n, G, i * n, y, 0) - h[i];
      if (this.#curved && this.#diagonal) for (let j = 0, at = i * n; j < n; j++, at++) value += H[at] * y[j] * y[j];
      else if (this.#curved) for (let j = 0; j < n; j++) value += y[j] * dot(n, H, (i * n + j) * n, y, 0);
      this.#violation[i] = value;
    }
  }

  #gradientOfRow(i: number, y: Float64Array): void {
    const { n, G } = this.#problem;
    for (let j = 0; j < n; j++) this.#rowGradient[j] = G[i * n + j];
    if (this.#curved) this.#addCurvature(i, 2, y, this.#rowGradient);
  }

  /** to ← to + weight H_i v. */
  #addCurvature(i: number, weight: number, v: Float64Array, to: Float64Array): void {
    const { n, H } = this.#problem;
    for (let j = 0; j < n; j++)
      to[j] += weight * (this.#diagonal ? H[i * n + j] * v[j] : dot(n, H, (i * n + j) * n, v, 0));
  }

  /** Σ of squared violations of bounds; `each` gets every violated variable and how far it is out, signed. */
  #boundViolation(y: Float64Array, each: ((j: number, value: number) => void) | null): number {
    const { lower, upper } = this.#problem;
    if (!lower && !upper) return 0;
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
