/** a·b + sum: rounded once with relaxed SIMD on processors that have it, twice with plain SIMD. */
@inline
export function madd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, sum);
  return f64x2.add(f64x2.mul(a, b), sum);
}
