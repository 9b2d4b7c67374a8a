import { dot } from './products';

/**
 * Cholesky factor of a symmetric positive definite matrix, in place: reads and writes the lower triangle of a [n, n] only.
 *
 * @returns the index of the first pivot that is not positive beyond `relativeTolerance` times its original diagonal entry, or −1
 */
export function cholesky(n: number, a: Float64Array, relativeTolerance = 0): number {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) a[row + j] = (a[row + j] - dot(j, a, row, a, j * n)) / a[j * n + j];
    const entry = a[row + i];
    const pivot = entry - dot(i, a, row, a, row);
    if (!(pivot > relativeTolerance * Math.abs(entry)) || pivot === Infinity) return i;
    a[row + i] = Math.sqrt(pivot);
  }
  return -1;
}

/** x ← L⁻¹x for x = `x[at …]`. */
export function solveLower(n: number, l: Float64Array, x: Float64Array, at = 0): void {
  for (let i = 0; i < n; i++) x[at + i] = (x[at + i] - dot(i, l, i * n, x, at)) / l[i * n + i];
}

/** x ← L⁻ᵀx for x = `x[at …]`. */
export function solveLowerTransposed(n: number, l: Float64Array, x: Float64Array, at = 0): void {
  for (let i = n - 1; i >= 0; i--) {
    const value = (x[at + i] /= l[i * n + i]);
    for (let j = 0; j < i; j++) x[at + j] -= l[i * n + j] * value;
  }
}

/** x ← (LLᵀ)⁻¹x. */
export function solveCholesky(n: number, l: Float64Array, x: Float64Array, at = 0): void {
  solveLower(n, l, x, at);
  solveLowerTransposed(n, l, x, at);
}
