import type * as tfjs from '@tensorflow/tfjs-core';
import { elu, erf, selu, softplus } from './accurate';
import { backendName, type Simd64Backend, type TensorFlow64 } from './backend';
import { planBroadcast, product } from './broadcast';
import { binaryKinds, unaryKinds } from './kernels';

interface Call<Inputs extends string, Attributes = object> {
  inputs: Record<Inputs, tfjs.TensorInfo>;
  backend: Simd64Backend;
  attrs: Attributes;
}
type Kernel = (call: Call<string, never>) => tfjs.TensorInfo;
/** A kernel that does what it is good at and returns null for the rest, which TensorFlow.js's own kernel then does. */
type PartialKernel<Inputs extends string, Attributes = object> = (
  call: Call<Inputs, Attributes>,
) => tfjs.TensorInfo | null;

/**
 * Every kernel of TensorFlow.js's plain backend under our name, in float64 by the transform of its arrays; over them the kernels in
 * WebAssembly, and the functions that are approximated to float32's digits there.
 */
export function registerKernels(tf: TensorFlow64): void {
  tf.copyRegisteredKernels('cpu', backendName);
  const override = <Inputs extends string, Attributes>(name: string, partial: PartialKernel<Inputs, Attributes>) => {
    const plain = tf.getKernel(name, backendName);
    const plainKernel = plain.kernelFunc as unknown as Kernel;
    tf.unregisterKernel(name, backendName);
    const kernelFunc = (call: Call<Inputs, Attributes>) =>
      partial(call) ?? plainKernel(call as unknown as Call<string, never>);
    tf.registerKernel({ ...plain, kernelFunc: kernelFunc as unknown as tfjs.KernelFunc });
  };
  for (const [name, kind] of Object.entries(binaryKinds)) if (name !== 'mask') override(name, binary(kind));
  for (const [name, kind] of Object.entries(unaryKinds)) override(name, unary(kind));
  for (const [name, f] of Object.entries({ Softplus: softplus, Elu: elu, Selu: selu, Erf: erf }))
    override(name, mapped(f));
  override('Sum', sum(tf));
  override('Mean', mean(tf));
  override('BatchMatMul', batchMatMul);
  override('_FusedMatMul', fusedMatMul);
}

const isFloat = ({ dtype, shape }: tfjs.TensorInfo): boolean => dtype === 'float32' && product(shape) > 0;

function binary(kind: (typeof binaryKinds)[keyof typeof binaryKinds]): PartialKernel<'a' | 'b'> {
  return ({ inputs: { a, b }, backend }) => {
    if (!isFloat(a) || !isFloat(b)) return null;
    const [lengthA, lengthB] = [product(a.shape), product(b.shape)];
    const { kernels } = backend;
    if (sameShape(a.shape, b.shape)) {
      const [atA, atB] = [backend.place(a), backend.place(b)];
      const out = backend.make(a.shape, lengthA);
      kernels.binaryFlat(kind, lengthA, { at: atA, row: 0, step: 1 }, { at: atB, row: 0, step: 1 }, out.address);
      return out;
    }
    const shape = broadcastShape(a.shape, b.shape);
    if (lengthA === 1 || lengthB === 1) {
      const length = Math.max(lengthA, lengthB);
      const [atA, atB] = [backend.place(a), backend.place(b)];
      const out = backend.make(shape, length);
      const [stepA, stepB] = [lengthA === 1 ? 0 : 1, lengthB === 1 ? 0 : 1] as const;
      kernels.binaryFlat(kind, length, { at: atA, row: 0, step: stepA }, { at: atB, row: 0, step: stepB }, out.address);
      return out;
    }
    const plan = planBroadcast(a.shape, b.shape, shape);
    if (!plan) return null;
    const operands = [
      { at: backend.place(a), ...plan.a },
      { at: backend.place(b), ...plan.b },
    ] as const;
    const out = backend.make(shape, plan.rows * plan.columns);
    kernels.binaryRows(kind, plan.rows, plan.columns, ...operands, out.address);
    return out;
  };
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The operation has checked that the shapes go together. */
function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [fromA, fromB] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    return fromA === 1 ? fromB : fromA;
  });
}

function unary(kind: (typeof unaryKinds)[keyof typeof unaryKinds]): PartialKernel<'x', { alpha?: number }> {
  return ({ inputs: { x }, backend, attrs }) => {
    if (!isFloat(x)) return null;
    const length = product(x.shape);
    const at = backend.place(x);
    const out = backend.make(x.shape, length);
    backend.kernels.unary(kind, length, at, out.address, attrs?.alpha);
    return out;
  };
}

