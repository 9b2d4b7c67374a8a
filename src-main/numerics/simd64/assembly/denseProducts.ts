// Products of dense matrices and Cholesky factors, by tiles of four rows and two columns; as in dense.ts.
import { at, dot } from './dense';
import { madd } from './madd';

/** c[4][2] ← abᵀ, or c − abᵀ, of four rows of a and two of b. */
@inline
function tile(depth: i32, a: usize, rowA: usize, b: usize, rowB: usize, c: usize, rowC: usize, subtract: bool): void {
  let a0 = a;
  let a1 = a0 + rowA;
  let a2 = a1 + rowA;
  let a3 = a2 + rowA;
  let b0 = b;
  let b1 = b + rowB;
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let k = 0;
  for (; k + 2 <= depth; k += 2) {
    const y0 = v128.load(b0);
    const y1 = v128.load(b1);
    let x = v128.load(a0);
    c00 = madd(x, y0, c00);
    c01 = madd(x, y1, c01);
    x = v128.load(a1);
    c10 = madd(x, y0, c10);
    c11 = madd(x, y1, c11);
    x = v128.load(a2);
    c20 = madd(x, y0, c20);
    c21 = madd(x, y1, c21);
    x = v128.load(a3);
    c30 = madd(x, y0, c30);
    c31 = madd(x, y1, c31);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    b0 += 16;
    b1 += 16;
  }
  if (k < depth) {
    const y0 = v128.load64_zero(b0);
    const y1 = v128.load64_zero(b1);
    let x = v128.load64_zero(a0);
    c00 = madd(x, y0, c00);
    c01 = madd(x, y1, c01);
    x = v128.load64_zero(a1);
    c10 = madd(x, y0, c10);
    c11 = madd(x, y1, c11);
    x = v128.load64_zero(a2);
    c20 = madd(x, y0, c20);
    c21 = madd(x, y1, c21);
    x = v128.load64_zero(a3);
    c30 = madd(x, y0, c30);
    c31 = madd(x, y1, c31);
  }
  put(c, c00, c01, subtract);
  put(c + rowC, c10, c11, subtract);
  put(c + 2 * rowC, c20, c21, subtract);
  put(c + 3 * rowC, c30, c31, subtract);
}

@inline
function put(c: usize, s0: v128, s1: v128, subtract: bool): void {
  const sums = f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3));
  v128.store(c, subtract ? f64x2.sub(v128.load(c), sums) : sums);
}

/** c ← abᵀ, or c − abᵀ, for a [rowsA, depth] and b [rowsB, depth]. */
function product(
  rowsA: i32,
  rowsB: i32,
  depth: i32,
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  c: usize,
  strideC: i32,
  subtract: bool,
): void {
  const rowA = at(0, strideA);
  const rowB = at(0, strideB);
  const rowC = at(0, strideC);
  let i = 0;
  for (; i + 4 <= rowsA; i += 4) {
    let j = 0;
    for (; j + 2 <= rowsB; j += 2)
      tile(depth, a + <usize>i * rowA, rowA, b + <usize>j * rowB, rowB, at(c + <usize>i * rowC, j), rowC, subtract);
    if (j < rowsB) for (let r = i; r < i + 4; r++) single(depth, a + <usize>r * rowA, b + <usize>j * rowB, at(c + <usize>r * rowC, j), subtract);
  }
  for (; i < rowsA; i++)
    for (let j = 0; j < rowsB; j++)
      single(depth, a + <usize>i * rowA, b + <usize>j * rowB, at(c + <usize>i * rowC, j), subtract);
}

function single(depth: i32, a: usize, b: usize, c: usize, subtract: bool): void {
  const sum = dot(depth, a, b);
  store<f64>(c, subtract ? load<f64>(c) - sum : sum);
}

/** C [rowsA, rowsB] ← ABᵀ */
export function multiplyTransposed(
  rowsA: i32,
  rowsB: i32,
  depth: i32,
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  c: usize,
  strideC: i32,
): void {
  product(rowsA, rowsB, depth, a, strideA, b, strideB, c, strideC, false);
}

/** C [rows, n] ← ALᵀ for A [rows, n] and a lower triangle L [n, n], whose upper part is zero. */
export function multiplyByLowerTransposed(rows: i32, n: i32, a: usize, l: usize, c: usize): void {
  for (let j = 0; j < n; j += 4) {
    const width = min(4, n - j);
    product(rows, width, j + width, a, n, at(l, j * n), n, at(c, j), n, false);
  }
}

/** Lower triangle of C [rows, rows] ← AAᵀ for A [rows, depth]; the rest is undefined. */
export function multiplySymmetric(rows: i32, depth: i32, a: usize, strideA: i32, c: usize, strideC: i32): void {
  for (let i = 0; i < rows; i += 4) {
    const height = min(4, rows - i);
    product(height, i + height, depth, at(a, i * strideA), strideA, a, strideA, at(c, i * strideC), strideC, false);
  }
}

/**
 * Rows from, from + 1, … of the Cholesky factor of the lower triangle of a [n, n], in place, the rows before them being there already: four rows
 * at a time, by blocks of four columns.
 *
 * Returns the index of the first pivot that is not positive beyond `tolerance` times its entry, or −1.
 */
export function cholesky(n: i32, from: i32, a: usize, stride: i32, tolerance: f64): i32 {
  const row = at(0, stride);
  for (let i = from; i < n; i += 4) {
    const height = min(4, n - i);
    const rows = a + <usize>i * row;
    for (let j = 0; j < i; j += 4) {
      const width = min(4, i - j);
      product(height, width, j, rows, stride, a + <usize>j * row, stride, at(rows, j), stride, true);
      for (let r = 0; r < height; r++) solveBlock(width, a + <usize>j * row, j, stride, rows + <usize>r * row);
    }
    for (let r = 0; r < height; r++) {
      const own = rows + <usize>r * row;
      for (let q = 0; q <= r; q++) {
        const to = at(own, i + q);
        const entry = load<f64>(to);
        const rest = entry - dot(i + q, own, rows + <usize>q * row);
        if (q < r) store<f64>(to, rest / load<f64>(at(rows + <usize>q * row, i + q)));
        else {
          if (!(rest > tolerance * Math.abs(entry)) || rest == Infinity) return i + r;
          store<f64>(to, Math.sqrt(rest));
        }
      }
    }
  }
  return -1;
}

/** Of one row: entries j … j + width − 1, from which the columns before j have been subtracted, against a triangle of the factor. */
function solveBlock(width: i32, block: usize, j: i32, stride: i32, own: usize): void {
  for (let q = 0; q < width; q++) {
    const other = at(block, q * stride);
    let value = load<f64>(at(own, j + q));
    for (let p = 0; p < q; p++) value -= load<f64>(at(own, j + p)) * load<f64>(at(other, j + p));
    store<f64>(at(own, j + q), value / load<f64>(at(other, j + q)));
  }
}
