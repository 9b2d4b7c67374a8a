import { AdjointError } from '@shared/errors';
import type { PlacedEstimate } from './algorithms/algorithm';
import type { Oracle } from './estimators/estimator';
import type { MeasureSettings } from './experimentSchema';
import { goldsteinMeasure } from './goldstein';
import { moreauGradient } from './moreau';
import type { BilevelProblem } from './problem';

/**
 * Relative error and cosine of an estimate of ∇F against the exact one at the same point and perturbation. `null` where no exact one
 * exists, at a kink or where y* has no derivative, and where ∇F = 0.
 */
export function gradientError(
  reference: Oracle,
  { x, q, gradient: estimate }: PlacedEstimate,
): { error: number; cosine: number } | null {
  const answer = withoutRefusal(() => reference.at(x, { warm: false, ...(q ? { q } : {}) }));
  if (!answer || answer.weak.length > 0) return null;
  let [product, square, length, difference] = [0, 0, 0, 0];
  answer.gradient.forEach((value, i) => {
    product += value * estimate[i];
    square += value * value;
    length += estimate[i] * estimate[i];
    difference += (value - estimate[i]) ** 2;
  });
  if (square === 0) return null;
  return { error: Math.sqrt(difference / square), cosine: product / Math.sqrt(square * length) };
}

/**
 * Measures of stationarity at x. Those that could not be taken are null: F is not defined all around x, or, of the Moreau gradient, not
 * weakly convex enough for the μ that is set, or it is not asked for.
 */
export function stationarity(
  problem: BilevelProblem,
  reference: Oracle,
  x: Float64Array,
  { goldstein, moreau }: MeasureSettings,
  seed: number,
): { goldstein: number | null; moreau: number | null } {
  return {
    goldstein: withoutRefusal(() => goldsteinMeasure(reference, x, { ...goldstein, seed })),
    moreau: moreau.cuts > 0 ? withoutRefusal(() => moreauGradient(problem, reference, x, moreau).norm) : null,
  };
}

/** What a measurement gives, or null where the lower level has no solution or no derivative. */
export function withoutRefusal<Value>(measure: () => Value): Value | null {
  try {
    return measure();
  } catch (error) {
    if (error instanceof AdjointError && (error.code === 'bad-request' || error.code === 'unsupported')) return null;
    throw error;
  }
}
