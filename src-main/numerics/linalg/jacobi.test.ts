import { expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { symmetricEigenvalues } from './eigenvalues';
import { symmetricEigen } from './jacobi';
import { dot } from './products';

it('the eigenvectors are orthonormal, and the matrix is what they and the values make', () => {
  const generator = new Generator(3);
  for (const n of [1, 2, 5, 17]) {
    const half = generator.standardNormals(n * n);
    const a = half.map((value, at) => value + half[(at % n) * n + Math.floor(at / n)]);
    const { values, vectors } = symmetricEigen(n, a);
    symmetricEigenvalues(n, a.slice()).forEach((value, k) => expect(values[k]).toBeCloseTo(value, 12));
    for (let k = 0; k < n; k++)
      for (let l = 0; l < n; l++) expect(dot(n, vectors, k * n, vectors, l * n)).toBeCloseTo(k === l ? 1 : 0, 13);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const sum = values.reduce((total, value, k) => total + value * vectors[k * n + i] * vectors[k * n + j], 0);
        expect(sum).toBeCloseTo(a[i * n + j], 12);
      }
  }
});
