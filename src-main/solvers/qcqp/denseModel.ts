import { addTransposed, dot, multiply, multiplySymmetric, multiplyTransposed } from '../../numerics/linalg/products';
import { leastNorm } from '../../numerics/linalg/rowSpace';
import type { QuadraticModel, ReducedFamily } from './model';

/**
 * Q or an H_i dense: v = z. ZᵀQZ and ZᵀH_iZ are formed once; what depends on x is the linear part of every row,
 * G̃_i = Zᵀ(G_i + 2H_iA⁺x), and its constant c_i(A⁺x).
 */
export class DenseModel implements QuadraticModel {
  readonly k: number;
  readonly m: number;
  readonly size: number;
  readonly v: Float64Array;
  objective = 0;
  readonly gradient: Float64Array;
  readonly c: Float64Array;
  readonly jacobian: Float64Array;
  readonly rowNorms: Float64Array;
  readonly kkt: Float64Array;
  readonly #reduced: ReducedFamily;
  /** ZᵀQZ [k, k] and ZᵀH_iZ [m, k, k]. */
  readonly #Q: Float64Array;
  readonly #H: Float64Array;
  readonly #offset: Float64Array;
  readonly #p: Float64Array;
  readonly #G: Float64Array;
  readonly #constants: Float64Array;
  #constant = 0;
  readonly #wide: Float64Array;
  readonly #scratch: Float64Array;
  readonly #product: Float64Array;
  #rows = 0;

