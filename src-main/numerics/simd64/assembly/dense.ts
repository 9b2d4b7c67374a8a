// Dense matrices and vectors on one thread, matrices [rows, columns] with `stride` numbers from row to row. Sums are taken in an order that
// depends on the shapes only.
import { madd } from './madd';

@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 3);
}

@inline
export function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Σ x_i y_i */
export function dot(n: i32, x: usize, y: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 = madd(v128.load(x), v128.load(y), s0);
    s1 = madd(v128.load(x, 16), v128.load(y, 16), s1);
    x += 32;
    y += 32;
  }
  let sum = total(f64x2.add(s0, s1));
  for (; i < n; i++) {
    sum += load<f64>(x) * load<f64>(y);
    x += 8;
    y += 8;
  }
  return sum;
}

/** *y0 ← m0ᵀx … *y3 ← m3ᵀx */
@inline
function dotFour(n: i32, m0: usize, m1: usize, m2: usize, m3: usize, x: usize, y0: usize, y1: usize, y2: usize, y3: usize): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let j = 0;
  for (; j + 2 <= n; j += 2) {
    const value = v128.load(x);
    s0 = madd(v128.load(m0), value, s0);
    s1 = madd(v128.load(m1), value, s1);
    s2 = madd(v128.load(m2), value, s2);
    s3 = madd(v128.load(m3), value, s3);
    x += 16;
    m0 += 16;
    m1 += 16;
    m2 += 16;
    m3 += 16;
  }
  let t0 = total(s0);
  let t1 = total(s1);
  let t2 = total(s2);
  let t3 = total(s3);
  if (j < n) {
    const value = load<f64>(x);
    t0 += load<f64>(m0) * value;
    t1 += load<f64>(m1) * value;
    t2 += load<f64>(m2) * value;
    t3 += load<f64>(m3) * value;
  }
  store<f64>(y0, t0);
  store<f64>(y1, t1);
  store<f64>(y2, t2);
  store<f64>(y3, t3);
}

/** y ← Mx */
export function multiplyVector(rows: i32, columns: i32, m: usize, stride: i32, x: usize, y: usize): void {
  const row = at(0, stride);
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const m0 = m + <usize>i * row;
    const to = at(y, i);
    dotFour(columns, m0, m0 + row, m0 + 2 * row, m0 + 3 * row, x, to, to + 8, to + 16, to + 24);
  }
  for (; i < rows; i++) store<f64>(at(y, i), dot(columns, m + <usize>i * row, x));
}

/** y_i ← m_iᵀx for the rows with w_i ≠ 0, and 0 for the others; four of them at a time, whichever they are. */
export function multiplySelected(rows: i32, columns: i32, m: usize, w: usize, x: usize, y: usize): void {
  const row = at(0, columns);
  let i0 = 0;
  let i1 = 0;
  let i2 = 0;
  let count = 0;
  for (let i = 0; i < rows; i++) {
    if (load<f64>(at(w, i)) == 0) {
      store<f64>(at(y, i), 0);
      continue;
    }
    if (++count == 4) {
      const from0 = m + <usize>i0 * row;
      const from1 = m + <usize>i1 * row;
      const from2 = m + <usize>i2 * row;
      dotFour(columns, from0, from1, from2, m + <usize>i * row, x, at(y, i0), at(y, i1), at(y, i2), at(y, i));
      count = 0;
    } else {
      i0 = i1;
      i1 = i2;
      i2 = i;
    }
  }
  if (count > 0) store<f64>(at(y, i2), dot(columns, m + <usize>i2 * row, x));
  if (count > 1) store<f64>(at(y, i1), dot(columns, m + <usize>i1 * row, x));
  if (count > 2) store<f64>(at(y, i0), dot(columns, m + <usize>i0 * row, x));
}

/** y ← y + Mᵀw */
export function addTransposedVector(rows: i32, columns: i32, m: usize, stride: i32, w: usize, y: usize): void {
  const row = at(0, stride);
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const m0 = m + <usize>i * row;
    const from = at(w, i);
    const w0 = load<f64>(from);
    addFour(columns, m0, m0 + row, m0 + 2 * row, m0 + 3 * row, w0, load<f64>(from, 8), load<f64>(from, 16), load<f64>(from, 24), y);
  }
  for (; i < rows; i++) addScaled(columns, load<f64>(at(w, i)), m + <usize>i * row, y);
}

/** y ← y + Mᵀw over the rows with w_i ≠ 0, four of them at a time, whichever they are. */
export function addSelected(rows: i32, columns: i32, m: usize, w: usize, y: usize): void {
  const row = at(0, columns);
  let i0 = 0;
  let i1 = 0;
  let i2 = 0;
  let count = 0;
  for (let i = 0; i < rows; i++) {
    const weight = load<f64>(at(w, i));
    if (weight == 0) continue;
    if (++count == 4) {
      const from0 = m + <usize>i0 * row;
      const from1 = m + <usize>i1 * row;
      const from2 = m + <usize>i2 * row;
      const w0 = load<f64>(at(w, i0));
      addFour(columns, from0, from1, from2, m + <usize>i * row, w0, load<f64>(at(w, i1)), load<f64>(at(w, i2)), weight, y);
      count = 0;
    } else {
      i0 = i1;
      i1 = i2;
      i2 = i;
    }
  }
  if (count > 2) addScaled(columns, load<f64>(at(w, i0)), m + <usize>i0 * row, y);
  if (count > 1) addScaled(columns, load<f64>(at(w, i1)), m + <usize>i1 * row, y);
  if (count > 0) addScaled(columns, load<f64>(at(w, i2)), m + <usize>i2 * row, y);
}

