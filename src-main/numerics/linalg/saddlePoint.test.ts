import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { addTransposedCompensated, compensatedDot } from './compensated';
import { nullVectors, pivotedCholesky, solvePivoted } from './pivotedCholesky';
import { factorSaddlePoint, freeDirections, solveSaddlePoint } from './saddlePoint';

const generator = new Generator(11);

/** Mx for M [rows, columns], in plain loops. */
const times = (rows: number, columns: number, m: Float64Array, x: Float64Array) =>
  Float64Array.from({ length: rows }, (_, i) => x.reduce((sum, value, j) => sum + value * m[i * columns + j], 0));

/** FᵀF of a random F [rank, n]. */
function semidefinite(n: number, rank: number): Float64Array {
  const factor = generator.standardNormals(rank * n);
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += factor[k * n + Math.floor(at / n)] * factor[k * n + (at % n)];
    return sum;
  });
}

describe('products in twice the working precision', () => {
  it('keep what cancellation takes from a plain sum', () => {
    const x = Float64Array.of(1e16, 1, -1e16, 2 ** -30);
    const y = Float64Array.of(1, 1, 1, 2 ** -30);
    expect(compensatedDot(4, x, 0, y, 0)).toBe(1 + 2 ** -60);
    expect(compensatedDot(3, x, 0, y, 0, -1)).toBe(0);
    const high = Float64Array.of(1e16);
    const low = new Float64Array(1);
    addTransposedCompensated(2, 1, Float64Array.of(1, 1), Float64Array.of(1, 1e16), -1, high, low);
    expect(high[0] + low[0]).toBe(-1);
  });

  it('are exact for products of 53 bits', () => {
    const x = Float64Array.of(2 ** 27 + 1, 2 ** 54);
    const y = Float64Array.of(2 ** 27 + 1, -1);
    expect(compensatedDot(2, x, 0, y, 0)).toBe(2 ** 28 + 1);
  });
});

it('the pivoted Cholesky factor shows the rank, solves in the range and spans the null space', () => {
  const [n, rank] = [7, 4];
  const a = semidefinite(n, rank);
  const factored = pivotedCholesky(n, a.slice(), 1e-12);
  expect(factored.rank).toBe(rank);
  const b = times(n, n, a, generator.standardNormals(n));
  const x = b.slice();
  solvePivoted(factored, x);
  times(n, n, a, x).forEach((value, i) => expect(value).toBeCloseTo(b[i], 10));
  const basis = nullVectors(factored);
  for (let i = 0; i < n - rank; i++)
    times(n, n, a, basis.subarray(i * n, (i + 1) * n)).forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-12));
});

describe('saddle-point systems', () => {
  const check = (
    n: number,
    r: number,
    H: Float64Array,
    J: Float64Array,
    accuracy: number,
    units = new Float64Array(n).fill(1),
  ) => {
    const system = factorSaddlePoint(n, r, H, J);
    const x = generator.standardNormals(n).map((value, j) => value / units[j]);
    const lambda = generator.standardNormals(r);
    const f = times(n, n, H, x);
    for (let i = 0; i < r; i++) for (let j = 0; j < n; j++) f[j] += lambda[i] * J[i * n + j];
    const solved = solveSaddlePoint(system, f, times(r, n, J, x));
    solved.x.forEach((value, j) => expect(Math.abs(value - x[j]) / Math.abs(x[j])).toBeLessThan(accuracy));
    return { system, lambda, solved };
  };

  it('are solved with a singular H that is definite where the rows leave y free', () => {
    const [n, r] = [8, 5];
    const { lambda, solved, system } = check(n, r, semidefinite(n, 3), generator.standardNormals(r * n), 1e-9);
    lambda.forEach((value, i) => expect(solved.lambda[i]).toBeCloseTo(value, 8));
    expect([system.rank, system.singular, system.indefinite]).toEqual([5, 0, false]);
  });

  it('in units that are 12 orders of magnitude apart lose nothing', () => {
    const [n, r] = [6, 3];
    const scale = Float64Array.from({ length: n }, (_, j) => 10 ** (2 * j - 5));
    const H = semidefinite(n, n).map((value, at) => value * scale[Math.floor(at / n)] * scale[at % n]);
    const J = generator.standardNormals(r * n).map((value, at) => value * scale[at % n] * 10 ** Math.floor(at / n));
    check(n, r, H, J, 1e-9, scale);
  });

  it('with dependent rows give the multipliers of least norm', () => {
    const [n, r] = [5, 3];
    const row = generator.standardNormals(n);
    const other = generator.standardNormals(n);
    const J = Float64Array.from([...row, ...other, ...row]);
    const { solved, system, lambda } = check(n, r, semidefinite(n, n), J, 1e-9);
    expect(system.rank).toBe(2);
    const share = (lambda[0] + lambda[2]) / 2;
    [share, lambda[1], share].forEach((value, i) => expect(solved.lambda[i]).toBeCloseTo(value, 9));
  });

  it('say along which directions they leave x free, and that a matrix is indefinite', () => {
    const [n, r] = [5, 1];
    const H = semidefinite(n, 2);
    const J = generator.standardNormals(n);
    const system = factorSaddlePoint(n, r, H, J);
    expect(system.singular).toBe(2);
    const free = freeDirections(system);
    for (let i = 0; i < 2; i++) {
      const d = free.subarray(i * n, (i + 1) * n);
      times(n, n, H, d).forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-10));
      expect(Math.abs(times(1, n, J, d)[0])).toBeLessThan(1e-10);
    }
    expect(factorSaddlePoint(2, 0, Float64Array.of(1, 0, 0, -1), new Float64Array(0)).indefinite).toBe(true);
  });
});
