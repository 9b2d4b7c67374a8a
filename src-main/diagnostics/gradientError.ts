import { Generator } from '@shared/random/generator';
import { dot } from '../numerics/linalg/products';
import type { LossProbe } from './lossProbe';
import type { Progress } from './progress';

export interface GradientErrorSettings {
  /** Random directions across the gradient, K. */
  directions: number;
  seed: number;
}

export interface GradientError {
  /** Of the claimed gradient with that of the loss; NaN where one of them vanishes. */
  cosine: number;
  /** ‖g − g*‖/‖g*‖. */
  relativeError: number;
  /** ‖g‖ of the claimed gradient. */
  norm: number;
  /** a/‖g‖, a the slope of the loss along g: below one the claimed gradient is too long. */
  slopeRatio: number;
  /** Forward passes. */
  passes: number;
  seconds: number;
}

/**
 * How far the gradient g that training uses is from the gradient g* of the loss L, known only by its values. Central differences give the slope
 * a = g*ᵀĝ along g, which is exact up to rounding, and slopes along K random unit directions u_k ⊥ g. As E(g*ᵀu)² = b²/(P − 1) with b the part
 * of g* across g, b² ≈ (P − 1)/K Σ (g*ᵀu_k)², with relative standard deviation √(2/K); from these
 *
 *     cos(g, g*) = a/√(a² + b²),   ‖g − g*‖/‖g*‖ = √((‖g‖ − a)² + b²)/√(a² + b²)
 *
 * The step is h = ∛ε (1 + ‖w‖): differences of a smooth loss have relative errors about ε^⅔; a layer that solves to a tolerance adds its own.
 */
export async function gradientError(
  probe: Pick<LossProbe, 'weights' | 'size' | 'gradient' | 'loss'>,
  { directions, seed }: GradientErrorSettings,
  onProgress: Progress = () => undefined,
): Promise<GradientError> {
  const start = performance.now();
  const { weights, size } = probe;
  const gradient = await probe.gradient(weights);
  const norm = length(gradient);
  await onProgress(0, directions + 1);
  const h = Math.cbrt(Number.EPSILON) * (1 + length(weights));
  const slope = async (u: Float64Array): Promise<number> => {
    const at = async (step: number) => (await probe.loss(weights.map((value, i) => value + step * u[i]))).loss;
    return ((await at(h)) - (await at(-h))) / (2 * h);
  };
  const along = gradient.map((value) => value / norm);
  const a = norm > 0 ? await slope(along) : NaN;
  await onProgress(1, directions + 1);
  const generator = new Generator(seed);
  let squares = 0;
  for (let k = 0; k < directions; k++) {
    const u = generator.standardNormals(size);
    // Twice, as in Lanczos' iteration: what rounding leaves of the long direction would be taken for an error.
    if (norm > 0)
      for (let pass = 0; pass < 2; pass++) {
        const share = dot(size, u, 0, along, 0);
        for (let i = 0; i < size; i++) u[i] -= share * along[i];
      }
    const own = length(u);
    squares += (await slope(u.map((value) => value / own))) ** 2;
    await onProgress(k + 2, directions + 1);
  }
  const across = ((size - 1) / directions) * squares;
  const exact = Math.sqrt(a ** 2 + across);
  return {
    cosine: a / exact,
    relativeError: Math.sqrt((norm - a) ** 2 + across) / exact,
    ...{ norm, slopeRatio: a / norm, passes: 2 * (directions + 1) },
    seconds: (performance.now() - start) / 1e3,
  };
}

const length = (v: Float64Array): number => Math.sqrt(dot(v.length, v, 0, v, 0));
