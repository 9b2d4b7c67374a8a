import type { QcqpFamily } from '../../modelling/families/family';
import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import { leastNorm, rangeRows, type RowSpace } from '../../numerics/linalg/rowSpace';
import { kernelsFor } from '../../numerics/simd64/dense';
import { DiagonalKkt } from './diagonalKkt';

/** Newton steps before an instance is given up. */
const mostSteps = 40;
/** Row values within this of 0 are not held against a point. */
const tolerance = 1e-11;
/** A step this small, relative to the point, ends in rounding: the next one would be its square. */
const settled = 1e-9;
/** How far beyond the boundary, as multiples of the way to it, rows are taken as active at the start: few Newton steps at n = 100. */
const outreach = [3, 2, 1.5, 1];

/**
 * argmin ½‖y − ŷ‖² subject to Ay = x and yᵀH_iy + G_iᵀy ≤ h_i with diagonal H_i ≥ 0, by the primal–dual active-set method (Hintermüller, Ito & Kunisch,
 * *SIAM J. Optim.* 13, 2002: Newton's method on the nonsmooth KKT system), which takes and gives up many rows in one step:
 *
 *     [D Nᵀ; N 0] [dy; μ] = [ŷ − y; −c_𝒜],   D = I + 2Σλ_iH_i,   𝒜 ← {i ∈ 𝒜: λ_i > 0} ∪ {i ∉ 𝒜: c_i > 0},
 *
 * N the active rows' gradients and an orthonormal basis of the rows of A. It has no safeguard and says so where it does not arrive. Allocates at construction
 * only; a result depends on its own instance only.
 */
export class DiagonalProjection {
  readonly #set: Pick<QcqpFamily, 'n' | 'm' | 'e'>;
  readonly #space: RowSpace;
  readonly #kernels: DenseKernels;
  readonly #kkt: DiagonalKkt;
  readonly #rows: { H: Float64Array; G: Float64Array; h: Float64Array };
  /** A⁺x, the way from there to the plane's nearest point, and scratch space, [n] each. */
  readonly #offset: Float64Array;
  readonly #way: Float64Array;
  readonly #f: Float64Array;
  readonly #D: Float64Array;
  readonly #c: Float64Array;
  /** Right-hand sides of the rows in the system: those of A first. */
  readonly #g: Float64Array;
  readonly #isActive: Uint8Array;
  /** The rows that are in the system after those of A. */
  readonly #active: Int32Array;
  #count = 0;
  /** y [n] and multipliers [m] of the last solve. */
  readonly y: Float64Array;
  readonly lambda: Float64Array;
  steps = 0;

