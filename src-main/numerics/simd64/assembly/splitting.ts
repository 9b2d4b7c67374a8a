// Steps of an operator splitting in which every quadratic row has a copy of y. n is even: an odd one is filled up with zeros.
import { total } from './dense';

/** Of the pass before: Σ_j (η_j w_j + g_j)w_j − h, minus its derivative by λ, a sixth of its second derivative, and the size of the terms. */
let value: f64 = 0;
let slope: f64 = 0;
let curvature: f64 = 0;
let size: f64 = 0;

/** A value within this of 0, relative to the size of its terms, is 0. */
const RESOLUTION: f64 = 1e-14;
const MOST_STEPS: i32 = 100;

@inline
function reflected(p: usize, s: usize): v128 {
  return f64x2.sub(f64x2.mul(f64x2.splat(2), v128.load(p)), v128.load(s));
}

/** `value` at w = 2p − s. */
function evaluate(n: i32, eta: usize, g: usize, h: f64, p: usize, s: usize): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  const end = eta + ((<usize>n) << 3);
  for (; eta + 32 <= end; eta += 32) {
    const t0 = reflected(p, s);
    const t1 = reflected(p + 16, s + 16);
    s0 = f64x2.add(s0, f64x2.mul(f64x2.add(f64x2.mul(v128.load(eta), t0), v128.load(g)), t0));
    s1 = f64x2.add(s1, f64x2.mul(f64x2.add(f64x2.mul(v128.load(eta, 16), t1), v128.load(g, 16)), t1));
    g += 32;
    p += 32;
    s += 32;
  }
  if (eta < end) {
    const t = reflected(p, s);
    s0 = f64x2.add(s0, f64x2.mul(f64x2.add(f64x2.mul(v128.load(eta), t), v128.load(g)), t));
  }
  value = total(f64x2.add(s0, s1)) - h;
}

/** `value`, `slope`, `curvature` and `size` at w = (2p − s − λg)/(1 + 2λη). */
function evaluateAt(n: i32, eta: usize, g: usize, h: f64, p: usize, s: usize, lambda: f64): void {
  const one = f64x2.splat(1);
  const twice = f64x2.splat(2 * lambda);
  const along = f64x2.splat(lambda);
  let values = f64x2.splat(0);
  let slopes = values;
  let curvatures = values;
  let sizes = values;
  for (let j = 0; j < n; j += 2) {
    const e = v128.load(eta);
    const linear = v128.load(g);
    const inverse = f64x2.div(one, f64x2.add(one, f64x2.mul(twice, e)));
    const w = f64x2.mul(f64x2.sub(reflected(p, s), f64x2.mul(along, linear)), inverse);
    const curved = f64x2.mul(e, w);
    const half = f64x2.add(curved, linear);
    const term = f64x2.mul(half, w);
    const gradient = f64x2.add(half, curved);
    values = f64x2.add(values, term);
    sizes = f64x2.add(sizes, f64x2.abs(term));
    const fall = f64x2.mul(f64x2.mul(gradient, gradient), inverse);
    slopes = f64x2.add(slopes, fall);
    curvatures = f64x2.add(curvatures, f64x2.mul(f64x2.mul(e, inverse), fall));
    eta += 16;
    g += 16;
    p += 16;
    s += 16;
  }
  value = total(values) - h;
  slope = total(slopes);
  curvature = total(curvatures);
  size = total(sizes) + Math.abs(h);
}

/** s ← s + ω(w − p) and total ← total + s, w as above. */
function move(n: i32, eta: usize, g: usize, p: usize, s: usize, sum: usize, omega: f64, lambda: f64): void {
  const one = f64x2.splat(1);
  const twice = f64x2.splat(2 * lambda);
  const along = f64x2.splat(lambda);
  const relaxation = f64x2.splat(omega);
  for (let j = 0; j < n; j += 2) {
    const point = v128.load(p);
    let w = reflected(p, s);
    if (lambda > 0)
      w = f64x2.div(
        f64x2.sub(w, f64x2.mul(along, v128.load(g))),
        f64x2.add(one, f64x2.mul(twice, v128.load(eta))),
      );
    const next = f64x2.add(v128.load(s), f64x2.mul(relaxation, f64x2.sub(w, point)));
    v128.store(s, next);
    v128.store(sum, f64x2.add(v128.load(sum), next));
    eta += 16;
    g += 16;
    p += 16;
    s += 16;
    sum += 16;
  }
}

/** As `DenseKernels.splitRows`; `bend` holds the largest η of every row. */
export function splitRows(
  rows: i32,
  n: i32,
  eta: usize,
  g: usize,
  h: usize,
  bend: usize,
  p: usize,
  s: usize,
  sum: usize,
  omega: f64,
  lambda: usize,
): void {
  const row = (<usize>n) << 3;
  for (let i = 0; i < rows; i++) {
    store<f64>(lambda, splitRow(n, eta, g, load<f64>(h), load<f64>(bend), p, s, sum, omega, load<f64>(lambda)));
    eta += row;
    g += row;
    s += row;
    h += 8;
    bend += 8;
    lambda += 8;
  }
}

/** As in linalg/splitRows.ts. */
function splitRow(
  n: i32,
  eta: usize,
  g: usize,
  h: f64,
  bend: f64,
  p: usize,
  s: usize,
  sum: usize,
  omega: f64,
  start: f64,
): f64 {
  let lambda: f64 = 0;
  evaluate(n, eta, g, h, p, s);
  if (value > 0) {
    lambda = start;
    for (let step = 0; step < MOST_STEPS; step++) {
      evaluateAt(n, eta, g, h, p, s, lambda);
      if (Math.abs(value) <= RESOLUTION * size || !(slope > 0)) break;
      const doubled = 2 * slope * slope;
      const halley = doubled - 6 * value * curvature;
      const next = Math.max(0, lambda + (2 * halley > doubled ? (2 * value * slope) / halley : value / slope));
      if (next == lambda) break;
      const left = Math.abs(next - lambda);
      const kappa = bend / (1 + 2 * Math.min(lambda, next) * bend);
      const done = 9 * kappa * kappa * left * left * left * slope <= RESOLUTION * size;
      lambda = next;
      if (done) break;
    }
  }
  move(n, eta, g, p, s, sum, omega, lambda);
  return lambda;
}
