import { dot, multiplyTransposed } from '../../../numerics/linalg/products';
import { factorRowSpace, nullSpaceTransposed, pseudoInverseTransposed } from '../../../numerics/linalg/rowSpace';
import { SimdProducts } from '../../../numerics/linalg/simdProducts';
import { symmetricEigen } from '../../../numerics/linalg/symmetricEigen';
import type { Qcqp } from '../../problem';
import { equilibrate, type EquilibrationSettings } from './equilibration';
import type { QuadraticRow } from './secular';

/** A quadratic row and, where its matrix is not diagonal, the orthogonal U whose columns are the eigenvectors. */
export interface RotatedRow extends QuadraticRow {
  U: Float64Array | null;
}

/** Instances of one product: they and P stay in the processor's cache. */
const block = 32;

/**
 * The feasible set as the meeting of two simple ones in more variables:
 *
 *     v = (y, z, w_1 … w_q):   {Ay = x, z = G_a y, w_i = U_iᵀy}   and   {l ≤ y ≤ u, z ≤ h_a, w_i in quadratic row i}
 *
 * with z for affine rows and a copy of y for every quadratic one. Without quadratic rows v is equilibrated: y = d_y∘ỹ, z = d_z∘z̃.
 * Projections onto the first set are v ↦ Pv + Kx.
 */
export class LiftedSet {
  readonly n: number;
  readonly e: number;
  /** Affine rows, quadratic rows, entries of (y, z), entries of v. */
  readonly r: number;
  readonly q: number;
  readonly d: number;
  readonly size: number;
  /** d_y [n]. */
  readonly scale: Float64Array;
  /** Limits of (ỹ, z̃), [d]. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rows: RotatedRow[];
  /** Which rows of the problem the affine ones are. */
  readonly affine: readonly number[];
  /** P on (y, z) after the copies have been gathered, [d, d]; K [d, e]. */
  readonly P: Float64Array;
  readonly #products: SimdProducts;
  readonly #gathered: Float64Array;
  readonly #moved: Float64Array;
  readonly #K: Float64Array;
  /** 1/√(q + 1): y and its q copies move as one variable of this weight. */
  readonly weight: number;

  /** A must have full row rank. */
  constructor(problem: Qcqp, settings: EquilibrationSettings) {
    const { n, m, e, A, G, H, h } = problem;
    const entries = m === 0 ? n : H.length / m;
    const isCurved = (i: number) => H.subarray(i * entries, (i + 1) * entries).some((value) => value !== 0);
    const numbers = Array.from({ length: m }, (_, i) => i);
    const affine = numbers.filter((i) => !isCurved(i));
    const curved = numbers.filter(isCurved);
    this.affine = affine;
    this.rows = curved.map((i) => rotatedRow(problem, i, entries));
    [this.n, this.e, this.r, this.q] = [n, e, affine.length, curved.length];
    const d = (this.d = n + this.r);
    this.size = d + this.q * n;
    this.weight = 1 / Math.sqrt(this.q + 1);
    const total = e + this.r;
    const lifted = new Float64Array(total * d);
    for (let i = 0; i < e; i++) lifted.set(A.subarray(i * n, (i + 1) * n), i * d);
    affine.forEach((row, i) => {
      lifted.set(G.subarray(row * n, (row + 1) * n), (e + i) * d);
      lifted[(e + i) * d + n + i] = -1;
    });
    const scales = this.q > 0 ? unscaled(total, d, n, this.weight) : equilibrate(total, d, lifted, settings);
    for (let i = 0; i < total; i++) for (let j = 0; j < d; j++) lifted[i * d + j] *= scales.rows[i] * scales.columns[j];
    const space = factorRowSpace(lifted, total, d);
    const basis = nullSpaceTransposed(space);
    const k = d - total;
    const columns = transpose(k, d, basis);
    this.#products = new SimdProducts(d * d + 2 * block * d);
    this.P = this.#products.allocate(d * d);
    this.#gathered = this.#products.allocate(block * d);
    this.#moved = this.#products.allocate(block * d);
    multiplyTransposed(d, d, k, columns, columns, this.P);
    const inverse = pseudoInverseTransposed(space);
    this.#K = new Float64Array(d * e);
    for (let j = 0; j < d; j++) for (let i = 0; i < e; i++) this.#K[j * e + i] = inverse[i * d + j] * scales.rows[i];
    // With copies (y, z) is kept as it is: the weight of y is in gather and scatter.
    const own = this.q > 0 ? new Float64Array(d).fill(1) : scales.columns;
    this.scale = own.slice(0, n);
    this.lower = new Float64Array(d).fill(-Infinity);
    this.upper = new Float64Array(d).fill(Infinity);
    for (let j = 0; j < n; j++) {
      this.lower[j] = (problem.lower?.[j] ?? -Infinity) / own[j];
      this.upper[j] = (problem.upper?.[j] ?? Infinity) / own[j];
    }
    affine.forEach((row, i) => (this.upper[n + i] = h[row] / own[n + i]));
  }

