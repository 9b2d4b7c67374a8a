import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import { innerProduct, mapTensors, type NamedTensors } from '../tensors';

/**
 * Gradient clipping by global norm (Pascanu et al., ICML 2013): g ← g · min(1, c/‖g‖), ‖g‖ over all weights together. Also the norm
 * before clipping, a scalar. Call inside a tidy.
 */
export function clipByGlobalNorm(
  tf: TensorFlow,
  gradients: NamedTensors,
  clip: number,
): { gradients: NamedTensors; norm: Tensor } {
  const norm = tf.sqrt(innerProduct(tf, gradients, gradients));
  // clip/max(‖g‖, clip) is exactly one where nothing is to be clipped, and never divides by zero.
  const factor = tf.div(clip, tf.maximum(norm, clip));
  return { gradients: mapTensors(gradients, (gradient) => tf.mul(gradient, factor)), norm };
}
