import { Generator } from '@shared/random/generator';
import { AdjointError } from '@shared/errors';
import { dot } from '../numerics/linalg/products';
import { convexProblem } from '../solvers/convex/problem';
import { solveConvex } from '../solvers/convex/solve';
import type { Oracle } from './estimators/estimator';

export interface GoldsteinSettings {
  /** Radius δ of the ball around x, and gradients taken in it, that at x included. */
  radius: number;
  samples: number;
  seed: number;
}

/**
 * Norm of the least-norm point of the hull of gradients at x and at points drawn uniformly from the ball of radius δ around it
 * (Goldstein, Math. Program. 13, 1977; sampled as in Burke, Lewis & Overton, *SIAM J. Optim.* 15, 2005). Near 0 at a stationary kink,
 * where ‖∇F‖ is not. The hull's weights α solve min ½αᵀGGᵀα over the simplex.
 */
export function goldsteinMeasure(
  oracle: Oracle,
  x: Float64Array,
  { radius, samples, seed }: GoldsteinSettings,
): number {
  const d = x.length;
  const generator = new Generator(seed);
  const G = new Float64Array(samples * d);
  for (let k = 0; k < samples; k++) {
    const direction = generator.standardNormals(d);
    const length = (radius * generator.random() ** (1 / d)) / Math.hypot(...direction);
    const point = k === 0 ? x : x.map((value, i) => value + length * direction[i]);
    G.set(oracle.at(point).gradient, k * d);
  }
  const largest = G.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return 0;
  const gram = new Float64Array(samples * samples);
  for (let a = 0; a < samples; a++)
    for (let b = 0; b < samples; b++) gram[a * samples + b] = dot(d, G, a * d, G, b * d) / largest ** 2;
  const { status, y: weights } = solveConvex(
    convexProblem(samples, {
      Q: { kind: 'dense', values: gram },
      ...{ A: new Float64Array(samples).fill(1), b: Float64Array.of(1), lower: new Float64Array(samples) },
    }),
  );
  if (status !== 'optimal')
    throw new AdjointError('internal', `The least-norm point of the hull was not found: ${status}.`, {
      fix: 'Take another number of samples or another radius.',
    });
  const point = new Float64Array(d);
  for (let k = 0; k < samples; k++) for (let i = 0; i < d; i++) point[i] += weights[k] * G[k * d + i];
  return Math.hypot(...point);
}
