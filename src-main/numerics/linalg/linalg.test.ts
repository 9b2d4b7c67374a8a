import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { cholesky, solveCholesky } from './cholesky';
import { symmetricEigenvalues, symmetricNorm } from './eigenvalues';
import reference from './fixtures/numpy.json' with { type: 'json' };
import { multiplySymmetric, multiplyTransposed } from './products';
import {
  factorRowSpace,
  leastNorm,
  nullSpaceTransposed,
  pseudoInverseTransposed,
  transposedLeastSquares,
} from './rowSpace';
import { SimdProducts } from './simdProducts';

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(tolerance * scale);
}

describe.each(reference.cases)('dense linear algebra of a $e × $n matrix agrees with numpy', (expected) => {
  const { e, n } = expected;
  const generator = new Generator(expected.seed);
  const a = generator.uniforms(-1, 1, e * n);
  const b = generator.uniforms(-1, 1, n * n);
  const x = generator.uniforms(-1, 1, e);
  const g = generator.uniforms(-1, 1, n);
  const space = factorRowSpace(a, e, n);

  it('least-norm solution and its transpose, as from the pseudo-inverse', () => {
    expect(space.rank).toBe(e);
    const y = new Float64Array(n);
    leastNorm(space, x, 0, y);
    expectClose(y, expected.leastNorm);
    const nu = new Float64Array(e);
    transposedLeastSquares(space, g.slice(), nu);
    expectClose(nu, expected.transposed);
    const plus = pseudoInverseTransposed(space);
    expectClose(
      Float64Array.from({ length: n }, (_, i) => x.reduce((sum, value, j) => sum + value * plus[j * n + i], 0)),
      expected.leastNorm,
    );
  });

  it('a null-space basis that is orthonormal and gives numpy’s projector', () => {
    const z = nullSpaceTransposed(space);
    const free = n - e;
    const gram = new Float64Array(free * free);
    multiplyTransposed(free, free, n, z, z, gram);
    expectClose(
      gram,
      Float64Array.from(gram, (_, i) => (i % (free + 1) === 0 ? 1 : 0)),
      1e-14,
    );
    expectClose(
      Float64Array.from({ length: n }, (_, i) => {
        let sum = 0;
        for (let k = 0; k < free; k++) sum += z[k * n + i] ** 2;
        return sum;
      }),
      expected.projector,
    );
  });

  it('eigenvalues and spectral norm of a symmetric matrix', () => {
    const symmetric = () => Float64Array.from(b, (value, i) => value + b[(i % n) * n + Math.floor(i / n)]);
    expectClose(symmetricEigenvalues(n, symmetric()), expected.eigenvalues, 1e-13);
    expect(Math.abs(symmetricNorm(n, symmetric()) / expected.norm - 1)).toBeLessThan(1e-13);
  });

  it('Cholesky factor and solution', () => {
    const k = new Float64Array(n * n);
    multiplySymmetric(n, n, b, b, k);
    for (let i = 0; i < n; i++) k[i * n + i] += 0.1;
    expect(cholesky(n, k)).toBe(-1);
    expectClose(
      expected.cholesky.map((_, i) => k[i * n + i]),
      expected.cholesky,
      1e-11,
    );
    const solution = g.slice();
    solveCholesky(n, k, solution);
    expectClose(solution, expected.solution, 1e-10);
  });
});

describe('products in WebAssembly', () => {
  it.each([
    [50, 50, 100],
    [51, 47, 33],
    [4, 2, 1],
    [7, 3, 0],
    [3, 5, 10],
    [9, 1, 8],
  ])('of %i and %i rows of length %i are those of plain loops', (rowsA, rowsB, length) => {
    const generator = new Generator(7);
    const stride = rowsB + 3;
    const simd = new SimdProducts(rowsA * length + rowsB * length + rowsA * stride + 5 + rowsA * rowsA);
    const [a, b] = [simd.allocate(rowsA * length), simd.allocate(rowsB * length)];
    const [c, square] = [simd.allocate(rowsA * stride + 5), simd.allocate(rowsA * rowsA)];
    a.set(generator.uniforms(-1, 1, a.length));
    b.set(generator.uniforms(-1, 1, b.length));
    c.fill(42);
    const dotOf = (p: Float64Array, i: number, q: Float64Array, j: number) => {
      let sum = 0;
      for (let l = 0; l < length; l++) sum += p[i * length + l] * q[j * length + l];
      return sum;
    };
    simd.multiplyTransposed(rowsA, rowsB, length, a, b, c, 5, stride);
    for (let i = 0; i < rowsA; i++)
      for (let j = 0; j < stride; j++) {
        const value = c[5 + i * stride + j];
        if (j < rowsB) expect(Math.abs(value - dotOf(a, i, b, j))).toBeLessThan(1e-13);
        else expect(value, 'between the rows nothing is written').toBe(42);
      }
    simd.multiplySymmetric(rowsA, length, a, a, square);
    for (let i = 0; i < rowsA; i++)
      for (let j = 0; j <= i; j++) expect(Math.abs(square[i * rowsA + j] - dotOf(a, i, a, j))).toBeLessThan(1e-13);
  });
});

describe('degenerate input', () => {
  it('dependent rows are counted, not divided by', () => {
    const a = Float64Array.of(1, 2, 3, 4, 0, 1, 0, 1, 1, 3, 3, 5);
    expect(factorRowSpace(a, 3, 4).rank).toBe(2);
    expect(factorRowSpace(new Float64Array(8), 2, 4).rank).toBe(0);
  });

  it('an indefinite matrix is named by its pivot', () => {
    expect(cholesky(2, Float64Array.of(1, 0, 2, 1))).toBe(1);
    expect(cholesky(1, Float64Array.of(NaN))).toBe(0);
  });

  it('diagonal and zero matrices have their own entries as eigenvalues', () => {
    expect([...symmetricEigenvalues(3, Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2))]).toEqual([-1, 2, 3]);
    expect([...symmetricEigenvalues(2, new Float64Array(4))]).toEqual([0, 0]);
    expect(symmetricEigenvalues(0, new Float64Array(0)).length).toBe(0);
  });
});
