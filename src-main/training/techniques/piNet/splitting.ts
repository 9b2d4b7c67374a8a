import type { HostBatch } from '../hostLayer';
import type { CopySplitting } from './copySplitting';
import type { FixedPointGradient } from './fixedPointGradient';
import { implicitGradients } from './implicitGradient';
import type { LiftedSet } from './liftedSet';
import type { Linearisation, SplittingSettings } from './linearisation';
import { projectOntoRow } from './secular';

/** What is made once for a set; null where some matrix is not diagonal. */
export interface Shortcuts {
  copies: CopySplitting | null;
  gradient: FixedPointGradient | null;
}

/**
 * Douglas–Rachford splitting for ½‖y − ŷ‖² over the two sets of a lifted feasible set, from s = 0:
 *
 *     p = P(s) + Kx,   t = the second set's projection of the prox of 2p − s,   s ← s + ω(t − p);   y = d_y∘p_y at the end.
 *
 * A fixed number of iterations, as published: what y violates is seen. The derivative is that of the fixed point, whose adjoint system is
 * ω(D + P(I − 2D))u = P[d_y∘v; 0], D the derivative of t: `fixedPointGradient.ts` solves it exactly where all matrices are diagonal,
 * BiCGSTAB where they are not or the system is singular. `differentiated: false` where no `backward` will follow.
 */
export function splitBatch(
  set: LiftedSet,
  shortcuts: Shortcuts,
  settings: SplittingSettings,
  raw: Float64Array,
  X: Float64Array,
  count: number,
  differentiated: boolean,
): HostBatch {
  const { n } = set;
  const { y, linear } = shortcuts.copies
    ? shortcuts.copies.batch(settings, raw, X, count, differentiated)
    : generalBatch(set, settings, raw, X, count, differentiated);
  const failures = Array.from({ length: count }, (_, b): string | null => {
    const own = y.subarray(b * n, (b + 1) * n);
    if (own.every(Number.isFinite)) return null;
    own.set(raw.subarray(b * n, (b + 1) * n));
    return 'the iterates are not finite';
  });
  return {
    y,
    iterations: new Array<number>(count).fill(settings.iterations),
    failures,
    backward(dy) {
      const gradient = new Float64Array(count * n);
      const remaining: number[] = [];
      for (let b = 0; b < count; b++) {
        const v = dy.subarray(b * n, (b + 1) * n);
        const found = failures[b] ? v : shortcuts.gradient?.solve(linear[b], settings.sigma, v);
        if (found) gradient.set(found, b * n);
        else remaining.push(b);
      }
      if (remaining.length > 0) implicitGradients(set, settings, linear, remaining, dy, gradient);
      return gradient;
    },
  };
}

/** All instances side by side, whatever the rows are. */
function generalBatch(
  set: LiftedSet,
  { sigma, omega, iterations }: SplittingSettings,
  raw: Float64Array,
  X: Float64Array,
  count: number,
  differentiated: boolean,
): { y: Float64Array; linear: Linearisation[] } {
  const { n, size, scale } = set;
  const s = new Float64Array(count * size);
  const p = new Float64Array(count * size);
  const t = new Float64Array(count * size);
  const shifts = set.shifts(count, X);
  for (let k = 0; k < iterations; k++) {
    set.project(count, s, shifts, p);
    secondStep(set, sigma, raw, count, p, s, t, null);
    for (let i = 0; i < s.length; i++) s[i] += omega * (t[i] - p[i]);
  }
  set.project(count, s, shifts, p);
  const y = new Float64Array(count * n);
  for (let b = 0; b < count; b++) for (let j = 0; j < n; j++) y[b * n + j] = scale[j] * p[b * size + j];
  const linear: Linearisation[] = [];
  if (differentiated) secondStep(set, sigma, raw, count, p, s, t, linear);
  return { y, linear };
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
  linear: Linearisation[] | null,
): void {
  for (let b = 0; b < count; b++) {
    const at = b * size;
    const free = new Uint8Array(linear ? d : 0);
    const active: Linearisation['active'] = [];
    for (let j = 0; j < size; j++) t[at + j] = 2 * p[at + j] - s[at + j];
    for (let j = 0; j < d; j++) {
      let value = t[at + j];
      if (j < n) value = (2 * sigma * scale[j] * raw[b * n + j] + value) / (1 + 2 * sigma * scale[j] * scale[j]);
      t[at + j] = Math.min(upper[j], Math.max(lower[j], value));
      if (linear) free[j] = Number(t[at + j] === value);
    }
    for (let i = 0; i < q; i++) {
      const from = at + d + i * n;
      const lambda = projectOntoRow(rows[i], t, from);
      if (linear && lambda > 0) active.push({ row: i, lambda, w: t.slice(from, from + n) });
    }
    linear?.push({ free, active });
  }
}