  /** Kx of every instance, [B, d], for X [B, e]. */
  shifts(count: number, X: Float64Array): Float64Array {
    const { d, e } = this;
    const shifts = new Float64Array(count * d);
    for (let b = 0; b < count; b++) for (let j = 0; j < d; j++) shifts[b * d + j] = dot(e, this.#K, j * e, X, b * e);
    return shifts;
  }

  /** to [B, size] ← Pv (+ Kx, of which `shifts` gives [B, d]) for v [B, size]. */
  project(count: number, v: Float64Array, shifts: Float64Array | null, to: Float64Array): void {
    for (let first = 0; first < count; first += block)
      this.#projectBlock(first, Math.min(block, count - first), v, shifts, to);
  }

  #projectBlock(first: number, rows: number, v: Float64Array, shifts: Float64Array | null, to: Float64Array): void {
    const { d, n, q, size } = this;
    const [gathered, moved] = [this.#gathered, this.#moved];
    for (let b = 0; b < rows; b++) this.#gather(v, (first + b) * size, gathered, b * d);
    // A whole number of tiles: the product then rounds a row in the same way wherever in the batch it is.
    this.#products.multiplyTransposed(4 * Math.ceil(rows / 4), d, d, gathered, this.P, moved, 0, d);
    for (let b = 0; b < rows; b++) {
      const [from, at] = [b * d, (first + b) * size];
      for (let j = 0; j < d; j++) {
        const value = moved[from + j] + (shifts ? shifts[(first + b) * d + j] : 0);
        to[at + j] = q > 0 && j < n ? value * this.weight : value;
      }
      for (let i = 0; i < q; i++) rotate(n, this.rows[i].U, to, at, to, at + d + i * n);
    }
  }

  /** to [to …] ← (y, z) of v = `v[from …]` with the copies of y added to it. */
  #gather(v: Float64Array, from: number, to: Float64Array, at: number): void {
    const { d, n, q } = this;
    for (let j = 0; j < d; j++) to[at + j] = v[from + j];
    if (q === 0) return;
    for (let i = 0; i < q; i++) addRotatedBack(n, this.rows[i].U, v, from + d + i * n, to, at);
    for (let j = 0; j < n; j++) to[at + j] *= this.weight;
  }
}

function rotatedRow({ n, G, H, h }: Qcqp, i: number, entries: number): RotatedRow {
  const own = H.slice(i * entries, (i + 1) * entries);
  const g = G.slice(i * n, (i + 1) * n);
  if (entries === n) return { eta: own, g, h: h[i], U: null };
  const { values, vectors } = symmetricEigen(n, own);
  const rotated = new Float64Array(n);
  rotate(n, vectors, g, 0, rotated, 0);
  // Rounding must not make a row of zero curvature bend the other way.
  return { eta: values.map((value) => Math.max(0, value)), g: rotated, h: h[i], U: vectors };
}

/** to [at …] ← Uᵀy, y = `v[from …]`. */
function rotate(n: number, U: Float64Array | null, v: Float64Array, from: number, to: Float64Array, at: number): void {
  if (!U) {
    for (let j = 0; j < n; j++) to[at + j] = v[from + j];
    return;
  }
  to.fill(0, at, at + n);
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) to[at + k] += v[from + i] * U[i * n + k];
}

/** to [at …] ← to + U w, w = `v[from …]`. */
function addRotatedBack(
  n: number,
  U: Float64Array | null,
  v: Float64Array,
  from: number,
  to: Float64Array,
  at: number,
): void {
  for (let j = 0; j < n; j++) to[at + j] += U ? dot(n, U, j * n, v, from) : v[from + j];
}

function unscaled(rows: number, columns: number, n: number, weight: number) {
  const ones = (length: number) => new Float64Array(length).fill(1);
  return { rows: ones(rows), columns: ones(columns).map((one, j) => (j < n ? weight : one)) };
}

function transpose(rows: number, columns: number, M: Float64Array): Float64Array {
  const result = new Float64Array(M.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = M[i * columns + j];
  return result;
}
