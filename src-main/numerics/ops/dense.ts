import type { Tensor, TensorFlow } from '../devices/device';
import { fusedKernels, hasKernel, runKernel } from './fused';

/** φ(xW + b) for x [B,in], W [in,out], b [out], with φ the identity or relu. */
export function dense(tf: TensorFlow, x: Tensor, kernel: Tensor, bias: Tensor, activation: 'linear' | 'relu'): Tensor {
  if (hasKernel(tf, fusedKernels.dense))
    return runKernel(tf, fusedKernels.dense, { x, kernel, bias }, { relu: activation === 'relu' });
  const z = tf.add(tf.matMul(x, kernel), bias);
  return activation === 'relu' ? tf.relu(z) : z;
}
