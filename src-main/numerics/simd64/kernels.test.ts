import { afterAll, describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { compileKernels, threadEntry } from './artefacts';
import { binaryKinds, Simd64Kernels, unaryKinds } from './kernels';
import { Simd64Memory } from './memory';

const pools = [1, 2, 3].map(
  (threads) => new Simd64Kernels(compileKernels(), new Simd64Memory(), threads, threadEntry()),
);
afterAll(() => pools.forEach((pool) => pool.dispose()));
const [one] = pools;
const generator = new Generator(8);

function upload({ memory }: Simd64Kernels, values: Float64Array): number {
  const address = memory.allocate(values.length);
  memory.view(address, values.length).set(values);
  return address;
}

/** op(a) op(b) + c by three loops. */
function product(
  [rows, columns, depth]: number[],
  [transposedA, transposedB]: boolean[],
  a: Float64Array,
  b: Float64Array,
): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < depth; k++)
        result[i * columns + j] +=
          a[transposedA ? k * rows + i : i * depth + k] * b[transposedB ? j * depth + k : k * columns + j];
  return result;
}

describe('the matrix product', () => {
  // Tiles are 6 × 4, blocks 256 deep: sizes below, at and beyond all of these.
  it.each([
    [1, 1, 1],
    [6, 4, 256],
    [7, 5, 257],
    [5, 3, 600],
    [13, 50, 31],
    [128, 200, 50],
    [50, 9, 513],
  ])('of %d × %d, %d deep, is right for all four transpositions, on every number of threads', (...size) => {
    const [rows, columns, depth] = size;
    const [a, b] = [generator.standardNormals(rows * depth), generator.standardNormals(depth * columns)];
    const bias = generator.standardNormals(columns);
    for (const transposed of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const expected = product(size, transposed, a, b);
      const results = pools.map((pool) => {
        const c = pool.memory.allocate(rows * columns);
        pool.multiply(
          rows,
          columns,
          depth,
          { at: upload(pool, a), stride: transposed[0] ? rows : depth, transposed: transposed[0] },
          { at: upload(pool, b), stride: transposed[1] ? depth : columns, transposed: transposed[1] },
          { at: c, stride: columns },
          { bias: upload(pool, bias), relu: true },
        );
        return new Float64Array(pool.memory.view(c, rows * columns));
      });
      expected.forEach((value, i) => {
        const entry = Math.max(0, value + bias[i % columns]);
        expect(Math.abs(results[0][i] - entry)).toBeLessThan(1e-14 * (depth + 10));
      });
      for (const result of results) expect(result).toEqual(results[0]);
    }
  });

  it('adds to what is there, and does not write beyond a matrix that is part of a wider one', () => {
    const [rows, columns, depth, stride] = [7, 5, 3, 9];
    const [a, b] = [generator.standardNormals(rows * depth), generator.standardNormals(depth * columns)];
    const wide = generator.standardNormals(rows * stride);
    const c = upload(one, wide);
    const [atA, atB] = [upload(one, a), upload(one, b)];
    const to = { at: c, stride };
    one.multiply(rows, columns, depth, { at: atA, stride: depth }, { at: atB, stride: columns }, to, {
      accumulate: true,
    });
    const expected = product([rows, columns, depth], [false, false], a, b);
    one.memory.view(c, rows * stride).forEach((value, i) => {
      const [row, column] = [Math.floor(i / stride), i % stride];
      if (column >= columns) expect(value).toBe(wide[i]);
      else expect(value).toBeCloseTo(wide[i] + expected[row * columns + column], 13);
    });
  });
});

it('eˣ is right to a unit in the last place from the smallest subnormal to overflow', () => {
  const special = [0, -0, NaN, Infinity, -Infinity, 709.78, 709.79, -745.13, -745.14, -1000, 1000];
  const xs = Float64Array.of(...special, ...generator.uniforms(-708, 709, 5000), ...generator.uniforms(-1, 1, 1000));
  const out = one.memory.allocate(xs.length);
  one.unary(unaryKinds.Exp, xs.length, upload(one, xs), out);
  one.memory.view(out, xs.length).forEach((value, i) => {
    const expected = Math.exp(xs[i]);
    if (Number.isFinite(expected) && expected > 0) expect(Math.abs(value / expected - 1)).toBeLessThan(4.5e-16);
    else expect(value).toBe(expected);
  });
});

it('long arrays give the same bits on any number of threads', () => {
  const length = 200_003;
  const [x, y] = [generator.standardNormals(length), generator.standardNormals(length)];
  const bits = pools.map((pool) => {
    const [a, b, out] = [upload(pool, x), upload(pool, y), pool.memory.allocate(length)];
    const operand = (at: number) => ({ at, row: 0, step: 1 }) as const;
    pool.binaryFlat(binaryKinds.RealDiv, length, operand(a), operand(b), out);
    const quotient = new Float64Array(pool.memory.view(out, length));
    pool.sum(1, 200, 1000, a, out);
    const columns = new Float64Array(pool.memory.view(out, 1000));
    pool.sum(200, 1000, 1, a, out);
    return [quotient, columns, new Float64Array(pool.memory.view(out, 200))];
  });
  expect(bits[1]).toEqual(bits[0]);
  expect(bits[2]).toEqual(bits[0]);
  expect(bits[0][0][7]).toBe(x[7] / y[7]);
});

describe('the memory', () => {
  it('gives blocks that do not overlap, at borders of 64 bytes, and uses freed ones again', () => {
    const memory = new Simd64Memory();
    const lengths = [1, 7, 8, 9, 128, 129, 1000, 4096, 5000, 100_000, 3_000_000];
    const blocks = lengths.map((length) => ({ address: memory.allocate(length), length }));
    for (const { address } of blocks) expect(address % 64).toBe(0);
    const sorted = blocks.toSorted((a, b) => a.address - b.address);
    sorted
      .slice(1)
      .forEach(({ address }, i) => expect(address).toBeGreaterThanOrEqual(sorted[i].address + 8 * sorted[i].length));
    for (const { address, length } of blocks) memory.free(address, length);
    expect(memory.used).toBe(0);
    const again = blocks.map(({ length }) => memory.allocate(length));
    expect(again.toSorted()).toEqual(blocks.map(({ address }) => address).toSorted());
  });

  it('says that it is full', () => {
    const memory = new Simd64Memory(200);
    expect(() => memory.allocate(2_000_000)).toThrow(/do not fit into/);
    expect(() => memory.allocate(100)).not.toThrow();
  });
});
