import { addTransposed, multiply } from '../../numerics/linalg/products';
import { leastNorm } from '../../numerics/linalg/rowSpace';
import { SimdProducts } from '../../numerics/linalg/simdProducts';
import type { QuadraticModel, ReducedFamily } from './model';

/**
 * Q and every H_i diagonal: v = y, and Q + 2Σλ_iH_i is a diagonal D, so that the KKT matrix ZᵀDZ + JᵀΘJ is one product MMᵀ with
 * M = [ZᵀD^½ | ZᵀFᵀΘ^½], F = 2H∘y + G.
 */
export class DiagonalModel implements QuadraticModel {
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
  readonly #products: SimdProducts;
  /** Zᵀ [k, n], where WebAssembly can see it. */
  readonly #basis: Float64Array;
  readonly #q: Float64Array;
  readonly #root: Float64Array;
  /** The rows with θ_i > 0, scaled by √θ_i [rows, n]. */
  readonly #scaled: Float64Array;
  /** M [k, n + rows]. */
  readonly #wide: Float64Array;
  #rows = 0;

  constructor(reduced: ReducedFamily) {
    const { n, m, e, Q } = reduced.family;
    this.#reduced = reduced;
    this.k = n - e;
    this.m = m;
    this.size = n;
    this.v = new Float64Array(n);
    this.gradient = new Float64Array(n);
    this.c = new Float64Array(m);
    this.jacobian = new Float64Array(m * n);
    this.rowNorms = new Float64Array(m);
    const k = this.k;
    const products = new SimdProducts(k * n + k * k + m * n + k * (n + m));
    this.#products = products;
    this.#basis = products.allocate(k * n);
    this.#basis.set(reduced.basis);
    this.kkt = products.allocate(k * k);
    this.#q = Float64Array.from({ length: n }, (_, i) => Q[i * (n + 1)]);
    this.#root = new Float64Array(n);
    this.#scaled = products.allocate(m * n);
    this.#wide = products.allocate(k * (n + m));
  }

  begin(x: Float64Array, at: number, z0: Float64Array): void {
    leastNorm(this.#reduced.space, x, at, this.v);
    addTransposed(this.k, this.size, this.#reduced.basis, z0, this.v);
  }

  evaluate(): void {
    const { size: n, m, v, gradient, c, jacobian, rowNorms } = this;
    const { p, G, H, h } = this.#reduced.family;
    const q = this.#q;
    let objective = 0;
    for (let j = 0; j < n; j++) {
      const scaled = q[j] * v[j];
      gradient[j] = scaled + p[j];
      objective += (0.5 * scaled + p[j]) * v[j];
    }
    this.objective = objective;
    for (let i = 0; i < m; i++) {
      const row = i * n;
      let value = 0;
      let norm = 0;
      for (let j = 0; j < n; j++) {
        const hy = H[row + j] * v[j];
        const g = G[row + j];
        const slope = hy + hy + g;
        jacobian[row + j] = slope;
        value += (hy + g) * v[j];
        norm += slope * slope;
      }
      c[i] = value - h[i];
      rowNorms[i] = norm;
    }
  }

  reduce(w: Float64Array, g: Float64Array): void {
    multiply(this.k, this.size, this.#reduced.basis, w, g);
  }

  expand(dz: Float64Array, dv: Float64Array): void {
    dv.fill(0);
    addTransposed(this.k, this.size, this.#reduced.basis, dz, dv);
  }

  curvature(dv: Float64Array, q: Float64Array): void {
    const { size: n, m } = this;
    const { H } = this.#reduced.family;
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let j = 0, at = i * n; j < n; j++, at++) sum += H[at] * dv[j] * dv[j];
      q[i] = sum;
    }
  }

  addCurvature(mu: Float64Array, dv: Float64Array, w: Float64Array): void {
    const { size: n, m } = this;
    const root = this.#root.fill(0);
    addTransposed(m, n, this.#reduced.family.H, mu, root);
    for (let j = 0; j < n; j++) w[j] += 2 * root[j] * dv[j];
  }

  formKkt(lambda: Float64Array, theta: Float64Array, objective: 0 | 1 = 1): void {
    const { size: n, m, k, jacobian } = this;
    const basis = this.#basis;
    const root = this.#diagonal(lambda, objective);
    const scaled = this.#scaled;
    let rows = 0;
    for (let i = 0; i < m; i++) {
      if (!(theta[i] > 0)) continue;
      const scale = Math.sqrt(theta[i]);
      const from = i * n;
      const to = rows++ * n;
      for (let j = 0; j < n; j++) scaled[to + j] = scale * jacobian[from + j];
    }
    this.#rows = rows;
    const wide = this.#wide;
    const width = n + rows;
    // D is not negative where Q and H are positive semidefinite; a rounded −0 must not become NaN.
    for (let j = 0; j < n; j++) root[j] = Math.sqrt(Math.max(root[j], 0));
    for (let i = 0; i < k; i++) {
      const from = i * n;
      const to = i * width;
      for (let j = 0; j < n; j++) wide[to + j] = basis[from + j] * root[j];
    }
    this.#products.multiplyTransposed(k, rows, n, basis, scaled, wide, n, width);
    this.#products.multiplySymmetric(k, width, wide, wide, this.kkt);
  }

  reducedRow(r: number, to: Float64Array, at: number): void {
    const width = this.size + this.#rows;
    for (let i = 0; i < this.k; i++) to[at + i] = this.#wide[i * width + this.size + r];
  }

  trace(lambda: Float64Array): number {
    return this.#diagonal(lambda).reduce((sum, value) => sum + value, 0);
  }

  point(y: Float64Array): void {
    y.set(this.v);
  }

  /** D = Q + 2Σλ_iH_i, in a scratch array. */
  #diagonal(lambda: Float64Array, objective: 0 | 1 = 1): Float64Array {
    const root = this.#root.fill(0);
    addTransposed(this.m, this.size, this.#reduced.family.H, lambda, root);
    for (let j = 0; j < this.size; j++) root[j] = objective * this.#q[j] + 2 * root[j];
    return root;
  }
}
