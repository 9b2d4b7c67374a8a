/**
 * xᵀy as if computed in twice the precision and rounded once (Ogita, Rump & Oishi, *Accurate sum and dot product*, SIAM J. Sci. Comput.
 * 26, 2005, Algorithm 5.3): the rounding error of every product and sum is computed and carried along.
 */
export function compensatedDot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  let error = 0;
  for (let i = 0; i < x.length; i++) {
    const product = x[i] * y[i];
    const [xHigh, yHigh] = [upperHalf(x[i]), upperHalf(y[i])];
    const [xLow, yLow] = [x[i] - xHigh, y[i] - yHigh];
    const productError = xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
    const next = sum + product;
    const added = next - sum;
    error += sum - (next - added) + (product - added) + productError;
    sum = next;
  }
  return sum + error;
}

/** The upper 26 bits of a number (Veltkamp's splitting). */
function upperHalf(value: number): number {
  const shifted = value * 134217729;
  return shifted - (shifted - value);
}

/** A⁻¹b for A [n, n]: elimination with row pivoting, then iterative refinement with accurate residuals. */
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
  for (let round = 0; round < 4; round++) {
    const r = Float64Array.from(order, (i) => residual(A, b, x, i));
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) r[i] -= lu[i * n + j] * r[j];
    for (let i = n - 1; i >= 0; i--) {
      for (let j = i + 1; j < n; j++) r[i] -= lu[i * n + j] * r[j];
      r[i] /= lu[i * n + i];
    }
    for (let i = 0; i < n; i++) x[i] += r[i];
  }
  return x;
}

/** b_i − A_i x, accurate although it cancels. */
function residual(A: Float64Array, b: Float64Array, x: Float64Array, i: number): number {
  const n = b.length;
  const row = new Float64Array(n + 1);
  row.set(A.subarray(i * n, (i + 1) * n));
  row[n] = -b[i];
  const extended = new Float64Array(n + 1);
  extended.set(x);
  extended[n] = 1;
  return -compensatedDot(row, extended);
}
