import { Worker } from 'node:worker_threads';
import { Instance, type Simd64Memory, type WasmModule } from './memory';

/** The operations of the WebAssembly module, by the numbers that assembly/operations.ts gives them. */
const operation = {
  ...{ multiply: 0, binaryFlat: 1, binaryRows: 2, unary: 3, sumRows: 4, sumColumns: 5, adam: 6 },
  ...{ residual: 7, scaleRows: 8, addProduct: 9, quadratic: 10, quadraticGradient: 11 },
  ...{ maskResidual: 12, squaredNorm: 13 },
} as const;

export const binaryKinds = {
  ...{ Add: 0, Sub: 1, Multiply: 2, RealDiv: 3, mask: 4, Maximum: 5, Minimum: 6, SquaredDifference: 7 },
} as const;
export type BinaryKind = (typeof binaryKinds)[keyof typeof binaryKinds];

export const unaryKinds = {
  ...{ Relu: 0, Square: 1, Neg: 2, Sqrt: 3, Abs: 4, Step: 5, Exp: 6, Sigmoid: 7, Reciprocal: 8 },
} as const;
export type UnaryKind = (typeof unaryKinds)[keyof typeof unaryKinds];

/** A matrix in the device's memory: `stride` numbers from row to row. */
export interface MatrixAt {
  at: number;
  stride: number;
  transposed?: boolean;
}

/** An operand of a function of two arrays, seen as [rows, columns]: numbers from row to row, and 1 or 0 from column to column. */
export interface OperandAt {
  at: number;
  row: number;
  step: 0 | 1;
}

type Execute = (operation: number, items: number, shared: boolean) => void;

export interface AdamConstants {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** √(1 − β₂ᵗ). */
  correction: number;
  /** η/(1 − β₁ᵗ). */
  rate: number;
  /** 1 − ηω: what decay leaves of a weight. */
  kept: number;
}

// Addresses and sizes of assembly/layout.ts and of the loops there.
const integersAt = 16_448;
const numbersAt = 16_576;
const [tileRows, tileColumns, packedStrips] = [6, 4, 8];
const chunk = 8192;
const adamChunk = 4096;
const summedColumns = 64;
/** Work below this is not worth waking anybody for: multiply-adds of a product, entries of anything else. */
const sharedProduct = 500_000;
const sharedEntries = 32_768;

/**
 * The kernels of device simd64 over its memory. All are float64, and all give the same bits on any number of threads: work is cut into
 * items that each compute the same numbers wherever they run.
 */
export class Simd64Kernels {
  readonly memory: Simd64Memory;
  readonly threads: number;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;
  readonly #execute: Execute;
  readonly #workers: Worker[] = [];

  /** `threadEntry`: the script of a helping thread; not needed for one thread. */
  constructor(module: WasmModule, memory: Simd64Memory, threads: number, threadEntry: URL) {
    this.memory = memory;
    this.threads = threads;
    const { exports } = new Instance(module, { env: { memory: memory.wasm } });
    (exports.begin as (thread: number) => void)(0);
    this.#execute = exports.execute as Execute;
    this.#integers = memory.integers(integersAt, 24);
    this.#numbers = memory.view(numbersAt, 8);
    for (let thread = 1; thread < threads; thread++) {
      const worker = new Worker(threadEntry, { workerData: { module, memory: memory.wasm, thread } });
      worker.unref();
      this.#workers.push(worker);
    }
  }

