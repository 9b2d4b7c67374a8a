import type { DenseKernels } from '../../../numerics/linalg/denseKernels';
import type { QuadraticRows, SplitPoint } from '../../../numerics/linalg/splitRows';
import { kernelsFor } from '../../../numerics/simd64/dense';
import type { LiftedSet } from './liftedSet';
import type { Linearisation, SplittingSettings } from './linearisation';

/**
 * The splitting where rows are quadratic and all matrices diagonal, one instance after the other: its copies stay in the processor's cache, and each is read and written
 * once in an iteration. A row's multiplier is sought from that of the iteration before (linalg/splitRows.ts).
 */
export class CopySplitting {
  readonly #set: LiftedSet;
  readonly #kernels: DenseKernels;
  readonly #P: Float64Array;
  /** n, made even: the kernel takes numbers in pairs. */
  readonly #width: number;
  readonly #rows: QuadraticRows;
  readonly #point: SplitPoint;
  /** Of (y, z), [d]: s, p, and scratch space. */
  readonly #s: Float64Array;
  readonly #p: Float64Array;
  readonly #gathered: Float64Array;
  readonly #moved: Float64Array;

  constructor(set: LiftedSet) {
    const { n, d, q, rows, P } = set;
    this.#set = set;
    const kernels = (this.#kernels = kernelsFor(n));
    const width = (this.#width = 2 * Math.ceil(n / 2));
    this.#P = kernels.allocate(d * d);
    this.#P.set(P);
    const floats = (length: number) => kernels.allocate(length);
    this.#rows = { eta: floats(q * width), g: floats(q * width), h: floats(q), bend: floats(q) };
    rows.forEach(({ eta, g, h }, i) => {
      this.#rows.eta.set(eta, i * width);
      this.#rows.g.set(g, i * width);
      this.#rows.h[i] = h;
      this.#rows.bend[i] = eta.reduce((most, value) => Math.max(most, value), 0);
    });
    this.#point = { p: floats(width), s: floats(q * width), sum: floats(width), lambda: floats(q) };
    this.#s = new Float64Array(d);
    this.#p = new Float64Array(d);
    this.#gathered = floats(d);
    this.#moved = floats(d);
  }

  batch(
    settings: SplittingSettings,
    raw: Float64Array,
    X: Float64Array,
    count: number,
    differentiated: boolean,
  ): { y: Float64Array; linear: Linearisation[] } {
    const { n, d } = this.#set;
    const shifts = this.#set.shifts(count, X);
    const y = new Float64Array(count * n);
    const linear: Linearisation[] = [];
    for (let b = 0; b < count; b++) {
      const [point, shift] = [raw.subarray(b * n, (b + 1) * n), shifts.subarray(b * d, (b + 1) * d)];
      this.#solve(settings, point, shift);
      y.set(this.#p.subarray(0, n), b * n);
      if (differentiated) linear.push(this.#linearise(settings.sigma, point));
    }
    return { y, linear };
  }

  #solve({ sigma, omega, iterations }: SplittingSettings, raw: Float64Array, shift: Float64Array): void {
    const { d, q } = this.#set;
    const [s, p, point] = [this.#s.fill(0), this.#p, this.#point];
    for (const values of [point.s, point.sum, point.lambda]) values.fill(0);
    for (let k = 0; k < iterations; k++) {
      this.#project(shift);
      for (let j = 0; j < d; j++) {
        const value = this.#prox(sigma, raw, j);
        s[j] += omega * (Math.min(this.#set.upper[j], Math.max(this.#set.lower[j], value)) - p[j]);
      }
      point.sum.fill(0);
      this.#kernels.splitRows(q, this.#width, this.#rows, point, omega);
    }
    this.#project(shift);
  }

  /** Entry j of the prox of 2p − s. */
  #prox(sigma: number, raw: Float64Array, j: number): number {
    const value = 2 * this.#p[j] - this.#s[j];
    return j < this.#set.n ? (2 * sigma * raw[j] + value) / (1 + 2 * sigma) : value;
  }

  /** p ← Ps + Kx; the copies of p are its y. */
  #project(shift: Float64Array): void {
    const { n, d, weight } = this.#set;
    const [s, p, gathered, moved, point] = [this.#s, this.#p, this.#gathered, this.#moved, this.#point];
    for (let j = 0; j < n; j++) gathered[j] = weight * (s[j] + point.sum[j]);
    for (let j = n; j < d; j++) gathered[j] = s[j];
    this.#kernels.multiply(d, d, this.#P, gathered, 0, moved, 0);
    for (let j = 0; j < n; j++) point.p[j] = p[j] = weight * (moved[j] + shift[j]);
    for (let j = n; j < d; j++) p[j] = moved[j] + shift[j];
  }

  #linearise(sigma: number, raw: Float64Array): Linearisation {
    const { n, d, q, lower, upper } = this.#set;
    const { p, s, lambda } = this.#point;
    const free = Uint8Array.from({ length: d }, (_, j) => {
      const value = this.#prox(sigma, raw, j);
      return Number(value >= lower[j] && value <= upper[j]);
    });
    // Nothing moves by a step of length 0, but the multipliers are those of the last p.
    this.#kernels.splitRows(q, this.#width, this.#rows, this.#point, 0);
    const active: Linearisation['active'] = [];
    for (let i = 0; i < q; i++) {
      if (!(lambda[i] > 0)) continue;
      const w = new Float64Array(n);
      for (let j = 0, at = i * this.#width; j < n; j++, at++)
        w[j] = (2 * p[j] - s[at] - lambda[i] * this.#rows.g[at]) / (1 + 2 * lambda[i] * this.#rows.eta[at]);
      active.push({ row: i, lambda: lambda[i], w });
    }
    return { free, active };
  }
}
