import type * as tfjs from '@tensorflow/tfjs-core';
import type { Tensor } from '../devices/device';
import { type FusedKernel, fusedKernels, runKernel } from '../ops/fused';
import { backendName, type Simd64Backend, type TensorFlow64 } from './backend';
import { product } from './broadcast';
import { type AdamConstants, binaryKinds } from './kernels';

type Info = tfjs.TensorInfo;
interface Fused<Inputs extends string, Attributes> {
  inputs: Record<Inputs, Info>;
  backend: Simd64Backend;
  attrs: Attributes;
}
type Gradient = Omit<tfjs.GradConfig, 'kernelName'>;

/**
 * Our own kernels with their gradients, and the gradients of those, so that Hessian products go through. The ops in numerics/ops use them and
 * say what they compute; composed of plain ops there, they are what the tests compare these with.
 */
export function registerFusedKernels(tf: TensorFlow64): void {
  const register = <Inputs extends string, Attributes>(
    name: FusedKernel,
    kernelFunc: (call: Fused<Inputs, Attributes>) => Info | Info[],
    gradient?: Gradient,
  ) => {
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: kernelFunc as unknown as tfjs.KernelFunc,
    });
    if (gradient) tf.registerGradient({ kernelName: name, ...gradient });
  };
  register(fusedKernels.dense, dense, denseGradient(tf));
  register(fusedKernels.mask, mask, maskGradient(tf));
  register(fusedKernels.quadratic, quadratic, quadraticGradientOf(tf));
  register(fusedKernels.quadraticGradient, quadraticGradient, quadraticHessian(tf));
  register(fusedKernels.qcqpResidual, qcqpResidual, residualGradientOf(tf));
  register(fusedKernels.qcqpResidualGradient, qcqpResidualGradient, residualHessian(tf));
  register(fusedKernels.squaredNorm, squaredNorm, squaredNormGradient(tf));
  register(fusedKernels.scaleRows, scaleRows, scaleRowsGradient(tf));
  register(fusedKernels.adam, adam);
}

/** φ(xW + b). */
function dense({ inputs, backend, attrs }: Fused<'x' | 'kernel' | 'bias', { relu: boolean }>): Info {
  const { x, kernel, bias } = inputs;
  const [rows, depth] = x.shape;
  const columns = kernel.shape[1];
  const [atX, atKernel, atBias] = [backend.place(x), backend.place(kernel), backend.place(bias)];
  const out = backend.make([rows, columns], rows * columns);
  backend.kernels.multiply(
    rows,
    columns,
    depth,
    { at: atX, stride: depth },
    { at: atKernel, stride: columns },
    { at: out.address, stride: columns },
    { bias: atBias, relu: attrs.relu },
  );
  return out;
}

function denseGradient(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['x', 'kernel'],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const [x, kernel, y] = saved as tfjs.Tensor2D[];
      const dz = (attrs.relu ? runKernel(tf, fusedKernels.mask, { dy: dy as Tensor, y }) : dy) as tfjs.Tensor2D;
      return {
        x: () => tf.matMul(dz, kernel, false, true),
        kernel: () => tf.matMul(x, dz, true, false),
        bias: () => tf.sum(dz, 0),
      };
    },
  };
}

/** dy where y > 0, else 0: the derivative of relu at its output y. */
function mask({ inputs: { dy, y }, backend }: Fused<'dy' | 'y', object>): Info {
  const length = product(dy.shape);
  const [a, b] = [backend.place(dy), backend.place(y)];
  const out = backend.make(dy.shape, length);
  const operand = (at: number) => ({ at, row: 0, step: 1 }) as const;
  backend.kernels.binaryFlat(binaryKinds.mask, length, operand(a), operand(b), out.address);
  return out;
}

function maskGradient(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['y'],
    gradFunc: (ddy, [y]) => ({
      dy: () => runKernel(tf, fusedKernels.mask, { dy: ddy as Tensor, y }),
      y: () => tf.zerosLike(y),
    }),
  };
}

