import { z } from 'zod';
import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { Optimizer, Update } from './optimizer';
import { learningRate, moments, stepControl } from './settings';

const settings = z.strictObject({
  kind: z.literal('adam'),
  learningRate: learningRate(1e-3),
  ...moments,
  ...stepControl,
});

export interface AdamConstants {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  t: number;
}

/** m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ). */
export const adam: Optimizer<'adam', typeof settings> = {
  kind: 'adam',
  title: 'Adam',
  summary: 'Steps scaled by running means of the gradient and of its square, both corrected for their start at zero.',
  reference: 'Kingma & Ba, Adam: A Method for Stochastic Optimization, ICLR 2015',
  settings,
  slots: () => ['mean', 'square'],
  update: ({ tf, settings, learningRate, t }, weight, gradient, [mean, square]) =>
    adamStep(tf, { ...settings, learningRate, t }, weight, gradient, mean, square),
};

export function adamStep(
  tf: TensorFlow,
  { learningRate, beta1, beta2, epsilon, t }: AdamConstants,
  weight: Tensor,
  gradient: Tensor,
  mean: Tensor,
  square: Tensor,
): Update {
  const nextMean = tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1));
  const nextSquare = tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.div(tf.sqrt(nextSquare), Math.sqrt(1 - beta2 ** t)), epsilon);
  const step = tf.div(tf.mul(nextMean, learningRate / (1 - beta1 ** t)), denominator);
  return { weight: tf.sub(weight, step), slots: [nextMean, nextSquare] };
}
