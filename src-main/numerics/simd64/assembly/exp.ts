import { madd } from './madd';

/** 1.5·2⁵²: added to a number below 2⁵¹, it leaves its nearest integer in the low bits. */
const SHIFT: f64 = 6755399441055744;
const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in two parts; the first has so few bits that its product with an exponent is exact (Cody & Waite, 1980). */
const LN2_HIGH: f64 = 0.693147180369123816490;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/**
 * eˣ of two numbers, to about one unit in the last place: x = k ln 2 + r with |r| ≤ ½ ln 2, Taylor's polynomial of degree 13 in r (its rest
 * is below 4e-18), times 2ᵏ in two steps, so that results down to the smallest subnormal come out.
 */
export function expPair(given: v128): v128 {
  const x = f64x2.min(f64x2.max(given, f64x2.splat(-746)), f64x2.splat(710));
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), f64x2.splat(SHIFT));
  const k = f64x2.sub(shifted, f64x2.splat(SHIFT));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HIGH))), f64x2.mul(k, f64x2.splat(LN2_LOW)));
  let p = f64x2.splat(1.0 / 6227020800.0);
  p = madd(p, r, f64x2.splat(1.0 / 479001600.0));
  p = madd(p, r, f64x2.splat(1.0 / 39916800.0));
  p = madd(p, r, f64x2.splat(1.0 / 3628800.0));
  p = madd(p, r, f64x2.splat(1.0 / 362880.0));
  p = madd(p, r, f64x2.splat(1.0 / 40320.0));
  p = madd(p, r, f64x2.splat(1.0 / 5040.0));
  p = madd(p, r, f64x2.splat(1.0 / 720.0));
  p = madd(p, r, f64x2.splat(1.0 / 120.0));
  p = madd(p, r, f64x2.splat(1.0 / 24.0));
  p = madd(p, r, f64x2.splat(1.0 / 6.0));
  p = madd(p, r, f64x2.splat(0.5));
  p = madd(p, r, f64x2.splat(1));
  p = madd(p, r, f64x2.splat(1));
  // k as an integer: the low bits of what was shifted, less those of the shift itself.
  const integer = i64x2.sub(shifted, f64x2.splat(SHIFT));
  const half = i64x2.shr_s(integer, 1);
  return f64x2.mul(f64x2.mul(p, power(half)), power(i64x2.sub(integer, half)));
}

/** 2ᵏ from the bits of a number. */
@inline
function power(k: v128): v128 {
  return i64x2.shl(i64x2.add(k, i64x2.splat(1023)), 52);
}