  constructor({ n, m, e, H, G, h }: Pick<QcqpFamily, 'n' | 'm' | 'e' | 'H' | 'G' | 'h'>, space: RowSpace) {
    this.#set = { n, m, e };
    this.#space = space;
    const kernels = (this.#kernels = kernelsFor(n));
    const copy = (values: Float64Array) => {
      const to = kernels.allocate(values.length);
      to.set(values);
      return to;
    };
    const most = Math.min(m, n - e);
    this.#kkt = new DiagonalKkt(n, rangeRows(space), most, kernels);
    this.#rows = { H: copy(H), G: copy(G), h: copy(h) };
    this.#offset = kernels.allocate(n);
    this.#way = kernels.allocate(n);
    this.#f = kernels.allocate(n);
    this.#D = kernels.allocate(n);
    this.#c = kernels.allocate(m);
    this.#g = kernels.allocate(e + most);
    this.#isActive = new Uint8Array(m);
    this.#active = new Int32Array(most);
    this.y = kernels.allocate(n);
    this.lambda = kernels.allocate(m);
  }

  /** Projects ŷ for x = `X[xAt …]` into `y` and `lambda`. @returns whether it arrived */
  project(point: Float64Array, X: Float64Array, xAt: number): boolean {
    this.#begin(point, X, xAt);
    for (this.steps = 0; this.steps < mostSteps;) {
      if (!this.#gatherActive() || !this.#factor()) return false;
      this.steps++;
      const [length, size] = this.#step(point);
      if (!(length < Infinity)) return false;
      if (!this.#revise() && length <= settled * (1 + size)) return this.#c.every((value) => value <= 10 * tolerance);
    }
    return false;
  }

  /**
   * u of [D Jᵀ; J 0] [u; ·] = [v; 0] at y with multipliers λ > 0 of the rows `active`, J with A's rows.
   *
   * @returns null where the system is singular
   */
  derivative(y: Float64Array, active: Int32Array, multipliers: Float64Array, v: Float64Array): Float64Array | null {
    if (active.length > this.#active.length) return null;
    this.y.set(y);
    this.lambda.fill(0);
    active.forEach((row, r) => (this.lambda[row] = multipliers[r]));
    this.#active.set(active);
    this.#count = active.length;
    if (!this.#factor()) return null;
    this.#kkt.solve(v, 0, null);
    return this.#kkt.u.slice();
  }

  /** y where rows are to be taken as active that it violates: somewhat beyond the boundary on the way from A⁺x to the nearest point of the plane. */
  #begin(point: Float64Array, X: Float64Array, xAt: number): void {
    const { n, m, e } = this.#set;
    const [kernels, offset, way, y, c] = [this.#kernels, this.#offset, this.#way, this.y, this.#c];
    leastNorm(this.#space, X, xAt, offset);
    for (let j = 0; j < n; j++) way[j] = point[j] - offset[j];
    const along = this.#g;
    kernels.multiply(e, n, this.#kkt.rows, way, 0, along, 0);
    for (let i = 0; i < e; i++) along[i] = -along[i];
    kernels.addTransposed(e, n, this.#kkt.rows, along, 0, way);
    this.lambda.fill(0);
    const boundary = this.#wayToBoundary();
    for (const times of boundary > 0 ? outreach : [1]) {
      const length = boundary > 0 ? Math.min(1, times * boundary) : 1;
      for (let j = 0; j < n; j++) y[j] = offset[j] + length * way[j];
      this.#evaluate();
      let count = 0;
      for (let i = 0; i < m; i++) count += this.#isActive[i] = c[i] > tolerance ? 1 : 0;
      if (count <= this.#active.length) return;
    }
  }

  /** The share of the way from A⁺x at which the first row is violated; 0 where A⁺x violates one. */
  #wayToBoundary(): number {
    const { n, m } = this.#set;
    const { H, G, h } = this.#rows;
    const [offset, way] = [this.#offset, this.#way];
    let shortest = Infinity;
    for (let i = 0, at = 0; i < m; i++) {
      let [square, linear, value] = [0, 0, -h[i]];
      for (let j = 0; j < n; j++, at++) {
        const curved = H[at] * offset[j];
        square += H[at] * way[j] * way[j];
        linear += (2 * curved + G[at]) * way[j];
        value += (curved + G[at]) * offset[j];
      }
      if (value > 0) return 0;
      // The root of square·t² + linear·t + value with t ≥ 0, in the form that does not cancel.
      const root = Math.sqrt(Math.max(0, linear * linear - 4 * square * value));
      const length = linear > 0 ? (-2 * value) / (linear + root) : (root - linear) / (2 * square);
      if (length < shortest) shortest = length;
    }
    return shortest;
  }

  #evaluate(): void {
    const { H, G, h } = this.#rows;
    this.#kernels.quadraticRows(this.#set.m, this.#set.n, H, G, h, this.y, this.#c, 0);
  }

  /** @returns false for more rows than can be independent */
  #gatherActive(): boolean {
    const { m } = this.#set;
    const [isActive, active] = [this.#isActive, this.#active];
    let count = 0;
    for (let i = 0; i < m; i++) {
      if (!isActive[i]) continue;
      if (count === active.length) return false;
      active[count++] = i;
    }
    this.#count = count;
    return true;
  }

  /** Factors the system at `y` and `lambda` with the rows in `active`. */
  #factor(): boolean {
    const { n, m, e } = this.#set;
    const { H, G } = this.#rows;
    const [kernels, D, kkt] = [this.#kernels, this.#D, this.#kkt];
    D.fill(0);
    kernels.addTransposed(m, n, H, this.lambda, 0, D);
    for (let j = 0; j < n; j++) D[j] = 1 + 2 * D[j];
    for (let r = 0; r < this.#count; r++) {
      const at = this.#active[r] * n;
      kernels.curvedRow(n, 2, H, at, this.y, G, at, kkt.rows, (e + r) * n);
    }
    return kkt.factor(D, e + this.#count);
  }

  /** Moves y and the active rows' multipliers. @returns the largest entry of the step and that of y */
  #step(point: Float64Array): [number, number] {
    const { n, e } = this.#set;
    const [kernels, kkt, y, f, g, offset] = [this.#kernels, this.#kkt, this.y, this.#f, this.#g, this.#offset];
    for (let j = 0; j < n; j++) f[j] = offset[j] - y[j];
    kernels.multiply(e, n, kkt.rows, f, 0, g, 0);
    for (let r = 0; r < this.#count; r++) g[e + r] = -this.#c[this.#active[r]];
    for (let j = 0; j < n; j++) f[j] = point[j] - y[j];
    kkt.solve(f, 0, g);
    let [length, size] = [0, 0];
    for (let j = 0; j < n; j++) {
      y[j] += kkt.u[j];
      length = Math.max(length, Math.abs(kkt.u[j]));
      size = Math.max(size, Math.abs(y[j]));
    }
    for (let r = 0; r < this.#count; r++) this.lambda[this.#active[r]] = kkt.mu[e + r];
    this.#evaluate();
    return [length, size];
  }

  /** The next active set. @returns whether it is another one */
  #revise(): boolean {
    const [isActive, lambda, c] = [this.#isActive, this.lambda, this.#c];
    let changed = false;
    for (let i = 0; i < isActive.length; i++) {
      const next = isActive[i] ? lambda[i] > 0 : c[i] > tolerance;
      if (next === (isActive[i] === 1)) continue;
      changed = true;
      isActive[i] = next ? 1 : 0;
      lambda[i] = 0;
    }
    return changed;
  }
}
