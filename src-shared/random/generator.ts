import { Pcg64, type Pcg64State } from './pcg64';
import { type Entropy, SeedSequence } from './seedSequence';
import { acceptBelow, density, inverseTailStart, scale, tailStart } from './zigguratTables';

export type GeneratorState = Pcg64State;

/**
 * numpy.random.Generator over PCG64: the same seed gives the same numbers, bit for bit, as `numpy.random.default_rng(seed)`,
 * so that data sets and initial weights can be made again in either language.
 */
export class Generator {
  readonly #bits: Pcg64;

  constructor(seed: SeedSequence | Entropy) {
    this.#bits = new Pcg64(seed instanceof SeedSequence ? seed : new SeedSequence(seed));
  }

  static fromState(state: GeneratorState): Generator {
    const generator = new Generator(0);
    generator.state = state;
    return generator;
  }

  get state(): GeneratorState {
    return this.#bits.state;
  }

  set state(saved: GeneratorState) {
    this.#bits.state = saved;
  }

  /** Uniform on [0, 1). */
  random(): number {
    return this.#bits.nextDouble();
  }

  /** Uniform on [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.#bits.nextDouble();
  }

  /** `count` draws of `uniform`. */
  uniforms(low: number, high: number, count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.uniform(low, high);
    return values;
  }

  /** Standard normal by the ziggurat with 256 layers (Marsaglia & Tsang, 2000; the variant of numpy). */
  standardNormal(): number {
    const bits = this.#bits;
    for (;;) {
      bits.next();
      const layer = bits.low & 0xff;
      const negative = (bits.low & 0x100) !== 0;
      // The 52 bits above the sign bit.
      const magnitude = ((bits.high & 0x1fffffff) >>> 0) * 8388608 + (bits.low >>> 9);
      let x = magnitude * scale[layer];
      if (negative) x = -x;
      if (magnitude < acceptBelow[layer]) return x;
      if (layer === 0) {
        const side = Math.floor(magnitude / 256) % 2 === 1;
        for (;;) {
          const tail = -inverseTailStart * Math.log1p(-bits.nextDouble());
          const bound = -Math.log1p(-bits.nextDouble());
          if (bound + bound > tail * tail) return side ? -(tailStart + tail) : tailStart + tail;
        }
      }
      const height = (density[layer - 1] - density[layer]) * bits.nextDouble() + density[layer];
      if (height < Math.exp(-0.5 * x * x)) return x;
    }
  }

  /** `count` draws of `standardNormal`. */
  standardNormals(count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.standardNormal();
    return values;
  }

  /**
   * Uniform integer in [low, high), as numpy's `integers(low, high)` of dtype int64.
   * @throws RangeError if the range is empty or its bounds are not safe integers.
   */
  integer(low: number, high: number): number {
    if (
      !Number.isSafeInteger(low) ||
      !Number.isSafeInteger(high) ||
      high <= low ||
      high - low > Number.MAX_SAFE_INTEGER
    )
      throw new RangeError(`no whole numbers in [${low}, ${high})`);
    return low + this.#below(high - low - 1);
  }

  integers(low: number, high: number, count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.integer(low, high);
    return values;
  }

  /** A permutation of 0 … count − 1. */
  permutation(count: number): Int32Array {
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    this.shuffle(order);
    return order;
  }

  /** Shuffles in place (Fisher–Yates, from the end, as numpy does). */
  shuffle<T>(values: { readonly length: number; [index: number]: T }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.#masked(i);
      const kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
  }

  /** Uniform on 0 … last < 2³², both included, by rejection under a bit mask: what numpy shuffles with. */
  #masked(last: number): number {
    const mask = 0xffffffff >>> Math.clz32(last);
    for (;;) {
      const value = (this.#bits.nextUint32() & mask) >>> 0;
      if (value <= last) return value;
    }
  }

  /** Uniform on 0 … last, both included, without bias (Lemire, "Fast Random Integer Generation in an Interval", 2019). */
  #below(last: number): number {
    if (last === 0) return 0;
    if (last === 0xffffffff) return this.#bits.nextUint32();
    if (last > 0xffffffff) return this.#belowWide(BigInt(last));
    const range = last + 1;
    let draw = this.#bits.nextUint32();
    let leftover = Math.imul(draw, range) >>> 0;
    if (leftover < range) {
      const threshold = (0xffffffff - last) % range;
      while (leftover < threshold) {
        draw = this.#bits.nextUint32();
        leftover = Math.imul(draw, range) >>> 0;
      }
    }
    return upperProduct(draw, range);
  }

  #belowWide(last: bigint): number {
    const range = last + 1n;
    let product = this.#bits.nextUint64() * range;
    let leftover = BigInt.asUintN(64, product);
    if (leftover < range) {
      const threshold = (0xffffffffffffffffn - last) % range;
      while (leftover < threshold) {
        product = this.#bits.nextUint64() * range;
        leftover = BigInt.asUintN(64, product);
      }
    }
    return Number(product >> 64n);
  }
}

/** Upper 32 bits of a product of two unsigned 32-bit numbers. */
function upperProduct(a: number, b: number): number {
  const high = (a >>> 16) * b;
  const low = (a & 0xffff) * b;
  // Both are below 2⁴⁸ and so is their aligned sum: exact in doubles.
  return Math.floor((high + Math.floor(low / 65536)) / 65536);
}
