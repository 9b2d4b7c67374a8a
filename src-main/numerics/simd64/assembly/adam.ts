import { integer, number, pointer } from './layout';

/** Weights of one item; `../operations.ts` knows it. */
const CHUNK: i32 = 4096;

/**
 * Adam's update with decoupled weight decay, operation for operation that of training/optimizers/adam.ts, so that both give the same bits.
 *
 * Integers: 0 entries, 1 weights, 2 gradient, 3 mean, 4 square, 5–7 new weights, mean and square. Numbers: 0 β₁, 1 1 − β₁, 2 β₂, 3 1 − β₂,
 * 4 √(1 − β₂ᵗ), 5 η/(1 − β₁ᵗ), 6 ε, 7 what is kept of a weight, 1 − ηω.
 */
export function adam(item: i32): void {
  const first = item * CHUNK;
  const n = min(CHUNK, integer(0) - first);
  const at = (<usize>first) << 3;
  const w = pointer(1) + at;
  const g = pointer(2) + at;
  const m = pointer(3) + at;
  const v = pointer(4) + at;
  const nextW = pointer(5) + at;
  const nextM = pointer(6) + at;
  const nextV = pointer(7) + at;
  const beta1 = f64x2.splat(number(0));
  const rest1 = f64x2.splat(number(1));
  const beta2 = f64x2.splat(number(2));
  const rest2 = f64x2.splat(number(3));
  const correction = f64x2.splat(number(4));
  const rate = f64x2.splat(number(5));
  const epsilon = f64x2.splat(number(6));
  const kept = f64x2.splat(number(7));
  for (let i = 0; i < n; i += 2) {
    const j = (<usize>i) << 3;
    const pair = i + 1 < n;
    const gradient = pair ? v128.load(g + j) : v128.load64_splat(g + j);
    let mean = pair ? v128.load(m + j) : v128.load64_splat(m + j);
    let square = pair ? v128.load(v + j) : v128.load64_splat(v + j);
    let weight = pair ? v128.load(w + j) : v128.load64_splat(w + j);
    mean = f64x2.add(f64x2.mul(mean, beta1), f64x2.mul(gradient, rest1));
    square = f64x2.add(f64x2.mul(square, beta2), f64x2.mul(f64x2.mul(gradient, gradient), rest2));
    const denominator = f64x2.add(f64x2.div(f64x2.sqrt(square), correction), epsilon);
    const step = f64x2.div(f64x2.mul(mean, rate), denominator);
    weight = f64x2.sub(f64x2.mul(weight, kept), step);
    if (pair) {
      v128.store(nextM + j, mean);
      v128.store(nextV + j, square);
      v128.store(nextW + j, weight);
    } else {
      v128.store64_lane(nextM + j, mean, 0);
      v128.store64_lane(nextV + j, square, 0);
      v128.store64_lane(nextW + j, weight, 0);
    }
  }
}
