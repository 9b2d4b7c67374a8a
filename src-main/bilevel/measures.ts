import { AdjointError } from '@shared/errors';
import type { Oracle } from './estimators/estimator';
import type { MeasureSettings } from './experimentSchema';
import type { LastCall } from './fallBack';
import { goldsteinMeasure } from './goldstein';

/**
 * Relative error and cosine of an estimate of ∇F against the exact one at the same point and perturbation. `null` where no exact one
 * exists, at a kink or where y* has no derivative, and where ∇F = 0.
 */
export function gradientError(
  reference: Oracle,
  { x, q, ownPerturbation }: LastCall,
  estimate: Float64Array,
): { error: number; cosine: number } | null {
  const answer = withoutRefusal(() => reference.at(x, { warm: false, ...(ownPerturbation ? {} : { q }) }));
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

/** Measures of stationarity at x; those that could not be taken, because F is not defined all around x, are null. */
export function stationarity(
  reference: Oracle,
  x: Float64Array,
  { goldstein }: MeasureSettings,
  seed: number,
): { goldstein: number | null } {
  return { goldstein: withoutRefusal(() => goldsteinMeasure(reference, x, { ...goldstein, seed })) };
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
