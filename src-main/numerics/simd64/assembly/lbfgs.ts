// The two loops of L-BFGS and their derivative: see ../../linalg/lbfgsKernels.ts, which has the same in plain loops.
import { addScaled, at, dot, total } from './dense';
import { madd } from './madd';

/** to ← from + αx, and Σ to_j other_j: one pass over memory for both. */
function stepAndDot(n: i32, alpha: f64, x: usize, from: usize, to: usize, other: usize): f64 {
  const factor = f64x2.splat(alpha);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    let value = madd(factor, v128.load(x), v128.load(from));
    v128.store(to, value);
    s0 = madd(value, v128.load(other), s0);
    value = madd(factor, v128.load(x, 16), v128.load(from, 16));
    v128.store(to, value, 16);
    s1 = madd(value, v128.load(other, 16), s1);
    value = madd(factor, v128.load(x, 32), v128.load(from, 32));
    v128.store(to, value, 32);
    s2 = madd(value, v128.load(other, 32), s2);
    value = madd(factor, v128.load(x, 48), v128.load(from, 48));
    v128.store(to, value, 48);
    s3 = madd(value, v128.load(other, 48), s3);
    x += 64;
    from += 64;
    to += 64;
    other += 64;
  }
  let sum = total(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; j < n; j++) {
    const value = load<f64>(from) + alpha * load<f64>(x);
    store<f64>(to, value);
    sum += value * load<f64>(other);
    x += 8;
    from += 8;
    to += 8;
    other += 8;
  }
  return sum;
}

export function twoLoops(n: i32, count: i32, s: usize, v: usize, rho: usize, gamma: f64, q: usize, r: usize, stride: i32, alpha: usize, beta: usize): void {
  const row = at(0, n);
  const step = at(0, stride);
  let i = count - 1;
  let along = dot(n, s + <usize>i * row, q + <usize>count * step);
  for (; i >= 0; i--) {
    const factor = load<f64>(at(rho, i)) * along;
    store<f64>(at(alpha, i), factor);
    const to = q + <usize>i * step;
    // The last of these products is not needed.
    along = stepAndDot(n, -factor, v + <usize>i * row, to + step, to, s + <usize>max(i - 1, 0) * row);
  }
  for (let j = 0; j < n; j++) store<f64>(at(r, j), gamma * load<f64>(at(q, j)));
  along = dot(n, v, r);
  for (i = 0; i < count; i++) {
    const factor = load<f64>(at(rho, i)) * along;
    store<f64>(at(beta, i), factor);
    const from = r + <usize>i * step;
    const next = v + <usize>min(i + 1, count - 1) * row;
    along = stepAndDot(n, load<f64>(at(alpha, i)) - factor, s + <usize>i * row, from, from + step, next);
  }
}

/** to ← to + ax + by + cz */
function addThree(n: i32, a: f64, x: usize, b: f64, y: usize, c: f64, z: usize, to: usize): void {
  const fa = f64x2.splat(a);
  const fb = f64x2.splat(b);
  const fc = f64x2.splat(c);
  let j = 0;
  for (; j + 2 <= n; j += 2) {
    v128.store(to, madd(fa, v128.load(x), madd(fb, v128.load(y), madd(fc, v128.load(z), v128.load(to)))));
    x += 16;
    y += 16;
    z += 16;
    to += 16;
  }
  if (j < n) store<f64>(to, load<f64>(to) + a * load<f64>(x) + b * load<f64>(y) + c * load<f64>(z));
}

export function addPairAdjoints(
  n: i32,
  count: i32,
  s: usize,
  v: usize,
  gamma: f64,
  curvature: f64,
  q: usize,
  r: usize,
  alpha: usize,
  beta: usize,
  q2: usize,
  r2: usize,
  alpha2: usize,
  beta2: usize,
  ofS: usize,
  ofV: usize,
): void {
  const row = at(0, n);
  for (let i = 0; i < count; i++) {
    const k = <usize>i * row;
    const a = load<f64>(at(alpha, i));
    const a2 = load<f64>(at(alpha2, i));
    const b = load<f64>(at(beta, i));
    const b2 = load<f64>(at(beta2, i));
    const ofProduct = b * a2 + b2 * a - a * a2;
    addThree(n, a2 - b2, q + k + row, a - b, q2 + k + row, ofProduct, v + k, ofS + k);
    addThree(n, -a2, r + k, -a, r2 + k, ofProduct, s + k, ofV + k);
  }
  const newest = <usize>(count - 1) * row;
  const ofGamma = dot(n, q, q2) / curvature;
  addScaled(n, ofGamma, v + newest, ofS + newest);
  addScaled(n, ofGamma, s + newest, ofV + newest);
  addScaled(n, -2 * gamma * ofGamma, v + newest, ofV + newest);
}
