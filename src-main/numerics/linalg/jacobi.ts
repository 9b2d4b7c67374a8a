/** Sweeps; a dozen is plenty for any size that this method is good for. */
const sweeps = 60;

/**
 * Eigenvalues, rising, and orthonormal eigenvectors of a symmetric matrix a [n, n] by Jacobi's rotations (Golub & Van Loan, *Matrix
 * Computations*, 4th ed., §8.5). Accurate and short, and for small matrices: n³ a sweep. Row k of `vectors` [n, n] belongs to value k.
 */
export function symmetricEigen(n: number, a: Float64Array): { values: Float64Array; vectors: Float64Array } {
  const m = a.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  let size = 0;
  for (const value of m) size = Math.max(size, Math.abs(value));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let largest = 0;
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        largest = Math.max(largest, Math.abs(m[i * n + j]));
        rotate(n, m, v, i, j);
      }
    if (largest <= 1e-17 * size) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => m[i * n + i] - m[j * n + j]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => vectors.set(v.subarray(from * n, (from + 1) * n), k * n));
  return { values: Float64Array.from(order, (i) => m[i * n + i]), vectors };
}

/** Makes entry (i, j) of m zero by a rotation of rows and columns i and j, and rotates rows i and j of v. */
function rotate(n: number, m: Float64Array, v: Float64Array, i: number, j: number): void {
  const entry = m[i * n + j];
  if (entry === 0) return;
  const theta = (m[j * n + j] - m[i * n + i]) / (2 * entry);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  const turn = (values: Float64Array, p: number, q: number) => {
    const [a, b] = [values[p], values[q]];
    values[p] = c * a - s * b;
    values[q] = s * a + c * b;
  };
  for (let k = 0; k < n; k++) turn(m, k * n + i, k * n + j);
  for (let k = 0; k < n; k++) turn(m, i * n + k, j * n + k);
  m[i * n + j] = m[j * n + i] = 0;
  for (let k = 0; k < n; k++) turn(v, i * n + k, j * n + k);
}
