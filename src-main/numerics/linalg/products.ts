/**
 * Dense float64 kernels on flat row-major arrays, without allocation. The loops are written for V8: contiguous operands, and tiles
 * small enough that their accumulators stay in registers.
 */

/** Σ x[xAt + i]·y[yAt + i] over i < length, in four partial sums. */
export function dot(length: number, x: Float64Array, xAt: number, y: Float64Array, yAt: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += x[xAt + i] * y[yAt + i];
    s1 += x[xAt + i + 1] * y[yAt + i + 1];
    s2 += x[xAt + i + 2] * y[yAt + i + 2];
    s3 += x[xAt + i + 3] * y[yAt + i + 3];
  }
  for (; i < length; i++) s0 += x[xAt + i] * y[yAt + i];
  return s0 + s1 + (s2 + s3);
}

/** y [rows] ← Mx for M [rows, columns]. */
export function multiply(rows: number, columns: number, m: Float64Array, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < rows; i++) y[i] = dot(columns, m, i * columns, x, 0);
}

/** y [columns] ← y + Mᵀx for M [rows, columns]; rows whose weight is 0 cost nothing. */
export function addTransposed(rows: number, columns: number, m: Float64Array, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < rows; i++) {
    const weight = x[i];
    if (weight === 0) continue;
    const at = i * columns;
    for (let j = 0; j < columns; j++) y[j] += weight * m[at + j];
  }
}

/**
 * C [rowsA, rowsB] ← A Bᵀ for A [rowsA, length] and B [rowsB, length], in tiles of 3 × 3. C begins at `c[cAt]` and its rows are
 * `stride` apart.
 */
export function multiplyTransposed(
  rowsA: number,
  rowsB: number,
  length: number,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  cAt = 0,
  stride = rowsB,
): void {
  for (let i = 0; i < rowsA; i += 3)
    for (let j = 0; j < rowsB; j += 3) tile(i, j, rowsA, rowsB, length, a, b, c, cAt, stride);
}

/** Lower triangle of C [rows, rows] ← A Bᵀ for A and B [rows, length] of which A Bᵀ is symmetric. The rest is undefined. */
export function multiplySymmetric(
  rows: number,
  length: number,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
): void {
  for (let i = 0; i < rows; i += 3) for (let j = 0; j <= i; j += 3) tile(i, j, rows, rows, length, a, b, c, 0, rows);
}

function tile(
  i: number,
  j: number,
  rowsA: number,
  rowsB: number,
  length: number,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  cAt: number,
  stride: number,
): void {
  if (i + 3 > rowsA || j + 3 > rowsB) {
    for (let p = i; p < Math.min(i + 3, rowsA); p++)
      for (let q = j; q < Math.min(j + 3, rowsB); q++)
        c[cAt + p * stride + q] = dot(length, a, p * length, b, q * length);
    return;
  }
  let [c00, c01, c02, c10, c11, c12, c20, c21, c22] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  let a0 = i * length;
  let a1 = a0 + length;
  let a2 = a1 + length;
  let b0 = j * length;
  let b1 = b0 + length;
  let b2 = b1 + length;
  for (const end = a1; a0 < end; a0++, a1++, a2++, b0++, b1++, b2++) {
    const x0 = a[a0];
    const x1 = a[a1];
    const x2 = a[a2];
    const y0 = b[b0];
    const y1 = b[b1];
    const y2 = b[b2];
    c00 += x0 * y0;
    c01 += x0 * y1;
    c02 += x0 * y2;
    c10 += x1 * y0;
    c11 += x1 * y1;
    c12 += x1 * y2;
    c20 += x2 * y0;
    c21 += x2 * y1;
    c22 += x2 * y2;
  }
  const top = cAt + i * stride + j;
  c[top] = c00;
  c[top + 1] = c01;
  c[top + 2] = c02;
  c[top + stride] = c10;
  c[top + stride + 1] = c11;
  c[top + stride + 2] = c12;
  c[top + 2 * stride] = c20;
  c[top + 2 * stride + 1] = c21;
  c[top + 2 * stride + 2] = c22;
}
