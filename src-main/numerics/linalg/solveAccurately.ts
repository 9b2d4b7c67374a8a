import { compensatedDot } from './compensated';

/**
 * A⁻¹b for A [n, n], right in nearly every digit while the condition is far below 1e16: elimination with row pivoting, then iterative
 * refinement with residuals in twice the precision (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., §12.1). A reference
 * for tests and benchmarks; it allocates.
 */
export function solveAccurately(A: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const lu = A.slice();
  const order = Int32Array.from(b.keys());
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(lu[i * n + k]) > Math.abs(lu[pivot * n + k])) pivot = i;
    [order[k], order[pivot]] = [order[pivot], order[k]];
    if (pivot !== k) {
      const row = lu.slice(k * n, (k + 1) * n);
      lu.copyWithin(k * n, pivot * n, (pivot + 1) * n);
      lu.set(row, pivot * n);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (lu[i * n + k] /= lu[k * n + k]);
      if (factor !== 0) for (let j = k + 1; j < n; j++) lu[i * n + j] -= factor * lu[k * n + j];
    }
  }
  const x = new Float64Array(n);
  const minusX = new Float64Array(n);
  for (let round = 0; round < 4; round++) {
    const r = Float64Array.from(order, (i) => compensatedDot(n, A, i * n, minusX, 0, b[i]));
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) r[i] -= lu[i * n + j] * r[j];
    for (let i = n - 1; i >= 0; i--) {
      for (let j = i + 1; j < n; j++) r[i] -= lu[i * n + j] * r[j];
      r[i] /= lu[i * n + i];
    }
    for (let i = 0; i < n; i++) minusX[i] = -(x[i] += r[i]);
  }
  return x;
}
