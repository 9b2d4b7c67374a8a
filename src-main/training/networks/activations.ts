import type { Tensor, TensorFlow } from '../../numerics/devices/device';

export const activationNames = ['relu', 'silu', 'gelu'] as const;
export type ActivationName = (typeof activationNames)[number];

export const activations: Record<ActivationName, (tf: TensorFlow, z: Tensor) => Tensor> = {
  relu: (tf, z) => tf.relu(z),
  /** z σ(z); Elfwing et al., 2018. */
  silu: (tf, z) => tf.mul(z, tf.sigmoid(z)),
  /** z Φ(z) with the exact normal distribution function; Hendrycks & Gimpel, 2016. */
  gelu: (tf, z) => tf.mul(tf.mul(z, 0.5), tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1)),
};
