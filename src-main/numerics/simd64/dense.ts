import { simdLevel } from '../devices/simd';
import { plainKernels, type DenseKernels } from '../linalg/denseKernels';
import type { CurvaturePairs, TwoLoops } from '../linalg/lbfgsKernels';
import type { QuadraticRows, SplitPoint } from '../linalg/splitRows';
import { compileKernels, missingArtefact } from './artefacts';
import { Instance, Memory, pageBytes, type WasmModule } from './memory';

type Call = (...numbers: number[]) => number;
type Exports = Record<
  | (
      | 'multiplyVector'
      | 'addTransposedVector'
      | 'multiplyLower'
      | 'multiplyLowerTransposed'
      | 'multiplyByLowerTransposed'
    )
  | ('multiplyTransposed' | 'multiplySymmetric' | 'cholesky' | 'solveLower' | 'solveLowerTransposed')
  | ('quadraticRows' | 'curvedRow' | 'multiplySelected' | 'addSelected' | 'twoLoops' | 'addPairAdjoints' | 'splitRows'),
  Call
>;

/** Numbers of different arrays do not share a cache line. */
const line = 64;
/** Below lie the control block and scratch space of the device's kernels, which are not used here. */
const heapStart = pageBytes;
const maximumPages = 65_536;

/** Below so many unknowns a memory of WebAssembly's costs more to make than it saves. */
const simdFrom = 32;
let available: boolean | undefined;

/** Kernels for matrices of n columns: in WebAssembly where that pays and can be had. */
export function kernelsFor(n: number): DenseKernels {
  available ??= simdLevel() !== 'none' && missingArtefact() === null;
  return available && n >= simdFrom ? new SimdKernels() : plainKernels;
}

let module: WasmModule | null = null;

/** The kernels in WebAssembly, over a memory that grows and goes with them. */
export class SimdKernels implements DenseKernels {
  readonly #memory = new Memory({ initial: 64, maximum: maximumPages, shared: true });
  readonly #call: Exports;
  #end = heapStart;

  constructor() {
    module ??= compileKernels();
    this.#call = new Instance(module, { env: { memory: this.#memory } }).exports as Exports;
  }

