import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { plainKernels, type DenseKernels } from '../linalg/denseKernels';
import { SimdKernels } from './dense';

/** Runs the same on both; every size of edge is met. */
function compare(run: (kernels: DenseKernels, draw: (length: number) => Float64Array) => Float64Array): void {
  const results = [plainKernels, new SimdKernels()].map((kernels) => {
    const generator = new Generator(5);
    return run(kernels, (length) => {
      const array = kernels.allocate(length);
      array.set(generator.standardNormals(length));
      return array;
    });
  });
  const [plain, simd] = results;
  expect(plain.length).toBe(simd.length);
  plain.forEach((value, at) => expect(Math.abs(value - simd[at]), `entry ${at}`).toBeLessThan(1e-11));
}

const sizes = [1, 2, 3, 4, 5, 7, 8, 13, 34];

/** A lower triangle with zeros above and a diagonal away from 0. */
function triangle(n: number, values: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    values.fill(0, i * n + i + 1, (i + 1) * n);
    values[i * (n + 1)] = 2 + Math.abs(values[i * (n + 1)]);
  }
  return values;
}

/** The lower triangle of [n, n] with rows of `stride`, and zeros elsewhere. */
const lower = (n: number, stride: number, a: Float64Array) =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return j <= i ? a[i * stride + j] : 0;
  });

test.each(sizes)('products with %d columns are those of plain loops', (columns) => {
  for (const rows of sizes) {
    compare((kernels, draw) => {
      const out = draw(rows + 3);
      kernels.multiply(rows, columns, draw(rows * columns), draw(columns + 1), 1, out, 2);
      return out;
    });
    compare((kernels, draw) => {
      const out = draw(columns);
      kernels.addTransposed(rows, columns, draw(rows * columns), draw(rows + 1), 1, out);
      return out;
    });
    for (const share of [0, 0.3, 0.6, 1])
      compare((kernels, draw) => {
        const [m, x, some, all] = [draw(rows * columns), draw(columns), draw(rows), draw(columns)];
        const w = draw(rows);
        new Generator(rows).uniforms(0, 1, rows).forEach((value, i) => (w[i] *= value < share ? 1 : 0));
        kernels.multiplySelected(rows, columns, m, w, x, some);
        kernels.addSelected(rows, columns, m, w, all);
        return Float64Array.from([...some, ...all]);
      });
    compare((kernels, draw) => {
      const out = draw(rows * 40 + 3);
      kernels.multiplyTransposed(rows, columns, 6, draw(rows * 6), draw(columns * 6), out, 3, 40);
      return out;
    });
    compare((kernels, draw) => {
      const out = draw(3 + rows * (rows + 2));
      kernels.multiplySymmetric(rows, columns, draw(rows * columns), out, 3, rows + 2);
      return lower(rows, rows + 2, out.subarray(3));
    });
    compare((kernels, draw) => {
      const out = draw(rows * columns);
      kernels.multiplyByLowerTransposed(
        rows,
        columns,
        draw(rows * columns),
        triangle(columns, draw(columns ** 2)),
        out,
      );
      return out;
    });
    compare((kernels, draw) => {
      const out = draw(rows + 1);
      kernels.quadraticRows(
        rows,
        columns,
        draw(rows * columns),
        draw(rows * columns),
        draw(rows),
        draw(columns),
        out,
        1,
      );
      return out;
    });
  }
});

test.each(sizes)('triangles of %d rows are those of plain loops', (n) => {
  compare((kernels, draw) => {
    const [l, x, y, z] = [triangle(n, draw(n * n)), draw(n), draw(n), draw(n)];
    kernels.multiplyLower(n, l, x, y);
    kernels.multiplyLowerTransposed(n, l, x, z);
    kernels.solveCholesky(n, l, n, x);
    return Float64Array.from([...x, ...y, ...z]);
  });
  compare((kernels, draw) => {
    const out = draw(n + 2);
    kernels.curvedRow(n, 0.3, draw(n + 1), 1, draw(n), draw(n + 3), 3, out, 2);
    return out;
  });
});

