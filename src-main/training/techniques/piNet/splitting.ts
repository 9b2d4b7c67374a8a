import type { HostBatch } from '../hostLayer';
import { bicgstab } from './bicgstab';
import type { LiftedSet } from './liftedSet';
import { differentiateRow, projectOntoRow } from './secular';

export interface SplittingSettings {
  sigma: number;
  omega: number;
  iterations: number;
  backward: { iterations: number; tolerance: number };
}

/** Where the second set's projection moves with its argument, for one batch. */
interface Linearisation {
  /** [B, d]: 1 where a limit does not hold (y, z) down. */
  free: Uint8Array;
  /** Quadratic rows that hold their copies, with multiplier and point. */
  active: { instance: number; row: number; lambda: number; w: Float64Array }[];
}

/**
 * Douglas–Rachford splitting for ½‖y − ŷ‖² over the two sets of a lifted feasible set, from s = 0:
 *
 *     p = P(s) + Kx,   t = the second set's projection of the prox of 2p − s,   s ← s + ω(t − p);   y = d_y∘p_y at the end.
 *
 * A fixed number of iterations, as published: what y violates is seen. The derivative is that of the fixed point, whose adjoint system
 * ω(D + P(I − 2D))u = P[d_y∘v; 0] (D the derivative of t) BiCGSTAB solves.
 */
export function splitBatch(
  set: LiftedSet,
  { sigma, omega, iterations, backward }: SplittingSettings,
  raw: Float64Array,
  X: Float64Array,
  count: number,
): HostBatch {
  const { n, size, scale } = set;
  const s = new Float64Array(count * size);
  const p = new Float64Array(count * size);
  const t = new Float64Array(count * size);
  for (let k = 0; k < iterations; k++) {
    set.project(count, s, X, p);
    secondStep(set, sigma, raw, count, p, s, t, null);
    for (let i = 0; i < s.length; i++) s[i] += omega * (t[i] - p[i]);
  }
  set.project(count, s, X, p);
  const y = new Float64Array(count * n);
  const failures = Array.from({ length: count }, (_, b): string | null => {
    const own = y.subarray(b * n, (b + 1) * n);
    for (let j = 0; j < n; j++) own[j] = scale[j] * p[b * size + j];
    if (own.every(Number.isFinite)) return null;
    own.set(raw.subarray(b * n, (b + 1) * n));
    return 'the iterates are not finite';
  });
  return {
    y,
    iterations: new Array<number>(count).fill(iterations),
    failures,
    backward(dy) {
      const linear: Linearisation = { free: new Uint8Array(count * set.d), active: [] };
      secondStep(set, sigma, raw, count, p, s, t, linear);
      return implicitGradient(set, { sigma, omega, backward }, linear, count, dy);
    },
  };
}

/** t ← the second set's projection of (2σd_y∘ŷ + 2p − s)/(1 + 2σd_y²) on y and of 2p − s on the rest. */
function secondStep(
  { n, d, q, size, scale, lower, upper, rows }: LiftedSet,
  sigma: number,
  raw: Float64Array,
  count: number,
  p: Float64Array,
  s: Float64Array,
  t: Float64Array,
  linear: Linearisation | null,
): void {
  for (let b = 0; b < count; b++) {
    const at = b * size;
    for (let j = 0; j < size; j++) t[at + j] = 2 * p[at + j] - s[at + j];
    for (let j = 0; j < d; j++) {
      let value = t[at + j];
      if (j < n) value = (2 * sigma * scale[j] * raw[b * n + j] + value) / (1 + 2 * sigma * scale[j] * scale[j]);
      t[at + j] = Math.min(upper[j], Math.max(lower[j], value));
      if (linear) linear.free[b * d + j] = Number(t[at + j] === value);
    }
    for (let i = 0; i < q; i++) {
      const from = at + d + i * n;
      const lambda = projectOntoRow(rows[i], t, from);
      if (linear && lambda > 0) linear.active.push({ instance: b, row: i, lambda, w: t.slice(from, from + n) });
    }
  }
}

function implicitGradient(
  set: LiftedSet,
  { sigma, omega, backward }: Omit<SplittingSettings, 'iterations'>,
  { free, active }: Linearisation,
  count: number,
  dy: Float64Array,
): Float64Array {
  const { n, d, size, scale, rows } = set;
  const shrink = scale.map((value) => 1 / (1 + 2 * sigma * value * value));
  const held = new Float64Array(count * size);
  const differentiate = (v: Float64Array) => {
    held.set(v);
    for (let b = 0; b < count; b++)
      for (let j = 0; j < d; j++) held[b * size + j] *= free[b * d + j] * (j < n ? shrink[j] : 1);
    for (const { instance, row, lambda, w } of active)
      differentiateRow(rows[row], lambda, w, held, instance * size + d + row * n);
  };
  const reflected = new Float64Array(count * size);
  const apply = (v: Float64Array, to: Float64Array) => {
    differentiate(v);
    for (let i = 0; i < v.length; i++) reflected[i] = v[i] - 2 * held[i];
    set.project(count, reflected, null, to);
    for (let i = 0; i < v.length; i++) to[i] = omega * (held[i] + to[i]);
  };
  const lifted = new Float64Array(count * size);
  for (let b = 0; b < count; b++) for (let j = 0; j < n; j++) lifted[b * size + j] = scale[j] * dy[b * n + j];
  const side = new Float64Array(count * size);
  set.project(count, lifted, null, side);
  const u = bicgstab(count, size, apply, side, backward);
  differentiate(u);
  const gradient = new Float64Array(count * n);
  for (let b = 0; b < count; b++)
    for (let j = 0; j < n; j++) gradient[b * n + j] = omega * 2 * sigma * scale[j] * held[b * size + j];
  return gradient;
}
