import type { Tensor, TensorFlow } from '../devices/device';
import { fusedKernels, hasKernel } from './fused';

export interface AdamStep {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Number of this update, from 1. */
  t: number;
  /** 1 − ηω: what decoupled weight decay leaves of a weight; 1 without decay. */
  kept: number;
}

export interface AdamResult {
  weight: Tensor;
  mean: Tensor;
  square: Tensor;
}

/**
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← kθ − η/(1−β₁ᵗ) m / (√v/√(1−β₂ᵗ) + ε), with k = 1 − ηω
 * (Kingma & Ba, ICLR 2015; Loshchilov & Hutter, ICLR 2019). Not differentiated.
 */
export function adamUpdate(
  tf: TensorFlow,
  { learningRate, beta1, beta2, epsilon, t, kept }: AdamStep,
  weight: Tensor,
  gradient: Tensor,
  mean: Tensor,
  square: Tensor,
): AdamResult {
  const rate = learningRate / (1 - beta1 ** t);
  const correction = Math.sqrt(1 - beta2 ** t);
  if (hasKernel(tf, fusedKernels.adam)) {
    const inputs = { weight, gradient, mean, square };
    const attributes = { beta1, beta2, epsilon, correction, rate, kept };
    const next: Tensor[] = tf.engine().runKernel(fusedKernels.adam, inputs, attributes);
    return { weight: next[0], mean: next[1], square: next[2] };
  }
  const nextMean = tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1));
  const nextSquare = tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.div(tf.sqrt(nextSquare), correction), epsilon);
  const step = tf.div(tf.mul(nextMean, rate), denominator);
  const decayed = kept === 1 ? weight : tf.mul(weight, kept);
  return { weight: tf.sub(decayed, step), mean: nextMean, square: nextSquare };
}