test.each(sizes)('a Cholesky factor of %d rows is that of plain loops, and goes on from rows that are there', (n) => {
  const stride = n + 3;
  const matrix = (draw: (length: number) => Float64Array) => {
    const [half, a] = [draw(n * n), draw(n * stride)];
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        a[i * stride + j] = i === j ? 0.5 : 0;
        for (let k = 0; k < n; k++) a[i * stride + j] += half[i * n + k] * half[j * n + k];
      }
    return a;
  };
  for (const from of [1, 2, n >> 1, n])
    compare((kernels, draw) => {
      const a = matrix(draw);
      const first = Math.min(from, n);
      expect(kernels.cholesky(first, 0, a, stride, 1e-14)).toBe(-1);
      expect(kernels.cholesky(n, first, a, stride, 1e-14)).toBe(-1);
      const x = draw(n);
      kernels.solveCholesky(n, a, stride, x);
      return Float64Array.from([...lower(n, stride, a), ...x]);
    });
  const kernels = new SimdKernels();
  const singular = kernels.allocate(n * n);
  singular.fill(1);
  expect(kernels.cholesky(n, 0, singular, n, 1e-14)).toBe(n === 1 ? -1 : 1);
});

test.each(sizes)('the two loops of L-BFGS with %d unknowns and their derivative are those of plain loops', (n) => {
  for (const count of [1, 2, 5])
    compare((kernels, draw) => {
      const first = 2;
      const rows = (first + count + 1) * n;
      const [s, v, rho] = [draw(rows), draw(rows), draw(first + count)];
      rho.forEach((value, i) => (rho[i] = 0.1 * value));
      const pairs = { first, count, s, v, rho, gamma: 0.7 };
      const loops = () => ({ q: draw(rows), r: draw(rows), alpha: draw(count), beta: draw(count) });
      const [ofG, ofU, inPlace] = [loops(), loops(), loops()];
      inPlace.q.set(ofG.q.subarray(count * n, (count + 1) * n));
      inPlace.r = inPlace.q;
      kernels.twoLoops(n, pairs, ofG, n);
      kernels.twoLoops(n, pairs, ofU, n);
      kernels.twoLoops(n, pairs, inPlace, 0);
      expect(inPlace.q.slice(0, n)).toEqual(ofG.r.slice(count * n, (count + 1) * n));
      const [ofS, ofV] = [draw(rows), draw(rows)];
      kernels.addPairAdjoints(n, pairs, 3, ofG, ofU, ofS, ofV);
      return Float64Array.from([...ofG.q, ...ofG.r, ...ofG.alpha, ...ofG.beta, ...ofS, ...ofV]);
    });
});

test.each([2, 4, 6, 8, 34])('steps of a splitting in %d numbers are those of plain loops', (n) => {
  const rows = 5;
  compare((kernels, draw) => {
    const [eta, bend] = [draw(rows * n), draw(rows)];
    eta.forEach((value, at) => (eta[at] = Math.abs(value)));
    for (let i = 0; i < rows; i++) bend[i] = Math.max(...eta.subarray(i * n, (i + 1) * n));
    const point = { p: draw(n), s: draw(rows * n), sum: draw(n), lambda: draw(rows) };
    // Multipliers to start from: none, too small and too large ones.
    point.lambda.set([0, 1e-3, 0.5, 40, 1e4]);
    // With h > 0 every row has points.
    const row = { eta, g: draw(rows * n), h: draw(rows), bend };
    row.h.forEach((value, i) => (row.h[i] = Math.abs(value)));
    for (let step = 0; step < 4; step++) kernels.splitRows(rows, n, row, point, 1.7);
    expect(point.lambda.some((value) => value > 0)).toBe(true);
    return Float64Array.from([...point.s, ...point.sum, ...point.lambda]);
  });
});
