import { expect, test } from 'vitest';
import { Generator } from '@shared/random/generator';
import { GrowingCholesky } from './growingCholesky';

/** GGᵀ + .1·I, [n, n]. */
function definite(n: number, generator: Generator): Float64Array {
  const G = generator.standardNormals(n * n);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) Q[i * n + j] += G[i * n + k] * G[j * n + k];
      if (i === j) Q[i * n + j] += 0.1;
    }
  return Q;
}

/** max |Q_FF x − b|. */
function residual(n: number, Q: Float64Array, factor: GrowingCholesky, b: Float64Array): number {
  const x = b.slice();
  factor.solve(x);
  let worst = 0;
  for (let i = 0; i < factor.size; i++) {
    let sum = -b[i];
    for (let j = 0; j < factor.size; j++) sum += Q[factor.indices[i] * n + factor.indices[j]] * x[j];
    worst = Math.max(worst, Math.abs(sum));
  }
  return worst;
}

test('the factor solves with the current set through two hundred random changes of it', () => {
  const n = 24;
  const generator = new Generator(3);
  const Q = definite(n, generator);
  const factor = new GrowingCholesky(n, Q);
  const b = generator.standardNormals(n);
  const members = new Set<number>();
  for (let change = 0; change < 200; change++) {
    const index = generator.integer(0, n);
    if (members.delete(index)) factor.remove(index);
    else {
      expect(factor.add(index)).toBe(true);
      members.add(index);
    }
    expect(new Set(factor.indices.subarray(0, factor.size))).toEqual(members);
    expect(residual(n, Q, factor, b)).toBeLessThan(1e-11);
  }
});

test('an index that makes the submatrix singular is refused and leaves the factor as it was', () => {
  const factor = new GrowingCholesky(2, Float64Array.of(1, 1, 1, 1));
  expect(factor.add(0)).toBe(true);
  expect(factor.add(1)).toBe(false);
  expect(factor.size).toBe(1);
  const x = Float64Array.of(3, 0);
  factor.solve(x);
  expect(x[0]).toBe(3);
});