  dispose(): void {
    for (const worker of this.#workers) void worker.terminate();
  }

  /**
   * c[rows,columns] = op(a)[rows,depth] op(b)[depth,columns] + bias by column, then relu. `accumulate`: adds to what c holds instead of a
   * bias.
   */
  multiply(
    rows: number,
    columns: number,
    depth: number,
    a: MatrixAt,
    b: MatrixAt,
    c: MatrixAt,
    finish: { accumulate?: boolean; bias?: number; relu?: boolean } = {},
  ): void {
    const strips = Math.ceil(columns / tileColumns);
    const packedLength = strips * tileColumns * depth;
    const packed = this.memory.allocate(packedLength);
    const packing = Math.ceil(strips / packedStrips);
    const rowStrips = Math.ceil(rows / tileRows);
    // Enough items that threads end together; a strip of rows is packed once for each of its parts.
    const parts = Math.min(strips, rowStrips < 16 ? Math.ceil(16 / rowStrips) : 1);
    const integers = this.#integers;
    integers[0] = a.transposed ? 1 : 0;
    integers[1] = b.transposed ? 1 : 0;
    integers[2] = rows;
    integers[3] = columns;
    integers[4] = depth;
    integers[5] = a.at;
    integers[6] = a.stride;
    integers[7] = b.at;
    integers[8] = b.stride;
    integers[9] = c.at;
    integers[10] = c.stride;
    integers[11] = packed;
    integers[12] = finish.accumulate ? 1 : 0;
    integers[13] = finish.bias ?? 0;
    integers[14] = finish.relu ? 1 : 0;
    integers[15] = parts;
    integers[16] = packing;
    this.#run(operation.multiply, packing + rowStrips * parts, rows * columns * depth >= sharedProduct);
    this.memory.free(packed, packedLength);
  }

  /** out = f(a, b) over `length` numbers; an operand of step 0 is one number. */
  binaryFlat(kind: BinaryKind, length: number, a: OperandAt, b: OperandAt, out: number): void {
    const integers = this.#integers;
    integers[0] = kind;
    integers[1] = length;
    integers[3] = a.at;
    integers[5] = a.step;
    integers[6] = b.at;
    integers[8] = b.step;
    integers[9] = out;
    this.#run(operation.binaryFlat, Math.ceil(length / chunk), length >= sharedEntries);
  }

  /** out[rows,columns] = f(a, b) with operands that repeat by row or column. */
  binaryRows(kind: BinaryKind, rows: number, columns: number, a: OperandAt, b: OperandAt, out: number): void {
    const integers = this.#integers;
    const rowsAnItem = Math.max(1, Math.floor(chunk / columns));
    integers[0] = kind;
    integers[1] = rows;
    integers[2] = columns;
    integers[3] = a.at;
    integers[4] = a.row;
    integers[5] = a.step;
    integers[6] = b.at;
    integers[7] = b.row;
    integers[8] = b.step;
    integers[9] = out;
    integers[10] = rowsAnItem;
    this.#run(operation.binaryRows, Math.ceil(rows / rowsAnItem), rows * columns >= sharedEntries);
  }

  /** out = f(x) over `length` numbers; `alpha` is what a step is at and below zero. */
  unary(kind: UnaryKind, length: number, x: number, out: number, alpha = 0): void {
    const integers = this.#integers;
    integers[0] = kind;
    integers[1] = length;
    integers[2] = x;
    integers[3] = out;
    this.#numbers[0] = alpha;
    this.#run(operation.unary, Math.ceil(length / chunk), length >= sharedEntries);
  }

  /** out[outer,inner] = sums of x[outer,length,inner] over the middle axis. */
  sum(outer: number, length: number, inner: number, x: number, out: number): void {
    const integers = this.#integers;
    integers[1] = length;
    integers[2] = x;
    integers[3] = out;
    const shared = outer * length * inner >= sharedEntries;
    if (inner === 1) {
      const rowsAnItem = Math.max(1, Math.floor(chunk / length));
      integers[0] = outer;
      integers[4] = rowsAnItem;
      this.#run(operation.sumRows, Math.ceil(outer / rowsAnItem), shared);
    } else {
      const blocks = Math.ceil(inner / summedColumns);
      integers[0] = outer;
      integers[4] = inner;
      integers[5] = blocks;
      this.#run(operation.sumColumns, outer * blocks, shared);
    }
  }

  /** One update of `length` weights by Adam; reads weight, gradient, mean and square, writes the next of the three. */
  adam(
    length: number,
    constants: AdamConstants,
    [weight, gradient, mean, square]: readonly number[],
    [nextWeight, nextMean, nextSquare]: readonly number[],
  ): void {
    const { beta1, beta2, epsilon, correction, rate, kept } = constants;
    const integers = this.#integers;
    integers[0] = length;
    integers[1] = weight;
    integers[2] = gradient;
    integers[3] = mean;
    integers[4] = square;
    integers[5] = nextWeight;
    integers[6] = nextMean;
    integers[7] = nextSquare;
    const numbers = this.#numbers;
    numbers[0] = beta1;
    numbers[1] = 1 - beta1;
    numbers[2] = beta2;
    numbers[3] = 1 - beta2;
    numbers[4] = correction;
    numbers[5] = rate;
    numbers[6] = epsilon;
    numbers[7] = kept;
    this.#run(operation.adam, Math.ceil(length / adamChunk), length >= 2 * adamChunk);
  }

  /** r[rows,m+e] ← [relu(r − h) | r − x] in place. */
  residual(rows: number, m: number, e: number, r: number, h: number, x: number): void {
    this.#rows(operation.residual, rows, m + e, [rows, m, e, r, h, x]);
  }

  /** out = gradient, but zero in the first m columns where the residual is not positive. */
  maskResidual(rows: number, m: number, e: number, gradient: number, residual: number, out: number): void {
    this.#rows(operation.maskResidual, rows, m + e, [rows, m, e, gradient, residual, out]);
  }

  /** Sums of squares of the rows of x[rows,columns]. */
  squaredNorm(rows: number, columns: number, x: number, out: number): void {
    this.#rows(operation.squaredNorm, rows, columns, [rows, columns, x, out]);
  }

  /** out[rows,columns] = α w[rows] x[rows,columns]. */
  scaleRows(rows: number, columns: number, alpha: number, x: number, w: number, out: number): void {
    this.#numbers[0] = alpha;
    this.#rows(operation.scaleRows, rows, columns, [rows, columns, x, w, out]);
  }

  /** out += α y∘t. */
  addProduct(length: number, alpha: number, y: number, t: number, out: number): void {
    this.#integers.set([length, y, t, out]);
    this.#numbers[0] = alpha;
    this.#run(operation.addProduct, Math.ceil(length / chunk), length >= sharedEntries);
  }

  /** f[rows] = Σ_j y_j (½ q_j y_j + p_j). */
  quadratic(rows: number, n: number, y: number, q: number, p: number, f: number): void {
    this.#rows(operation.quadratic, rows, n, [rows, n, y, q, p, f]);
  }

  /** g[rows,n] = w[rows] (q_j y_j + p_j). */
  quadraticGradient(rows: number, n: number, y: number, q: number, p: number, w: number, g: number): void {
    this.#rows(operation.quadraticGradient, rows, n, [rows, n, y, q, p, w, g]);
  }

  /** An operation over rows of `width` numbers, whose last argument is how many make an item. */
  #rows(code: number, rows: number, width: number, integers: number[]): void {
    const rowsAnItem = Math.max(1, Math.floor(chunk / Math.max(1, width)));
    this.#integers.set([...integers, rowsAnItem]);
    this.#run(code, Math.ceil(rows / rowsAnItem), rows * width >= sharedEntries);
  }

  /** Wakes the threads, which then stay awake for about a tenth of a millisecond: for when work is about to come after a pause. */
  wake(): void {
    if (this.threads > 1) this.#execute(operation.multiply, 0, true);
  }

  #run(code: number, items: number, worthSharing: boolean): void {
    this.#execute(code, items, worthSharing && this.threads > 1 && items > 1);
  }
}
