/**
 * The second-order cone K = {(x₀, x₁): x₀ ≥ ‖x₁‖} and its Nesterov–Todd scaling (Vandenberghe, *The CVXOPT linear and quadratic cone
 * program solvers*, 2010, §4.2), on q entries of a vector from `at`. Nothing here allocates.
 */

/** x₀² − ‖x₁‖², without cancellation at the boundary. */
export function determinant(q: number, x: Float64Array, at: number): number {
  const length = tailNorm(q, x, at);
  return (x[at] - length) * (x[at] + length);
}

/** ‖x₁‖ */
export function tailNorm(q: number, x: Float64Array, at: number): number {
  let sum = 0;
  for (let i = 1; i < q; i++) sum += x[at + i] * x[at + i];
  return Math.sqrt(sum);
}

/**
 * w̄ into w[at …] and η as the result, for s and z inside K: W = η[w̄₀ w̄₁ᵀ; w̄₁ I + w̄₁w̄₁ᵀ/(1 + w̄₀)] has Wz = W⁻¹s.
 */
export function nesterovTodd(q: number, s: Float64Array, z: Float64Array, w: Float64Array, at: number): number {
  const rootS = Math.sqrt(Math.max(determinant(q, s, at), Number.MIN_VALUE));
  const rootZ = Math.sqrt(Math.max(determinant(q, z, at), Number.MIN_VALUE));
  let product = 0;
  for (let i = 0; i < q; i++) product += (s[at + i] / rootS) * (z[at + i] / rootZ);
  const gamma = Math.sqrt((1 + product) / 2);
  for (let i = 0; i < q; i++) w[at + i] = (s[at + i] / rootS + ((i === 0 ? 1 : -1) * z[at + i]) / rootZ) / (2 * gamma);
  // w̄₀ from w̄₁, so that w̄ has determinant 1 whatever the rounding.
  w[at] = Math.hypot(1, tailNorm(q, w, at));
  return Math.sqrt(rootS / rootZ);
}

/** to[toAt …] ← W^±1 x[xAt …]; `to` may be `x`. */
export function applyScaling(
  q: number,
  w: Float64Array,
  at: number,
  eta: number,
  inverse: boolean,
  x: Float64Array,
  xAt: number,
  to: Float64Array,
  toAt: number,
): void {
  const sign = inverse ? -1 : 1;
  const factor = inverse ? 1 / eta : eta;
  let along = 0;
  for (let i = 1; i < q; i++) along += sign * w[at + i] * x[xAt + i];
  const head = x[xAt];
  const tail = head + along / (1 + w[at]);
  for (let i = 1; i < q; i++) to[toAt + i] = factor * (x[xAt + i] + tail * sign * w[at + i]);
  to[toAt] = factor * (w[at] * head + along);
}

/** to[at …] ← a ∘ b = (aᵀb, a₀b₁ + b₀a₁); `to` must be neither. */
export function jordanProduct(q: number, a: Float64Array, b: Float64Array, to: Float64Array, at: number): void {
  let sum = a[at] * b[at];
  for (let i = 1; i < q; i++) {
    sum += a[at + i] * b[at + i];
    to[at + i] = a[at] * b[at + i] + b[at] * a[at + i];
  }
  to[at] = sum;
}

/** d[at …] ← u with a ∘ u = d. */
export function jordanDivide(q: number, a: Float64Array, d: Float64Array, at: number): void {
  let head = a[at] * d[at];
  for (let i = 1; i < q; i++) head -= a[at + i] * d[at + i];
  head /= determinant(q, a, at);
  for (let i = 1; i < q; i++) d[at + i] = (d[at + i] - head * a[at + i]) / a[at];
  d[at] = head;
}

/** The largest α ≤ limit with x + α dx in K, for x inside. */
export function coneStep(q: number, x: Float64Array, dx: Float64Array, at: number, limit: number): number {
  const c = determinant(q, x, at);
  let b = x[at] * dx[at];
  let a = dx[at] * dx[at];
  for (let i = 1; i < q; i++) {
    b -= x[at + i] * dx[at + i];
    a -= dx[at + i] * dx[at + i];
  }
  const discriminant = b * b - a * c;
  if (discriminant < 0 || (a >= 0 && b >= 0)) return limit;
  return Math.min(limit, Math.max(c, 0) / (-b + Math.sqrt(discriminant)));
}
