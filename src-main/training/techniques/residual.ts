import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { DeviceProblem } from '../problem';

/** ‖r‖² of each instance, [B], with r = [relu(c(y)); Ay − x]. */
export function squaredResidual(tf: TensorFlow, problem: DeviceProblem, y: Tensor, x: Tensor): Tensor {
  if (problem.squaredResidual) return problem.squaredResidual(y, x);
  const inequality = tf.sum(tf.square(tf.relu(problem.inequality(y))), 1);
  const equality = tf.sum(tf.square(problem.equality(y, x)), 1);
  return tf.add(inequality, equality);
}

/** Squared norms below this count as zero: their root has no slope. */
const tiny = 1e-30;

/** √s of squared norms s ≥ 0, with the derivative 0 at 0, the choice of automatic differentiation elsewhere. */
export const rootOf = (tf: TensorFlow, squared: Tensor): Tensor => tf.sqrt(tf.maximum(squared, tiny));
