import type { Tensor } from '../../numerics/devices/device';
import { squaredResidual } from './residual';
import type { LossTerms, Pass } from './technique';

/**
 * The loss of a layer that restores feasibility: objective E[f(y)] and, in the place of a penalty, w E‖y − ŷ‖², the price of what the
 * layer has to do.
 */
export function withDistance(
  { device: { tf }, problem }: Pass<unknown>,
  y: Tensor,
  x: Tensor,
  raw: Tensor,
  weight: number,
): LossTerms {
  const distance = tf.mean(tf.sum(tf.square(tf.sub(y, raw)), 1));
  return {
    objective: tf.mean(problem.objective(y)),
    constraint: tf.mul(distance, weight),
    penalty: tf.mean(squaredResidual(tf, problem, y, x)),
  };
}