function mapped(f: (x: number) => number): PartialKernel<'x'> {
  return ({ inputs: { x }, backend }) => {
    if (!isFloat(x)) return null;
    const values = backend.view(x);
    const out = backend.make(x.shape, values.length);
    const result = backend.view(out);
    for (let i = 0; i < values.length; i++) result[i] = f(values[i]);
    return out;
  };
}

interface ReductionAttributes {
  axis: number | number[] | null;
  keepDims: boolean;
}

function sum(tf: TensorFlow64): PartialKernel<'x', ReductionAttributes> {
  return ({ inputs: { x }, backend, attrs: { axis, keepDims } }) => {
    if (!isFloat(x)) return null;
    const axes = tf.util.parseAxisParam(axis!, x.shape);
    const first = Math.min(...axes);
    const last = Math.max(...axes);
    // Axes that do not lie together are left to the plain kernel, which moves them.
    if (axes.length === 0 || last - first + 1 !== axes.length) return null;
    const outer = product(x.shape, 0, first);
    const length = product(x.shape, first, last + 1);
    const inner = product(x.shape, last + 1);
    const shape = x.shape.flatMap((size, i) => (i < first || i > last ? [size] : keepDims ? [1] : []));
    const at = backend.place(x);
    const out = backend.make(shape, outer * inner);
    backend.kernels.sum(outer, length, inner, at, out.address);
    return out;
  };
}

function mean(tf: TensorFlow64): PartialKernel<'x', ReductionAttributes> {
  const sums = sum(tf);
  return (call) => {
    const out = sums(call);
    if (!out) return null;
    const values = call.backend.view(out);
    const count = product(call.inputs.x.shape) / values.length;
    for (let i = 0; i < values.length; i++) values[i] /= count;
    return out;
  };
}

interface MatMulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

const batchMatMul: PartialKernel<'a' | 'b', MatMulAttributes> = ({ inputs: { a, b }, backend, attrs }) =>
  multiply(backend, a, b, attrs, {});

interface FusedMatMulAttributes extends MatMulAttributes {
  activation: string | null;
}

/** With a bias by column and relu, or neither; other activations are left to the plain kernel. */
const fusedMatMul: PartialKernel<'a' | 'b' | 'bias' | 'preluActivationWeights', FusedMatMulAttributes> = ({
  inputs: { a, b, bias },
  backend,
  attrs,
}) => {
  const { activation } = attrs;
  if (activation !== null && activation !== undefined && activation !== 'linear' && activation !== 'relu') return null;
  const columns = b.shape[b.shape.length - (attrs.transposeB ? 2 : 1)];
  const byColumn = bias as tfjs.TensorInfo | undefined;
  if (byColumn && (!isFloat(byColumn) || product(byColumn.shape) !== columns || byColumn.shape.at(-1) !== columns))
    return null;
  return multiply(backend, a, b, attrs, {
    relu: activation === 'relu',
    bias: byColumn ? backend.place(byColumn) : 0,
  });
};

/** Products of matrices in the last two axes; the axes before them are batches, of which either operand may have one only. */
function multiply(
  backend: Simd64Backend,
  a: tfjs.TensorInfo,
  b: tfjs.TensorInfo,
  { transposeA, transposeB }: MatMulAttributes,
  finish: { bias?: number; relu?: boolean },
): tfjs.TensorInfo | null {
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  if (!isFloat(a) || !isFloat(b) || rankA < 2 || rankB < 2) return null;
  const [strideA, strideB] = [a.shape[rankA - 1], b.shape[rankB - 1]];
  const [heightA, heightB] = [a.shape[rankA - 2], b.shape[rankB - 2]];
  const [rows, depth] = transposeA ? [strideA, heightA] : [heightA, strideA];
  const [columns, depthB] = transposeB ? [heightB, strideB] : [strideB, heightB];
  // The plain kernel says what is wrong.
  if (depth !== depthB) return null;
  const batchShape = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = product(batchShape);
  const [batchA, batchB] = [product(a.shape, 0, rankA - 2), product(b.shape, 0, rankB - 2)];
  // Batches that repeat along some axes only are left to the plain kernel.
  if ((batchA !== batch && batchA !== 1) || (batchB !== batch && batchB !== 1)) return null;
  const [atA, atB] = [backend.place(a), backend.place(b)];
  const out = backend.make([...batchShape, rows, columns], batch * rows * columns);
  for (let i = 0; i < batch; i++)
    backend.kernels.multiply(
      rows,
      columns,
      depth,
      { at: atA + (batchA === 1 ? 0 : 8 * i * heightA * strideA), stride: strideA, transposed: transposeA },
      { at: atB + (batchB === 1 ? 0 : 8 * i * heightB * strideB), stride: strideB, transposed: transposeB },
      { at: out.address + 8 * i * rows * columns, stride: columns },
      finish,
    );
  return out;
}
