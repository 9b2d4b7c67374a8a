import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/numpy.json' with { type: 'json' };
import { Generator } from './generator';
import { SeedSequence } from './seedSequence';

interface Draws {
  count: number;
  first: number[];
  last: number[];
  sha256: string;
}

function expectDraws(values: Float64Array | Int32Array, expected: Draws): void {
  expect(values.length).toBe(expected.count);
  expect([...values.slice(0, 5)]).toEqual(expected.first);
  expect([...values.slice(-5)]).toEqual(expected.last);
  expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')).toBe(expected.sha256);
}

describe.each(reference.cases)('random numbers of seed $seed equal numpy’s bit for bit', (expected) => {
  const seed = BigInt(expected.seed);

  it('seed sequence and its children', () => {
    expect([...new SeedSequence(seed).generateWords(8)]).toEqual(expected.words);
    const root = new SeedSequence(seed);
    const children = [...root.spawn(2), ...root.spawn(1), ...new SeedSequence(seed).spawn(1)[0].spawn(2)];
    expect(children.map((child) => [...child.generateWords(4)])).toEqual(expected.children);
    expect(new Generator(children[2]).random()).toBe(expected.childRandom);
    const grandchildren = new SeedSequence(seed).spawn(2)[1].spawn(2);
    grandchildren.forEach((child, i) =>
      expectDraws(new Generator(child).standardNormals(100_000), expected.grandchildren[i]),
    );
  });

  it('random, uniform, normal, permutation, shuffle', () => {
    const count = expected.draws.random.count;
    const generator = new Generator(seed);
    expectDraws(
      Float64Array.from({ length: count }, () => generator.random()),
      expected.draws.random,
    );
    expectDraws(new Generator(seed).uniforms(-0.5, 0.25, count), expected.draws.uniform);
    expectDraws(new Generator(seed).standardNormals(count), expected.draws.standardNormal);
    expectDraws(new Generator(seed).permutation(count), expected.draws.permutation);
    const shuffling = new Generator(seed);
    shuffling.integer(0, 10);
    const values = Float64Array.from({ length: count }, (_, i) => i * 0.5 - 7);
    shuffling.shuffle(values);
    expectDraws(values, expected.draws.shuffle);
  });

  it.each(expected.integers)('integers in [$low, $high)', (draws) => {
    expectDraws(new Generator(seed).integers(draws.low, draws.high, draws.count), draws);
  });

  it('draws of different kinds in turn, with the buffered half of a 64-bit draw kept across a saved state', () => {
    let generator = new Generator(seed);
    const again = () => {
      generator = Generator.fromState(JSON.parse(JSON.stringify(generator.state)));
    };
    const values: number[] = [generator.integer(0, 10)];
    again();
    values.push(generator.random());
    again();
    values.push(generator.integer(0, 10));
    again();
    values.push(generator.standardNormal(), ...generator.permutation(7));
    again();
    values.push(generator.random());
    expect(values).toEqual(expected.mixed);
  });
});

describe('seeds', () => {
  it('a list of integers is entropy too', () => {
    expect([...new SeedSequence([7, 2n ** 40n, 0, 3, 9, 11]).generateWords(8)]).toEqual(reference.listEntropy);
  });

  it('refuses negative and fractional seeds and empty ranges', () => {
    expect(() => new Generator(-1)).toThrow(RangeError);
    expect(() => new Generator(0.5)).toThrow(RangeError);
    expect(() => new Generator(0).integer(3, 3)).toThrow(RangeError);
  });
});
