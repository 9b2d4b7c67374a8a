/**
 * numpy's SeedSequence: turns entropy (any non-negative integers) into well-mixed seed words, and spawns independent children.
 * Bit for bit the algorithm of numpy.random.SeedSequence (after M. O'Neill, "C++ Seeding Surprises", 2015).
 */

const poolSize = 4;
const initA = 0x43b0d7e5;
const multiplierA = 0x931e8875;
const initB = 0x8b51f9dd;
const multiplierB = 0x58f38ded;
const mixLeft = 0xca01f9dd;
const mixRight = 0x4973f715;

export type Entropy = number | bigint | readonly (number | bigint)[];

export class SeedSequence {
  readonly entropy: Entropy;
  readonly spawnKey: readonly number[];
  childrenSpawned = 0;
  readonly #pool = new Uint32Array(poolSize);

  /** @throws RangeError if an entropy value is negative or not an integer. */
  constructor(entropy: Entropy, spawnKey: readonly number[] = []) {
    this.entropy = entropy;
    this.spawnKey = spawnKey;
    const words = toWords(entropy);
    const spawnWords = toWords(spawnKey);
    // As numpy does: short entropy is padded, so that a spawn key cannot collide with longer entropy.
    if (spawnWords.length > 0) while (words.length < poolSize) words.push(0);
    mixEntropy(this.#pool, [...words, ...spawnWords]);
  }

  /** `count` 32-bit seed words. */
  generateWords(count: number): Uint32Array {
    const words = new Uint32Array(count);
    let constant = initB;
    for (let i = 0; i < count; i++) {
      let value = this.#pool[i % poolSize] ^ constant;
      constant = Math.imul(constant, multiplierB);
      value = Math.imul(value, constant);
      words[i] = value ^ (value >>> 16);
    }
    return words;
  }

  /** Children that are independent of each other and of this one, the same ones in the same order as in numpy. */
  spawn(count: number): SeedSequence[] {
    const children = Array.from(
      { length: count },
      (_, i) => new SeedSequence(this.entropy, [...this.spawnKey, this.childrenSpawned + i]),
    );
    this.childrenSpawned += count;
    return children;
  }
}

function mixEntropy(pool: Uint32Array, entropy: readonly number[]): void {
  let constant = initA;
  const hash = (word: number): number => {
    let value = word ^ constant;
    constant = Math.imul(constant, multiplierA);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mix = (x: number, y: number): number => {
    const value = Math.imul(mixLeft, x) - Math.imul(mixRight, y);
    return value ^ (value >>> 16);
  };
  for (let i = 0; i < poolSize; i++) pool[i] = hash(i < entropy.length ? entropy[i] : 0);
  for (let source = 0; source < poolSize; source++)
    for (let target = 0; target < poolSize; target++)
      if (source !== target) pool[target] = mix(pool[target], hash(pool[source]));
  for (let source = poolSize; source < entropy.length; source++)
    for (let target = 0; target < poolSize; target++) pool[target] = mix(pool[target], hash(entropy[source]));
}

/** Little-endian 32-bit words of each value; zero is one word, as in numpy. */
function toWords(entropy: Entropy): number[] {
  if (typeof entropy !== 'number' && typeof entropy !== 'bigint') return entropy.flatMap(toWords);
  if (typeof entropy === 'number' && !Number.isSafeInteger(entropy))
    throw new RangeError(`a seed must be a whole number, not ${entropy}`);
  let rest = BigInt(entropy);
  if (rest < 0n) throw new RangeError(`a seed must not be negative, but is ${entropy}`);
  const words: number[] = [];
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return words;
}
