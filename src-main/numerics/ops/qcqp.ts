import type { Tensor, TensorFlow } from '../devices/device';
import { fusedKernels, hasKernel, runKernel } from './fused';

/** ½ Σ_j q_j y_j² + pᵀy of each row of y [B,n], with q and p [n]: [B]. */
export function diagonalQuadratic(tf: TensorFlow, y: Tensor, q: Tensor, p: Tensor): Tensor {
  if (hasKernel(tf, fusedKernels.quadratic)) return runKernel(tf, fusedKernels.quadratic, { y, q, p });
  return tf.sum(tf.mul(y, tf.add(tf.mul(tf.mul(y, q), 0.5), p)), 1);
}

/** Constraints of a QCQP with diagonal H_i: H [m,n], GA [m+e,n] (G above A), h [m]. */
export interface DiagonalConstraints {
  H: Tensor;
  GA: Tensor;
  h: Tensor;
}

/** r = [relu(c(y)); Ay − x] with c_i(y) = Σ_j H_ij y_j² + G_i y − h_i, for y [B,n] and x [B,e]: [B,m+e]. */
export function qcqpResidual(tf: TensorFlow, y: Tensor, x: Tensor, { H, GA, h }: DiagonalConstraints): Tensor {
  if (hasKernel(tf, fusedKernels.qcqpResidual)) return runKernel(tf, fusedKernels.qcqpResidual, { y, x, H, GA, h });
  const [m, e, batch] = [H.shape[0], x.shape[1]!, y.shape[0]];
  const linear = tf.matMul(y, GA, false, true);
  const curvature = tf.matMul(tf.square(y), H, false, true);
  const inequality = tf.sub(tf.add(tf.slice(linear, [0, 0], [batch, m]), curvature), h);
  const equality = tf.sub(tf.slice(linear, [0, m], [batch, e]), x);
  return tf.concat([tf.relu(inequality), equality], 1);
}

/** ‖r‖² of each row of r [B,k]: [B]. */
export function squaredNorm(tf: TensorFlow, r: Tensor): Tensor {
  if (hasKernel(tf, fusedKernels.squaredNorm)) return runKernel(tf, fusedKernels.squaredNorm, { r });
  return tf.sum(tf.square(r), 1);
}
