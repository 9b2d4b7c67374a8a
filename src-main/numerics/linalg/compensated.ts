/**
 * Products in twice the working precision (Ogita, Rump & Oishi, *Accurate Sum and Dot Product*, SIAM J. Sci. Comput. 26, 2005, Alg. 5.3),
 * for residuals: iterative refinement gains only what its residual knows. Dekker's splitting, since JavaScript has no fused multiply-add;
 * factors beyond 1e290 in magnitude overflow in it.
 */

const splitter = 2 ** 27 + 1;

/** The rounding error of the product x·y whose rounded value is `product`. */
export function productError(x: number, y: number, product: number): number {
  const xc = splitter * x;
  const xh = xc - (xc - x);
  const xl = x - xh;
  const yc = splitter * y;
  const yh = yc - (yc - y);
  const yl = y - yh;
  return xl * yl - (product - xh * yh - xl * yh - xh * yl);
}

/** start + Σ x[xAt + i]·y[yAt + i] over i < length, as if computed with twice as many digits and then rounded. */
export function compensatedDot(
  length: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
  start = 0,
): number {
  let sum = start;
  let error = 0;
  for (let i = 0; i < length; i++) {
    const a = x[xAt + i];
    const b = y[yAt + i];
    const product = a * b;
    const next = sum + product;
    const part = next - sum;
    error += productError(a, b, product) + (sum - (next - part) + (product - part));
    sum = next;
  }
  return sum + error;
}

/** Adds x·y to the sum `high[at]` + `low[at]`. */
export function addProduct(high: Float64Array, low: Float64Array, at: number, x: number, y: number): void {
  const product = x * y;
  const sum = high[at];
  const next = sum + product;
  const part = next - sum;
  low[at] += productError(x, y, product) + (sum - (next - part) + (product - part));
  high[at] = next;
}

/** high + low ← high + low + factor·Mᵀx for M [rows, columns]; rows whose weight is 0 cost nothing. */
export function addTransposedCompensated(
  rows: number,
  columns: number,
  m: Float64Array,
  x: Float64Array,
  factor: 1 | -1,
  high: Float64Array,
  low: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    const weight = factor * x[i];
    if (weight === 0) continue;
    for (let j = 0; j < columns; j++) addProduct(high, low, j, weight, m[i * columns + j]);
  }
}
