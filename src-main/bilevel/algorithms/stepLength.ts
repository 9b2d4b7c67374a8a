import { z } from 'zod';
import { Generator } from '@shared/random/generator';

/** A length; null has it measured at the start. */
export const measuredLength = (description: string) =>
  z.number().positive().nullable().default(null).describe(description).meta({ scale: 'log' });

/** Setting of algorithms whose paper keeps its steps constant. */
export const cooldownSetting = z
  .number()
  .min(0)
  .max(1)
  .default(0.5)
  .describe('Last share of the steps over which their length falls to 0. With 0 it is constant, as published.');

/** What multiplies the length of step k of T: 1, and over the last share the square of a straight line to 0. */
export const cooldownFactor = (k: number, iterations: number, share: number): number =>
  share === 0 ? 1 : Math.min(1, (iterations - k) / (share * iterations)) ** 2;

/** Rounds of the power iteration. */
const rounds = 8;

/**
 * The largest curvature of F near x, |λ|_max of ∇²F by power iteration on differences of its gradient; at least ‖∇F‖/(10 max(1, ‖x‖)),
 * so that a step of its inverse is no longer than ten times what is there. `gradientAt` moves its argument into the domain if it must.
 *
 * @returns null where a gradient is not finite
 */
export function curvature(
  gradientAt: (x: Float64Array) => Float64Array | null,
  x: Float64Array,
  seed: number,
): number | null {
  const size = Math.max(1, norm(x));
  const distance = 1e-4 * size;
  const start = gradientAt(x)?.slice();
  if (!start) return null;
  let direction = new Generator(seed).standardNormals(x.length);
  let largest = norm(start) / (10 * size);
  for (let k = 0; k < rounds; k++) {
    const length = norm(direction);
    if (length === 0) break;
    const point = x.map((value, i) => value + (distance * direction[i]) / length);
    const there = gradientAt(point);
    if (!there) return null;
    const moved = Math.sqrt(point.reduce((sum, value, i) => sum + (value - x[i]) ** 2, 0));
    if (moved === 0) break;
    direction = there.map((value, i) => (value - start[i]) / moved);
    largest = Math.max(largest, norm(direction));
  }
  return largest > 0 ? largest : 1;
}

export const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** |λ|_max of a symmetric operator by power iteration, from a seeded direction. */
export function operatorNorm(size: number, apply: (v: Float64Array) => Float64Array): number {
  let direction = new Generator(0).standardNormals(size);
  let largest = 0;
  for (let k = 0; k < rounds; k++) {
    const length = norm(direction);
    if (length === 0) break;
    direction = apply(direction.map((value) => value / length)).slice();
    largest = Math.max(largest, norm(direction));
  }
  return largest;
}