/** Σ_j y_j (½ q_j y_j + p_j). */
function quadratic({ inputs: { y, q, p }, backend }: Fused<'y' | 'q' | 'p', object>): Info {
  const [rows, n] = y.shape;
  const [atY, atQ, atP] = [backend.place(y), backend.place(q), backend.place(p)];
  const out = backend.make([rows], rows);
  backend.kernels.quadratic(rows, n, atY, atQ, atP, out.address);
  return out;
}

function quadraticGradientOf(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['y', 'q', 'p'],
    gradFunc(df, [y, q, p]) {
      const w = tf.expandDims(df as Tensor, 1);
      return {
        y: () => runKernel(tf, fusedKernels.quadraticGradient, { w: df as Tensor, y, q, p }),
        q: () => tf.sum(tf.mul(w, tf.mul(tf.square(y), 0.5)), 0),
        p: () => tf.sum(tf.mul(w, y), 0),
      };
    },
  };
}

/** w ⊗ (q∘y + p). */
function quadraticGradient({ inputs, backend }: Fused<'w' | 'y' | 'q' | 'p', object>): Info {
  const { w, y, q, p } = inputs;
  const [rows, n] = y.shape;
  const [atW, atY, atQ, atP] = [backend.place(w), backend.place(y), backend.place(q), backend.place(p)];
  const out = backend.make([rows, n], rows * n);
  backend.kernels.quadraticGradient(rows, n, atY, atQ, atP, atW, out.address);
  return out;
}

function quadraticHessian(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['w', 'y', 'q', 'p'],
    gradFunc(dg, [w, y, q, p]) {
      const v = tf.mul(dg as Tensor, tf.expandDims(w, 1));
      return {
        w: () => tf.sum(tf.mul(dg as Tensor, tf.add(tf.mul(y, q), p)), 1),
        y: () => tf.mul(v, q),
        q: () => tf.sum(tf.mul(v, y), 0),
        p: () => tf.sum(v, 0),
      };
    },
  };
}

/** [relu(c(y)) | Ay − x]: two products into one matrix, then what is left. */
function qcqpResidual({ inputs, backend }: Fused<'y' | 'x' | 'H' | 'GA' | 'h', object>): Info {
  const { y, x, H, GA, h } = inputs;
  const { kernels } = backend;
  const [rows, n] = y.shape;
  const [m, e] = [H.shape[0], x.shape[1]];
  const [atY, atX, atH, atGA, ath] = [y, x, H, GA, h].map((tensor) => backend.place(tensor));
  const out = backend.make([rows, m + e], rows * (m + e));
  const result = { at: out.address, stride: m + e };
  const by = (at: number) => ({ at, stride: n, transposed: true });
  kernels.multiply(rows, m + e, n, { at: atY, stride: n }, by(atGA), result);
  const squares = kernels.memory.allocate(rows * n);
  const operand = { at: atY, row: 0, step: 1 } as const;
  kernels.binaryFlat(binaryKinds.Multiply, rows * n, operand, operand, squares);
  kernels.multiply(rows, m, n, { at: squares, stride: n }, by(atH), result, { accumulate: true });
  kernels.memory.free(squares, rows * n);
  kernels.residual(rows, m, e, out.address, ath, atX);
  return out;
}

/** Data of the problem are constants: no gradient goes to H, GA and h. */
function residualGradientOf(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['y', 'H', 'GA'],
    outputsToSave: [true],
    gradFunc(dr, [y, H, GA, r]) {
      const given = dr as Tensor;
      const [rows, m] = [y.shape[0], H.shape[0]];
      return {
        y: () => runKernel(tf, fusedKernels.qcqpResidualGradient, { dr: given, r, y, H, GA }),
        x: () => tf.neg(tf.slice(given, [0, m], [rows, GA.shape[0] - m])),
      };
    },
  };
}

