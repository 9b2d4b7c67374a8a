import { describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import type { Scalar, Tensor } from '../devices/device';
import { loadDevice } from '../devices/ladder';
import { adamUpdate } from './adam';
import { dense } from './dense';
import { fusedKernels } from './fused';
import { diagonalQuadratic, qcqpResidual, squaredNorm } from './qcqp';

const device = await loadDevice('simd64');
const { tf } = device;
const generator = new Generator(3);
const draw = (...shape: number[]): Tensor =>
  device.tensor(generator.standardNormals(shape.reduce((a, b) => a * b, 1)), shape);

/** Runs without our own kernels, so that ops are composed of TensorFlow.js's: the twin that every other device runs. */
function composed<T>(run: () => T): T {
  const kernels = Object.values(fusedKernels).map((name) => tf.getKernel(name, 'simd64'));
  for (const { kernelName, backendName } of kernels) tf.unregisterKernel(kernelName, backendName);
  try {
    return run();
  } finally {
    kernels.forEach((kernel) => tf.registerKernel(kernel));
  }
}

async function expectSame(found: Tensor, expected: Tensor): Promise<void> {
  expect(found.shape).toEqual(expected.shape);
  const [a, b] = [await device.read(found), await device.read(expected)];
  const scale = Math.max(1, ...b.map(Math.abs));
  a.forEach((value, i) => expect(Math.abs(value - b[i]) / scale).toBeLessThan(1e-13));
}

const [B, n, m, e] = [9, 7, 5, 3];
const x = draw(B, e);
const constraints = { H: tf.abs(draw(m, n)), GA: draw(m + e, n), h: draw(m) };
const [q, p] = [draw(n), draw(n)];
const features = draw(B, 4);
const relu = (z: Tensor, kernel: Tensor, bias: Tensor) => dense(tf, z, kernel, bias, 'relu');

const cases: [string, (...inputs: Tensor[]) => Tensor, Tensor[]][] = [
  ['dense, linear', (z, kernel, bias) => dense(tf, z, kernel, bias, 'linear'), [draw(B, 6), draw(6, n), draw(n)]],
  ['dense, relu', relu, [draw(B, 6), draw(6, n), draw(n)]],
  ['diagonal quadratic', (y, q, p) => diagonalQuadratic(tf, y, q, p), [draw(B, n), q, p]],
  ['QCQP residual', (y, x) => qcqpResidual(tf, y, x, constraints), [draw(B, n), x]],
  ['squared norm', (r) => squaredNorm(tf, r), [draw(B, 8)]],
  [
    'soft penalty of a network',
    (kernel, bias) => {
      const y = relu(features, kernel, bias);
      return tf.add(diagonalQuadratic(tf, y, q, p), tf.mul(squaredNorm(tf, qcqpResidual(tf, y, x, constraints)), 10));
    },
    [draw(4, n), draw(n)],
  ],
];

describe.each(cases)('%s', (_, op, inputs) => {
  // A random direction instead of a sum, so that no entry's error cancels.
  const direction = tf.tidy(() => draw(...op(...inputs).shape));
  const scalar = (...given: Tensor[]) => tf.sum(tf.mul(op(...given), direction)) as never;
  const gradients = (given: Tensor[]) => tf.grads(scalar as (...given: Tensor[]) => Tensor)(given);
  const directions = inputs.map(({ shape }) => draw(...shape));
  /** Hessian of the scalar times a direction: the gradient of an inner product with the gradient; zero for what enters linearly. */
  const hessianProduct = (given: Tensor[]) => {
    const along = () => tf.addN(gradients(given).map((g, i) => tf.sum(tf.mul(g, directions[i])))) as Scalar;
    const { grads } = tf.engine().gradients(along, given, undefined, true);
    return grads.map((gradient, i) => (gradient as Tensor | null) ?? tf.zerosLike(given[i]));
  };

  it('gives the values of its twin of plain ops', async () => {
    await expectSame(
      op(...inputs),
      composed(() => op(...inputs)),
    );
  });

  it('gives its gradients', async () => {
    const found = gradients(inputs);
    const expected = composed(() => gradients(inputs));
    for (const [i, gradient] of found.entries()) await expectSame(gradient, expected[i]);
  });

  it('gives its Hessian products', async () => {
    const found = hessianProduct(inputs);
    const expected = composed(() => hessianProduct(inputs));
    for (const [i, product] of found.entries()) await expectSame(product, expected[i]);
  });
});

it.each([1, 0.99])('Adam’s update is bit for bit that of plain ops (what decay leaves: %d)', async (kept) => {
  const [weight, gradient, mean] = [draw(13, 7), draw(13, 7), draw(13, 7)];
  const square = tf.square(draw(13, 7));
  const step = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, t: 3, kept };
  const run = () => Object.values(adamUpdate(tf, step, weight, gradient, mean, square)) as Tensor[];
  const [found, expected] = [run(), composed(run)];
  for (const [i, tensor] of found.entries()) expect(await device.read(tensor)).toEqual(await device.read(expected[i]));
});