  constructor(reduced: ReducedFamily) {
    const { n, m, e, Q } = reduced.family;
    const k = n - e;
    this.#reduced = reduced;
    this.k = k;
    this.m = m;
    this.size = k;
    this.v = new Float64Array(k);
    this.gradient = new Float64Array(k);
    this.c = new Float64Array(m);
    this.jacobian = new Float64Array(m * k);
    this.rowNorms = new Float64Array(m);
    this.kkt = new Float64Array(k * k);
    this.#Q = sandwich(reduced, Q, new Float64Array(k * k), 0);
    this.#H = new Float64Array(m * k * k);
    const full = new Float64Array(n * n);
    for (let i = 0; i < m; i++) sandwich(reduced, this.#hessian(i, full), this.#H, i * k * k);
    this.#offset = new Float64Array(n);
    this.#p = new Float64Array(k);
    this.#G = new Float64Array(m * k);
    this.#constants = new Float64Array(m);
    this.#wide = new Float64Array(k * m);
    this.#scratch = new Float64Array(Math.max(n, k * k));
    this.#product = new Float64Array(n);
  }

  begin(x: Float64Array, at: number, z0: Float64Array): void {
    const { k, m } = this;
    const { family, basis, space } = this.#reduced;
    const { n, Q, p, G, h } = family;
    const offset = this.#offset;
    leastNorm(space, x, at, offset);
    this.v.set(z0);
    const product = this.#product;
    multiply(n, n, Q, offset, product);
    this.#constant = 0;
    for (let j = 0; j < n; j++) {
      this.#constant += (0.5 * product[j] + p[j]) * offset[j];
      product[j] += p[j];
    }
    multiply(k, n, basis, product, this.#p);
    for (let i = 0; i < m; i++) {
      this.#timesHessian(i, offset, product);
      let constant = -h[i];
      for (let j = 0; j < n; j++) {
        constant += (product[j] + G[i * n + j]) * offset[j];
        product[j] = 2 * product[j] + G[i * n + j];
      }
      this.#constants[i] = constant;
      for (let a = 0; a < k; a++) this.#G[i * k + a] = dot(n, basis, a * n, product, 0);
    }
  }

  evaluate(): void {
    const { k, m, v, gradient, c, jacobian, rowNorms } = this;
    multiply(k, k, this.#Q, v, gradient);
    let objective = this.#constant;
    for (let a = 0; a < k; a++) {
      objective += (0.5 * gradient[a] + this.#p[a]) * v[a];
      gradient[a] += this.#p[a];
    }
    this.objective = objective;
    for (let i = 0; i < m; i++) {
      let value = this.#constants[i];
      let norm = 0;
      for (let a = 0; a < k; a++) {
        const hz = dot(k, this.#H, (i * k + a) * k, v, 0);
        const g = this.#G[i * k + a];
        const slope = hz + hz + g;
        jacobian[i * k + a] = slope;
        value += (hz + g) * v[a];
        norm += slope * slope;
      }
      c[i] = value;
      rowNorms[i] = norm;
    }
  }

  reduce(w: Float64Array, g: Float64Array): void {
    g.set(w);
  }

  expand(dz: Float64Array, dv: Float64Array): void {
    dv.set(dz);
  }

  curvature(dv: Float64Array, q: Float64Array): void {
    const { k, m } = this;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let a = 0; a < k; a++) sum += dv[a] * dot(k, this.#H, (i * k + a) * k, dv, 0);
      q[i] = sum;
    }
  }

  addCurvature(mu: Float64Array, dv: Float64Array, w: Float64Array): void {
    const { k, m } = this;
    for (let i = 0; i < m; i++) {
      if (mu[i] === 0) continue;
      for (let a = 0; a < k; a++) w[a] += 2 * mu[i] * dot(k, this.#H, (i * k + a) * k, dv, 0);
    }
  }

  formKkt(lambda: Float64Array, theta: Float64Array, objective: 0 | 1 = 1): void {
    const { k, m, jacobian, kkt } = this;
    const wide = this.#wide;
    let rows = 0;
    for (let i = 0; i < m; i++) if (theta[i] > 0) rows++;
    this.#rows = rows;
    for (let i = 0, r = 0; i < m; i++) {
      if (!(theta[i] > 0)) continue;
      const scale = Math.sqrt(theta[i]);
      for (let a = 0; a < k; a++) wide[a * rows + r] = scale * jacobian[i * k + a];
      r++;
    }
    multiplySymmetric(k, rows, wide, wide, kkt);
    const weighted = this.#scratch.fill(0);
    addTransposed(m, k * k, this.#H, lambda, weighted);
    for (let j = 0; j < k * k; j++) kkt[j] += objective * this.#Q[j] + 2 * weighted[j];
  }

  reducedRow(r: number, to: Float64Array, at: number): void {
    for (let a = 0; a < this.k; a++) to[at + a] = this.#wide[a * this.#rows + r];
  }

  trace(lambda: Float64Array): number {
    const { k, m } = this;
    let sum = 0;
    for (let a = 0; a < k; a++) {
      sum += this.#Q[a * (k + 1)];
      for (let i = 0; i < m; i++) if (lambda[i] !== 0) sum += 2 * lambda[i] * this.#H[i * k * k + a * (k + 1)];
    }
    return sum;
  }

  point(y: Float64Array): void {
    y.set(this.#offset);
    addTransposed(this.k, this.#reduced.family.n, this.#reduced.basis, this.v, y);
  }

  /** to ← H_i w in the full space. */
  #timesHessian(i: number, w: Float64Array, to: Float64Array): void {
    const { n, H, diagonal } = this.#reduced.family;
    for (let j = 0; j < n; j++) to[j] = diagonal ? H[i * n + j] * w[j] : dot(n, H, (i * n + j) * n, w, 0);
  }

  /** H_i as a full matrix. */
  #hessian(i: number, full: Float64Array): Float64Array {
    const { n, H, diagonal } = this.#reduced.family;
    if (!diagonal) return H.subarray(i * n * n, (i + 1) * n * n);
    full.fill(0);
    for (let j = 0; j < n; j++) full[j * (n + 1)] = H[i * n + j];
    return full;
  }
}

/** to [at …] ← ZᵀMZ for a symmetric M [n, n]. */
function sandwich({ family, basis }: ReducedFamily, from: Float64Array, to: Float64Array, at: number): Float64Array {
  const { n, e } = family;
  const k = n - e;
  const half = new Float64Array(k * n);
  multiplyTransposed(k, n, n, basis, from, half);
  multiplyTransposed(k, k, n, half, basis, to, at, k);
  return to;
}