/** y ← y + αx */
export function addScaled(n: i32, alpha: f64, x: usize, y: usize): void {
  const factor = f64x2.splat(alpha);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    v128.store(y, madd(factor, v128.load(x), v128.load(y)));
    x += 16;
    y += 16;
  }
  if (i < n) store<f64>(y, load<f64>(y) + alpha * load<f64>(x));
}

/** y ← y + w0 m0 + … + w3 m3 */
function addFour(n: i32, m0: usize, m1: usize, m2: usize, m3: usize, w0: f64, w1: f64, w2: f64, w3: f64, y: usize): void {
  const f0 = f64x2.splat(w0);
  const f1 = f64x2.splat(w1);
  const f2 = f64x2.splat(w2);
  const f3 = f64x2.splat(w3);
  let j = 0;
  for (; j + 2 <= n; j += 2) {
    let sum = madd(f0, v128.load(m0), v128.load(y));
    sum = madd(f1, v128.load(m1), sum);
    sum = madd(f2, v128.load(m2), sum);
    v128.store(y, madd(f3, v128.load(m3), sum));
    y += 16;
    m0 += 16;
    m1 += 16;
    m2 += 16;
    m3 += 16;
  }
  if (j < n)
    store<f64>(y, load<f64>(y) + w0 * load<f64>(m0) + w1 * load<f64>(m1) + w2 * load<f64>(m2) + w3 * load<f64>(m3));
}

/** y ← Lx for a lower triangle. */
export function multiplyLower(n: i32, l: usize, x: usize, y: usize): void {
  for (let i = 0; i < n; i += 4) {
    const rows = min(4, n - i);
    const from = at(l, i * n);
    multiplyVector(rows, i, from, n, x, at(y, i));
    // Beyond column i: a triangle of at most 4.
    for (let r = 0; r < rows; r++) {
      let sum = load<f64>(at(y, i + r));
      for (let j = 0; j <= r; j++) sum += load<f64>(at(from, r * n + i + j)) * load<f64>(at(x, i + j));
      store<f64>(at(y, i + r), sum);
    }
  }
}

/** y ← Lᵀx for a lower triangle. */
export function multiplyLowerTransposed(n: i32, l: usize, x: usize, y: usize): void {
  memory.fill(y, 0, at(0, n));
  for (let i = 0; i < n; i += 4) {
    const rows = min(4, n - i);
    const from = at(l, i * n);
    addTransposedVector(rows, i, from, n, at(x, i), y);
    for (let r = 0; r < rows; r++)
      for (let j = 0; j <= r; j++) {
        const to = at(y, i + j);
        store<f64>(to, load<f64>(to) + load<f64>(at(from, r * n + i + j)) * load<f64>(at(x, i + r)));
      }
  }
}

/** x ← L⁻¹x for a lower triangle. */
export function solveLower(n: i32, l: usize, stride: i32, x: usize): void {
  for (let i = 0; i < n; i++) {
    const row = at(l, i * stride);
    store<f64>(at(x, i), (load<f64>(at(x, i)) - dot(i, row, x)) / load<f64>(at(row, i)));
  }
}

/** x ← L⁻ᵀx for a lower triangle. */
export function solveLowerTransposed(n: i32, l: usize, stride: i32, x: usize): void {
  for (let i = n - 1; i >= 0; i--) {
    const row = at(l, i * stride);
    const value = load<f64>(at(x, i)) / load<f64>(at(row, i));
    store<f64>(at(x, i), value);
    addScaled(i, -value, row, x);
  }
}

/** c_i ← Σ_j (H_ij y_j + G_ij) y_j − h_i for H and G [m, n]. */
export function quadraticRows(m: i32, n: i32, h: usize, g: usize, limit: usize, y: usize, c: usize): void {
  for (let i = 0; i < m; i++) {
    let hi = at(h, i * n);
    let gi = at(g, i * n);
    let p = y;
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      let value = v128.load(p);
      s0 = madd(madd(v128.load(hi), value, v128.load(gi)), value, s0);
      value = v128.load(p, 16);
      s1 = madd(madd(v128.load(hi, 16), value, v128.load(gi, 16)), value, s1);
      p += 32;
      hi += 32;
      gi += 32;
    }
    let sum = total(f64x2.add(s0, s1));
    for (; j < n; j++) {
      const value = load<f64>(p);
      sum += (load<f64>(hi) * value + load<f64>(gi)) * value;
      p += 8;
      hi += 8;
      gi += 8;
    }
    store<f64>(at(c, i), sum - load<f64>(at(limit, i)));
  }
}

/** out ← α H∘y + g; g and out may be the same. */
export function curvedRow(n: i32, alpha: f64, h: usize, y: usize, g: usize, out: usize): void {
  const factor = f64x2.splat(alpha);
  let j = 0;
  for (; j + 2 <= n; j += 2) {
    const o = <usize>j << 3;
    v128.store(out + o, madd(factor, f64x2.mul(v128.load(h + o), v128.load(y + o)), v128.load(g + o)));
  }
  if (j < n) {
    const o = <usize>j << 3;
    store<f64>(out + o, alpha * (load<f64>(h + o) * load<f64>(y + o)) + load<f64>(g + o));
  }
}
