import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { NamedArrays, NamedTensors } from '../tensors';

/** Added to the variance, against division by zero. */
const epsilon = 1e-5;
/** Share of a batch's statistics in the running ones. */
const momentum = 0.1;

/** Scale γ = 1 and shift β = 0, [width] each. */
export function initialScaling(layer: string, width: number): NamedArrays {
  return {
    [`${layer}/scale`]: { shape: [width], values: new Float64Array(width).fill(1) },
    [`${layer}/shift`]: { shape: [width], values: new Float64Array(width) },
  };
}

/** Running statistics before the first batch: mean 0 and variance 1, [width] each. */
export function initialStatistics(layer: string, width: number): NamedArrays {
  return {
    [`${layer}/mean`]: { shape: [width], values: new Float64Array(width) },
    [`${layer}/variance`]: { shape: [width], values: new Float64Array(width).fill(1) },
  };
}

/**
 * Batch normalisation (Ioffe & Szegedy, ICML 2015) of z [B,width]: γ (z − μ)/√(σ² + ε) + β for each column, in training with mean and
 * biased variance of the batch, otherwise with the running ones. The running mean and the running unbiased variance move by a
 * tenth towards the batch's. A batch of one row has no variance: it is normalised with the running statistics and leaves them.
 */
export function normalise(
  tf: TensorFlow,
  layer: string,
  weights: NamedTensors,
  buffers: NamedTensors,
  z: Tensor,
  training: boolean,
): { z: Tensor; statistics: NamedTensors } {
  const [meanName, varianceName] = [`${layer}/mean`, `${layer}/variance`];
  const running = { mean: buffers[meanName], variance: buffers[varianceName] };
  const [rows] = z.shape;
  const scaled = ({ mean, variance }: typeof running) => {
    const standard = tf.div(tf.sub(z, mean), tf.sqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(standard, weights[`${layer}/scale`]), weights[`${layer}/shift`]);
  };
  if (!training || rows < 2)
    return { z: scaled(running), statistics: { [meanName]: running.mean, [varianceName]: running.variance } };
  const mean = tf.mean(z, 0);
  const variance = tf.mean(tf.square(tf.sub(z, mean)), 0);
  const moved = (from: Tensor, to: Tensor) => tf.add(tf.mul(from, 1 - momentum), tf.mul(to, momentum));
  return {
    z: scaled({ mean, variance }),
    statistics: {
      [meanName]: moved(running.mean, mean),
      [varianceName]: moved(running.variance, tf.mul(variance, rows / (rows - 1))),
    },
  };
}
