import { describe, expect, it } from 'vitest';
import { loadDevice } from '../numerics/devices/ladder';
import { bindNetwork, bindTechnique } from './bound';
import { flat, problemOf, reference, relativeError } from './fixtures/reference';
import { compareGradients, gradientOf } from './gradients';
import type { ActivationName } from './networks/activations';
import { deviceProblem } from './problem';
import type { Pass } from './techniques/technique';
import { type NamedTensors, upload } from './tensors';

const device = await loadDevice('wasm');
const { tf } = device;

describe.each(reference.cases)('soft penalty on an MLP with $activation, dense H $dense', (expected) => {
  const { n, e } = expected.dims;
  const network = bindNetwork({ kind: 'mlp', hidden: [8], activation: expected.activation as ActivationName });
  const { technique, settings } = bindTechnique({
    kind: 'softPenalty',
    lambda: { kind: 'constant', value: expected.lam },
  });
  const problem = deviceProblem(device, problemOf(expected));
  const [W1, b1, W2, b2] = expected.weights.map(flat);
  const weights = upload(device, {
    'layer1/kernel': { shape: [e, 8], values: W1 },
    'layer1/bias': { shape: [8], values: b1 },
    'layer2/kernel': { shape: [8, n], values: W2 },
    'layer2/bias': { shape: [n], values: b2 },
  });
  const x = device.tensor(flat(expected.X), [expected.X.length, e]);
  const pass = { device, problem, settings, scheduled: { lambda: expected.lam } } as unknown as Pass<unknown>;
  const terms = (w: NamedTensors) => technique.terms(pass, network.apply(device, w, x), x);

  it('gives numpy’s output, loss and penalty', async () => {
    const { objective, constraint, penalty } = terms(weights);
    expect(relativeError(await device.read(network.apply(device, weights, x)), flat(expected.output))).toBeLessThan(
      2e-6,
    );
    const loss = await device.read(tf.add(objective, constraint));
    expect(relativeError(loss, [expected.loss])).toBeLessThan(2e-6);
    expect(relativeError(await device.read(penalty), [expected.penalty])).toBeLessThan(2e-6);
  });

  it('gives the gradient that numpy gets by hand and by differences', async () => {
    const gradients = gradientOf(tf, weights, (w) => {
      const { objective, constraint } = terms(w);
      return tf.add(objective, constraint);
    });
    const values: number[] = [];
    for (const gradient of Object.values(gradients)) values.push(...(await device.read(gradient)));
    expect(relativeError(values, expected.gradient)).toBeLessThan(5e-6);
  });

  it('compares the two gradients as defined', async () => {
    const compared = await compareGradients(device, weights, terms);
    expect(compared['gradient/cosine']).toBeCloseTo(expected.cosine, 5);
    expect(relativeError([compared['gradient/norm_ratio']!], [expected.ratio])).toBeLessThan(5e-6);
    expect(relativeError([compared['gradient/objective_norm']!], [expected.objectiveNorm])).toBeLessThan(5e-6);
  });
});

it('cosine and ratio are not invented where a gradient vanishes', async () => {
  const weights = { w: device.tensor([1, 2], [2]) };
  const zero = (w: NamedTensors) => tf.mul(tf.sum(w.w), 0);
  const compared = await compareGradients(device, weights, (w) => ({
    objective: tf.sum(w.w),
    constraint: zero(w),
    penalty: zero(w),
  }));
  expect(compared['gradient/cosine']).toBeNull();
  expect(compared['gradient/norm_ratio']).toBe(0);
  expect(compared['gradient/penalty_norm']).toBe(0);
});
