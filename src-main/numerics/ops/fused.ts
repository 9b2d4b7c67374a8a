import type { Tensor, TensorFlow } from '../devices/device';

/** Kernels of our own: names, and what goes in. A device has them or not; an op that finds none is composed of TensorFlow.js's ops. */
export const fusedKernels = {
  dense: 'AdjointDense',
  mask: 'AdjointMask',
  quadratic: 'AdjointQuadratic',
  quadraticGradient: 'AdjointQuadraticGradient',
  qcqpResidual: 'AdjointQcqpResidual',
  qcqpResidualGradient: 'AdjointQcqpResidualGradient',
  squaredNorm: 'AdjointSquaredNorm',
  scaleRows: 'AdjointScaleRows',
  adam: 'AdjointAdam',
} as const;
export type FusedKernel = (typeof fusedKernels)[keyof typeof fusedKernels];

/** Whether the current device, or that of the given backend, has a kernel of its own for this. */
export function hasKernel(tf: TensorFlow, name: FusedKernel, backend = tf.getBackend()): boolean {
  // Typed as always there, and undefined where it is not.
  return (tf.getKernel(name, backend) as object | undefined) !== undefined;
}

export function runKernel(
  tf: TensorFlow,
  name: FusedKernel,
  inputs: Record<string, Tensor>,
  attributes: Record<string, number | boolean> = {},
): Tensor {
  return tf.engine().runKernel(name, inputs, attributes);
}
