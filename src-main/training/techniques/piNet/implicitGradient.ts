import { bicgstab } from './bicgstab';
import type { LiftedSet } from './liftedSet';
import { differentiateRow } from './secular';
import type { Linearisation, SplittingSettings } from './linearisation';

/**
 * Gradients of the instances `which` of a batch, into `gradient` [B, n]: ω(D + P(I − 2D))u = P[d_y∘v; 0] by BiCGSTAB, v = `dy` [B, n]; then
 * 2σω d_y∘(Du)_y.
 */
export function implicitGradients(
  set: LiftedSet,
  { sigma, omega, backward }: Omit<SplittingSettings, 'iterations'>,
  linear: readonly Linearisation[],
  which: readonly number[],
  dy: Float64Array,
  gradient: Float64Array,
): void {
  const { n, d, size, scale, rows } = set;
  const count = which.length;
  const shrink = scale.map((value) => 1 / (1 + 2 * sigma * value * value));
  const held = new Float64Array(count * size);
  const differentiate = (v: Float64Array) => {
    held.set(v);
    which.forEach((instance, b) => {
      const { free, active } = linear[instance];
      for (let j = 0; j < d; j++) held[b * size + j] *= free[j] * (j < n ? shrink[j] : 1);
      for (const { row, lambda, w } of active) differentiateRow(rows[row], lambda, w, held, b * size + d + row * n);
    });
  };
  const reflected = new Float64Array(count * size);
  const apply = (v: Float64Array, to: Float64Array) => {
    differentiate(v);
    for (let i = 0; i < v.length; i++) reflected[i] = v[i] - 2 * held[i];
    set.project(count, reflected, null, to);
    for (let i = 0; i < v.length; i++) to[i] = omega * (held[i] + to[i]);
  };
  const lifted = new Float64Array(count * size);
  which.forEach((instance, b) => {
    for (let j = 0; j < n; j++) lifted[b * size + j] = scale[j] * dy[instance * n + j];
  });
  const side = new Float64Array(count * size);
  set.project(count, lifted, null, side);
  differentiate(bicgstab(count, size, apply, side, backward));
  which.forEach((instance, b) => {
    for (let j = 0; j < n; j++) gradient[instance * n + j] = omega * 2 * sigma * scale[j] * held[b * size + j];
  });
}