  allocate(length: number): Float64Array {
    const bytes = Math.ceil((8 * length) / line) * line;
    const missing = this.#end + bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(Math.max(missing, this.#memory.buffer.byteLength / 4) / pageBytes));
    const array = new Float64Array(this.#memory.buffer, this.#end, length);
    this.#end += bytes;
    return array;
  }

  multiply(
    rows: number,
    columns: number,
    m: Float64Array,
    x: Float64Array,
    xAt: number,
    y: Float64Array,
    yAt: number,
  ): void {
    this.#call.multiplyVector(rows, columns, m.byteOffset, columns, x.byteOffset + 8 * xAt, y.byteOffset + 8 * yAt);
  }

  addTransposed(rows: number, columns: number, m: Float64Array, w: Float64Array, wAt: number, y: Float64Array): void {
    this.#call.addTransposedVector(rows, columns, m.byteOffset, columns, w.byteOffset + 8 * wAt, y.byteOffset);
  }

  multiplySelected(
    rows: number,
    columns: number,
    m: Float64Array,
    w: Float64Array,
    x: Float64Array,
    y: Float64Array,
  ): void {
    this.#call.multiplySelected(rows, columns, m.byteOffset, w.byteOffset, x.byteOffset, y.byteOffset);
  }

  addSelected(rows: number, columns: number, m: Float64Array, w: Float64Array, y: Float64Array): void {
    this.#call.addSelected(rows, columns, m.byteOffset, w.byteOffset, y.byteOffset);
  }

  multiplyLower(n: number, l: Float64Array, x: Float64Array, y: Float64Array): void {
    this.#call.multiplyLower(n, l.byteOffset, x.byteOffset, y.byteOffset);
  }

  multiplyLowerTransposed(n: number, l: Float64Array, x: Float64Array, y: Float64Array): void {
    this.#call.multiplyLowerTransposed(n, l.byteOffset, x.byteOffset, y.byteOffset);
  }

  multiplyByLowerTransposed(rows: number, n: number, a: Float64Array, l: Float64Array, c: Float64Array): void {
    this.#call.multiplyByLowerTransposed(rows, n, a.byteOffset, l.byteOffset, c.byteOffset);
  }

  multiplyTransposed(
    rowsA: number,
    rowsB: number,
    length: number,
    a: Float64Array,
    b: Float64Array,
    c: Float64Array,
    cAt: number,
    stride: number,
  ): void {
    const to = c.byteOffset + 8 * cAt;
    this.#call.multiplyTransposed(rowsA, rowsB, length, a.byteOffset, length, b.byteOffset, length, to, stride);
  }

  multiplySymmetric(rows: number, length: number, a: Float64Array, c: Float64Array, cAt: number, stride: number): void {
    this.#call.multiplySymmetric(rows, length, a.byteOffset, length, c.byteOffset + 8 * cAt, stride);
  }

  cholesky(n: number, from: number, a: Float64Array, stride: number, relativeTolerance: number): number {
    return this.#call.cholesky(n, from, a.byteOffset, stride, relativeTolerance);
  }

  solveCholesky(n: number, l: Float64Array, stride: number, x: Float64Array): void {
    this.#call.solveLower(n, l.byteOffset, stride, x.byteOffset);
    this.#call.solveLowerTransposed(n, l.byteOffset, stride, x.byteOffset);
  }

  quadraticRows(
    m: number,
    n: number,
    H: Float64Array,
    G: Float64Array,
    h: Float64Array,
    y: Float64Array,
    c: Float64Array,
    cAt: number,
  ): void {
    this.#call.quadraticRows(m, n, H.byteOffset, G.byteOffset, h.byteOffset, y.byteOffset, c.byteOffset + 8 * cAt);
  }

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
  ): void {
    const [h, from, to] = [H.byteOffset + 8 * at, g.byteOffset + 8 * gAt, out.byteOffset + 8 * outAt];
    this.#call.curvedRow(n, alpha, h, y.byteOffset, from, to);
  }

  twoLoops(n: number, pairs: CurvaturePairs, { q, r, alpha, beta }: TwoLoops, stride: number): void {
    const { first, count, s, v, rho, gamma } = pairs;
    const at = 8 * first * n;
    this.#call.twoLoops(
      n,
      count,
      s.byteOffset + at,
      v.byteOffset + at,
      rho.byteOffset + 8 * first,
      gamma,
      q.byteOffset,
      r.byteOffset,
      stride,
      alpha.byteOffset,
      beta.byteOffset,
    );
  }

  addPairAdjoints(
    n: number,
    { first, count, s, v, gamma }: CurvaturePairs,
    curvature: number,
    ofG: TwoLoops,
    ofU: TwoLoops,
    ofS: Float64Array,
    ofV: Float64Array,
  ): void {
    const at = 8 * first * n;
    this.#call.addPairAdjoints(
      n,
      count,
      s.byteOffset + at,
      v.byteOffset + at,
      gamma,
      curvature,
      ofG.q.byteOffset,
      ofG.r.byteOffset,
      ofG.alpha.byteOffset,
      ofG.beta.byteOffset,
      ofU.q.byteOffset,
      ofU.r.byteOffset,
      ofU.alpha.byteOffset,
      ofU.beta.byteOffset,
      ofS.byteOffset + at,
      ofV.byteOffset + at,
    );
  }

  splitRows(rows: number, n: number, row: QuadraticRows, point: SplitPoint, omega: number): void {
    const { eta, g, h, bend } = row;
    const { p, s, sum, lambda } = point;
    const [H, G, limit, most] = [eta.byteOffset, g.byteOffset, h.byteOffset, bend.byteOffset];
    this.#call.splitRows(
      ...([rows, n, H, G, limit, most] as const),
      ...([p.byteOffset, s.byteOffset, sum.byteOffset, omega, lambda.byteOffset] as const),
    );
  }
}
