// What is left of a QCQP's objective, residual and their gradients when the matrix products are done. Rows are instances.
import { integer, number, pointer } from './layout';

/** [c̃ | Ay] ← [relu(c̃ − h) | Ay − x] in place. Integers: 0 rows, 1 m, 2 e, 3 residual [rows, m+e], 4 h, 5 x, 6 rows an item. */
export function residual(item: i32): void {
  const m = integer(1);
  const e = integer(2);
  const first = item * integer(6);
  const last = min(first + integer(6), integer(0));
  for (let i = first; i < last; i++) {
    let r = pointer(3) + (<usize>(i * (m + e)) << 3);
    let limit = pointer(4);
    let j = 0;
    for (; j + 2 <= m; j += 2) {
      v128.store(r, f64x2.max(f64x2.sub(v128.load(r), v128.load(limit)), f64x2.splat(0)));
      r += 16;
      limit += 16;
    }
    if (j < m) {
      store<f64>(r, max<f64>(load<f64>(r) - load<f64>(limit), 0));
      r += 8;
    }
    let x = pointer(5) + (<usize>(i * e) << 3);
    for (j = 0; j + 2 <= e; j += 2) {
      v128.store(r, f64x2.sub(v128.load(r), v128.load(x)));
      r += 16;
      x += 16;
    }
    if (j < e) store<f64>(r, load<f64>(r) - load<f64>(x));
  }
}

/** What a gradient with respect to the residual is worth: nothing in the first m columns where the residual is zero. Integers: 0 rows, 1 m,
 * 2 e, 3 gradient, 4 residual, 5 out, 6 rows an item. */
export function maskResidual(item: i32): void {
  const m = integer(1);
  const width = m + integer(2);
  const first = item * integer(6);
  const last = min(first + integer(6), integer(0));
  for (let i = first; i < last; i++) {
    const row = <usize>(i * width) << 3;
    const g = pointer(3) + row;
    const r = pointer(4) + row;
    const out = pointer(5) + row;
    let j = 0;
    for (; j + 2 <= m; j += 2) {
      const at = <usize>j << 3;
      v128.store(out + at, v128.and(v128.load(g + at), f64x2.gt(v128.load(r + at), f64x2.splat(0))));
    }
    if (j < m) {
      const at = <usize>j << 3;
      store<f64>(out + at, load<f64>(r + at) > 0 ? load<f64>(g + at) : 0);
    }
    memory.copy(out + (<usize>m << 3), g + (<usize>m << 3), <usize>(width - m) << 3);
  }
}

/** Sum of squares of each row. Integers: 0 rows, 1 columns, 2 x, 3 result, 4 rows an item. */
export function squaredNorm(item: i32): void {
  const n = integer(1);
  const first = item * integer(4);
  const last = min(first + integer(4), integer(0));
  for (let i = first; i < last; i++) {
    const x = pointer(2) + (<usize>(i * n) << 3);
    let even = f64x2.splat(0);
    let odd = even;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      const at = x + (<usize>j << 3);
      const u = v128.load(at);
      const v = v128.load(at, 16);
      even = f64x2.add(even, f64x2.mul(u, u));
      odd = f64x2.add(odd, f64x2.mul(v, v));
    }
    const sums = f64x2.add(even, odd);
    let total = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (; j < n; j++) {
      const value = load<f64>(x + (<usize>j << 3));
      total += value * value;
    }
    store<f64>(pointer(3) + (<usize>i << 3), total);
  }
}

/** out[i] = α w[i] x[i]. Integers: 0 rows, 1 columns, 2 x, 3 w, 4 out, 5 rows an item. Numbers: 0 α. */
export function scaleRows(item: i32): void {
  const columns = integer(1);
  const first = item * integer(5);
  const last = min(first + integer(5), integer(0));
  for (let i = first; i < last; i++) {
    const factor = number(0) * load<f64>(pointer(3) + ((<usize>i) << 3));
    const pair = f64x2.splat(factor);
    let x = pointer(2) + ((<usize>(i * columns)) << 3);
    let out = pointer(4) + ((<usize>(i * columns)) << 3);
    let j = 0;
    for (; j + 2 <= columns; j += 2) {
      v128.store(out, f64x2.mul(pair, v128.load(x)));
      x += 16;
      out += 16;
    }
    if (j < columns) store<f64>(out, factor * load<f64>(x));
  }
}

/** out += α y∘t in place. Integers: 0 entries, 1 y, 2 t, 3 out. Numbers: 0 α. Items of 8192. */
export function addProduct(item: i32): void {
  const first = item * 8192;
  const at = (<usize>first) << 3;
  let n = min(8192, integer(0) - first);
  let y = pointer(1) + at;
  let t = pointer(2) + at;
  let out = pointer(3) + at;
  const alpha = f64x2.splat(number(0));
  for (; n >= 2; n -= 2) {
    v128.store(out, f64x2.add(v128.load(out), f64x2.mul(alpha, f64x2.mul(v128.load(y), v128.load(t)))));
    y += 16;
    t += 16;
    out += 16;
  }
  if (n > 0) store<f64>(out, load<f64>(out) + number(0) * (load<f64>(y) * load<f64>(t)));
}

/** f[i] = Σ_j y_j (½ q_j y_j + p_j). Integers: 0 rows, 1 n, 2 y, 3 q, 4 p, 5 f, 6 rows an item. */
export function quadratic(item: i32): void {
  const n = integer(1);
  const first = item * integer(6);
  const last = min(first + integer(6), integer(0));
  const half = f64x2.splat(0.5);
  for (let i = first; i < last; i++) {
    const y = pointer(2) + ((<usize>(i * n)) << 3);
    let sums = f64x2.splat(0);
    let j = 0;
    for (; j + 2 <= n; j += 2) {
      const at = (<usize>j) << 3;
      const value = v128.load(y + at);
      const slope = f64x2.add(
        f64x2.mul(half, f64x2.mul(v128.load(pointer(3) + at), value)),
        v128.load(pointer(4) + at),
      );
      sums = f64x2.add(sums, f64x2.mul(value, slope));
    }
    let total = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    if (j < n) {
      const at = (<usize>j) << 3;
      const value = load<f64>(y + at);
      total += value * (0.5 * (load<f64>(pointer(3) + at) * value) + load<f64>(pointer(4) + at));
    }
    store<f64>(pointer(5) + ((<usize>i) << 3), total);
  }
}

/** g[i][j] = w[i] (q_j y[i][j] + p_j). Integers: 0 rows, 1 n, 2 y, 3 q, 4 p, 5 w, 6 g, 7 rows an item. */
export function quadraticGradient(item: i32): void {
  const n = integer(1);
  const first = item * integer(7);
  const last = min(first + integer(7), integer(0));
  for (let i = first; i < last; i++) {
    const row = (<usize>(i * n)) << 3;
    const weight = load<f64>(pointer(5) + ((<usize>i) << 3));
    const pair = f64x2.splat(weight);
    let j = 0;
    for (; j + 2 <= n; j += 2) {
      const at = (<usize>j) << 3;
      const slope = f64x2.add(
        f64x2.mul(v128.load(pointer(3) + at), v128.load(pointer(2) + row + at)),
        v128.load(pointer(4) + at),
      );
      v128.store(pointer(6) + row + at, f64x2.mul(pair, slope));
    }
    if (j < n) {
      const at = (<usize>j) << 3;
      const slope = load<f64>(pointer(3) + at) * load<f64>(pointer(2) + row + at) + load<f64>(pointer(4) + at);
      store<f64>(pointer(6) + row + at, weight * slope);
    }
  }
}
