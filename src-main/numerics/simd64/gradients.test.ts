import { expect, it } from 'vitest';
import type { Tensor } from '../devices/device';
import { loadDevice } from '../devices/ladder';
import reference from './fixtures/gradients.json' with { type: 'json' };

const device = await loadDevice('simd64');
const { tf } = device;

const upload = (matrix: number[][]): Tensor => device.tensor(matrix.flat(), [matrix.length, matrix[0].length]);
const { W1, b1, W2, b2 } = reference.weights;
const weights = [upload(W1), device.tensor(b1, [b1.length]), upload(W2), device.tensor(b2, [b2.length])];
const x = upload(reference.x);

/** The loss of fixtures/make.py, with its constants as numbers, which TensorFlow.js would round to float32. */
function loss(...[W1, b1, W2, b2]: Tensor[]): Tensor {
  const z = tf.add(tf.matMul(x, W1), b1);
  const gelu = tf.mul(tf.mul(z, 0.5), tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1));
  const a = tf.add(tf.add(tf.mul(tf.mul(z, 0.1), tf.sigmoid(z)), gelu), tf.mul(tf.softplus(z), 1e-3));
  const y = tf.add(tf.matMul(a, W2), b2);
  const smooth = tf.add(tf.mul(tf.square(y), 0.1), tf.mul(tf.elu(y), 1e-3));
  const rest = tf.add(tf.relu(y), tf.mul(tf.logSigmoid(y), 0.1));
  return tf.add(tf.mean(tf.sum(tf.add(smooth, rest), 1)), tf.mul(tf.sum(tf.selu(W2)), 1e-3));
}

it('loss and gradient of a network agree with complex steps in numpy to 1e-12, constants included', async () => {
  const [value] = await device.read(loss(...weights));
  expect(Math.abs(value / reference.loss - 1)).toBeLessThan(1e-14);
  const gradients = tf.grads((...w) => loss(...w))(weights);
  const expected = Object.values(reference.gradients).map((g) => (g as (number | number[])[]).flat());
  for (const [i, gradient] of gradients.entries()) {
    const scale = Math.max(...expected[i].map(Math.abs));
    const found = await device.read(gradient);
    found.forEach((entry, j) => expect(Math.abs(entry - expected[i][j]) / scale).toBeLessThan(1e-12));
  }
});

it('the same comparison would notice a constant in float32', async () => {
  const rounded = tf.grad((w: Tensor) => tf.mul(tf.sum(tf.square(w)), Math.fround(1e-3)))(weights[0]);
  const exact = tf.grad((w: Tensor) => tf.mul(tf.sum(tf.square(w)), 1e-3))(weights[0]);
  const [a, b] = [await device.read(rounded), await device.read(exact)];
  expect(Math.abs(a[0] / b[0] - 1)).toBeGreaterThan(1e-12);
});
