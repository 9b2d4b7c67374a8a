import type { Device, Tensor } from '../numerics/devices/device';
import { gradientOf } from './gradients';
import { innerProduct, mapTensors, type NamedTensors } from './tensors';

/** Rows [first, end) of each of at most `parts` pieces of a batch, as even as can be. */
export function microBatches(size: number, parts: number): { first: number; end: number }[] {
  const count = Math.min(parts, size);
  const cut = (i: number) => Math.round((i * size) / count);
  return Array.from({ length: count }, (_, i) => ({ first: cut(i), end: cut(i + 1) }));
}

/**
 * Signal-to-noise ratio of the gradient, ‖ḡ‖² / mean_b ‖g_b − ḡ‖², with g_b the gradient of the b-th loss over all weights and ḡ
 * their mean. Null for fewer than two losses and where all gradients agree.
 */
export async function signalToNoise(
  { tf, read }: Pick<Device, 'tf' | 'read'>,
  weights: NamedTensors,
  losses: readonly ((weights: NamedTensors) => Tensor)[],
): Promise<number | null> {
  if (losses.length < 2) return null;
  const products = tf.tidy(() => {
    const gradients = losses.map((loss) => gradientOf(tf, weights, loss));
    const mean = mapTensors(weights, (_, name) => tf.div(tf.addN(gradients.map((g) => g[name])), losses.length));
    const deviations = gradients.map((gradient) => {
      const deviation = mapTensors(gradient, (tensor, name) => tf.sub(tensor, mean[name]));
      return innerProduct(tf, deviation, deviation);
    });
    return tf.stack([innerProduct(tf, mean, mean), tf.div(tf.addN(deviations), losses.length)]);
  });
  const [signal, noise] = await read(products);
  products.dispose();
  return noise > 0 ? signal / noise : null;
}