/** uᵀ∂r/∂y = u GA + 2 y∘(u_c H) with u = dr, zero where the inequality is inactive. */
function qcqpResidualGradient({ inputs, backend }: Fused<'dr' | 'r' | 'y' | 'H' | 'GA', object>): Info {
  const { dr, r, y, H, GA } = inputs;
  const { kernels } = backend;
  const [rows, n] = y.shape;
  const [m, width] = [H.shape[0], GA.shape[0]];
  const [atDr, atR, atY, atH, atGA] = [dr, r, y, H, GA].map((tensor) => backend.place(tensor));
  const out = backend.make([rows, n], rows * n);
  const u = kernels.memory.allocate(rows * width);
  const curved = kernels.memory.allocate(rows * n);
  kernels.maskResidual(rows, m, width - m, atDr, atR, u);
  kernels.multiply(rows, n, width, { at: u, stride: width }, { at: atGA, stride: n }, { at: out.address, stride: n });
  kernels.multiply(rows, n, m, { at: u, stride: width }, { at: atH, stride: n }, { at: curved, stride: n });
  kernels.addProduct(rows * n, 2, atY, curved, out.address);
  kernels.memory.free(u, rows * width);
  kernels.memory.free(curved, rows * n);
  return out;
}

function residualHessian(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['dr', 'r', 'y', 'H', 'GA'],
    gradFunc(dg, saved) {
      const [dr, r, y, H, GA] = saved as tfjs.Tensor2D[];
      const v = dg as tfjs.Tensor2D;
      const [rows, m] = [y.shape[0], H.shape[0]];
      const active = tf.step(tf.slice(r, [0, 0], [rows, m]));
      return {
        // (∂r/∂y) v, of which inactive inequalities have none.
        dr: () => {
          const linear = tf.matMul(v, GA, false, true);
          const curved = tf.mul(tf.matMul(tf.mul(y, v), H, false, true), 2);
          const inequality = tf.mul(active, tf.add(tf.slice(linear, [0, 0], [rows, m]), curved));
          return tf.concat([inequality, tf.slice(linear, [0, m], [rows, GA.shape[0] - m])], 1);
        },
        y: () => {
          const u = tf.mul(active, tf.slice(dr, [0, 0], [rows, m])) as tfjs.Tensor2D;
          return tf.mul(tf.mul(v, tf.matMul(u, H)), 2);
        },
        // Where the residual is zero its sign does not change.
        r: () => tf.zerosLike(r),
      };
    },
  };
}

function squaredNorm({ inputs: { r }, backend }: Fused<'r', object>): Info {
  const [rows, columns] = r.shape;
  const at = backend.place(r);
  const out = backend.make([rows], rows);
  backend.kernels.squaredNorm(rows, columns, at, out.address);
  return out;
}

function squaredNormGradient(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['r'],
    gradFunc: (ds, [r]) => ({
      r: () => runKernel(tf, fusedKernels.scaleRows, { x: r, w: ds as Tensor }, { alpha: 2 }),
    }),
  };
}

/** α w ⊗ x by rows. */
function scaleRows({ inputs: { x, w }, backend, attrs }: Fused<'x' | 'w', { alpha: number }>): Info {
  const [rows, columns] = x.shape;
  const [atX, atW] = [backend.place(x), backend.place(w)];
  const out = backend.make([rows, columns], rows * columns);
  backend.kernels.scaleRows(rows, columns, attrs.alpha, atX, atW, out.address);
  return out;
}

function scaleRowsGradient(tf: TensorFlow64): Gradient {
  return {
    inputsToSave: ['x', 'w'],
    gradFunc(dy, [x, w], attrs) {
      const alpha = attrs.alpha as number;
      return {
        x: () => runKernel(tf, fusedKernels.scaleRows, { x: dy as Tensor, w }, { alpha }),
        w: () => tf.mul(tf.sum(tf.mul(dy as Tensor, x), 1), alpha),
      };
    },
  };
}

/** Next weight, mean and square. */
function adam({ inputs, backend, attrs }: Fused<'weight' | 'gradient' | 'mean' | 'square', AdamConstants>): Info[] {
  const { weight, gradient, mean, square } = inputs;
  const length = product(weight.shape);
  const given = [weight, gradient, mean, square].map((tensor) => backend.place(tensor));
  const next = [0, 1, 2].map(() => backend.make(weight.shape, length));
  backend.kernels.adam(
    length,
    attrs,
    given,
    next.map(({ address }) => address),
  );
  return next;
}
