import type { SeedSequence } from './seedSequence';

/** What must be kept to go on with exactly the same numbers. 128-bit values as hexadecimal text. */
export interface Pcg64State {
  state: string;
  increment: string;
  /** The unused upper half of a 64-bit draw of which `nextUint32` has given out the lower half. */
  buffered: number | null;
}

const limbs = 6;
const base = 2 ** 24;
const inverseBase = 2 ** -24;
/** 0x2360ED051FC65DA44385DF649FCCF645 in 24-bit limbs, least significant first. */
const [m0, m1, m2, m3, m4, m5] = [0xccf645, 0xdf649f, 0xa44385, 0x1fc65d, 0x60ed05, 0x23];

/**
 * PCG XSL-RR 128/64, numpy's default bit generator (M. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
 * Algorithms for Random Number Generation", 2014).
 *
 * The 128-bit state is kept in six limbs of 24 bits: a product of two limbs has 48 bits and the sum of six of them 51, so the whole
 * multiplication is exact in doubles and needs no BigInt.
 */
export class Pcg64 {
  /** Halves of the last 64-bit draw; reading them is the fast path around BigInt. */
  high = 0;
  low = 0;
  readonly #state = new Float64Array(limbs);
  readonly #increment = new Float64Array(limbs);
  #buffered = 0;
  #hasBuffered = false;

  constructor(seed: SeedSequence) {
    const words = seed.generateWords(8);
    // numpy reads the words as four little-endian uint64: state high, state low, stream high, stream low.
    const wide = (at: number) => (BigInt(words[at + 1]) << 32n) | BigInt(words[at]);
    const initial = (wide(0) << 64n) | wide(2);
    const stream = (wide(4) << 64n) | wide(6);
    write(this.#increment, (stream << 1n) | 1n);
    this.#step();
    write(this.#state, read(this.#state) + initial);
    this.#step();
  }

  /** Draws 64 bits into `high` and `low` (unsigned 32-bit each). */
  next(): void {
    this.#step();
    const s = this.#state;
    const w0 = (s[0] | (s[1] << 24)) >>> 0;
    const w1 = ((s[1] >>> 8) | (s[2] << 16)) >>> 0;
    const w2 = ((s[2] >>> 16) | (s[3] << 8)) >>> 0;
    const w3 = (s[4] | (s[5] << 24)) >>> 0;
    const low = w0 ^ w2;
    const high = w1 ^ w3;
    const turn = w3 >>> 26;
    if (turn === 0) {
      this.low = low >>> 0;
      this.high = high >>> 0;
    } else if (turn < 32) {
      this.low = ((low >>> turn) | (high << (32 - turn))) >>> 0;
      this.high = ((high >>> turn) | (low << (32 - turn))) >>> 0;
    } else if (turn === 32) {
      this.low = high >>> 0;
      this.high = low >>> 0;
    } else {
      this.low = ((high >>> (turn - 32)) | (low << (64 - turn))) >>> 0;
      this.high = ((low >>> (turn - 32)) | (high << (64 - turn))) >>> 0;
    }
  }

  /** 32 bits; two calls share one 64-bit draw, lower half first, as in numpy. */
  nextUint32(): number {
    if (this.#hasBuffered) {
      this.#hasBuffered = false;
      return this.#buffered;
    }
    this.next();
    this.#hasBuffered = true;
    this.#buffered = this.high;
    return this.low;
  }

  /** 64 bits as BigInt: only for ranges that do not fit 32 bits. */
  nextUint64(): bigint {
    this.next();
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** Uniform on [0, 1), 53 bits. */
  nextDouble(): number {
    this.next();
    return (this.high * 2097152 + (this.low >>> 11)) * 2 ** -53;
  }

  get state(): Pcg64State {
    return {
      state: read(this.#state).toString(16),
      increment: read(this.#increment).toString(16),
      buffered: this.#hasBuffered ? this.#buffered : null,
    };
  }

  set state(saved: Pcg64State) {
    write(this.#state, BigInt(`0x${saved.state}`));
    write(this.#increment, BigInt(`0x${saved.increment}`));
    this.#hasBuffered = saved.buffered !== null;
    this.#buffered = saved.buffered ?? 0;
  }

  /** state ← state · multiplier + increment (mod 2¹²⁸). */
  #step(): void {
    const s = this.#state;
    const c = this.#increment;
    const [s0, s1, s2, s3, s4] = [s[0], s[1], s[2], s[3], s[4]];
    let column = s0 * m0 + c[0];
    let carry = Math.floor(column * inverseBase);
    s[0] = column - carry * base;
    column = s0 * m1 + s1 * m0 + c[1] + carry;
    carry = Math.floor(column * inverseBase);
    s[1] = column - carry * base;
    column = s0 * m2 + s1 * m1 + s2 * m0 + c[2] + carry;
    carry = Math.floor(column * inverseBase);
    s[2] = column - carry * base;
    column = s0 * m3 + s1 * m2 + s2 * m1 + s3 * m0 + c[3] + carry;
    carry = Math.floor(column * inverseBase);
    s[3] = column - carry * base;
    column = s0 * m4 + s1 * m3 + s2 * m2 + s3 * m1 + s4 * m0 + c[4] + carry;
    carry = Math.floor(column * inverseBase);
    s[4] = column - carry * base;
    column = s0 * m5 + s1 * m4 + s2 * m3 + s3 * m2 + s4 * m1 + s[5] * m0 + c[5] + carry;
    // The last limb holds bits 120 to 127 only.
    s[5] = column - Math.floor(column * 2 ** -8) * 256;
  }
}

function read(words: Float64Array): bigint {
  return words.reduceRight((value, word) => (value << 24n) | BigInt(word), 0n);
}

function write(words: Float64Array, value: bigint): void {
  const wrapped = BigInt.asUintN(128, value);
  for (let i = 0; i < limbs; i++) words[i] = Number((wrapped >> BigInt(24 * i)) & 0xffffffn);
}
