import { describe, expect, it } from 'vitest';
import { loadDevice } from '../numerics/devices/ladder';
import { bindNetwork, bindTechnique } from './bound';
import { flat, problemOf, reference, relativeError } from './fixtures/reference';
import { microBatches, signalToNoise } from './gradientNoise';
import { compareGradients, gradientOf } from './gradients';
import type { ActivationName } from './networks/activations';
import { deviceProblem } from './problem';
import type { Pass } from './techniques/technique';
import { type NamedTensors, upload } from './tensors';

const device = await loadDevice('wasm');
const { tf } = device;

describe.each(reference.cases)('soft penalty on an MLP with $activation, dense H $dense', (expected) => {
  const { n, e } = expected.dims;
  const network = bindNetwork({
    kind: 'mlp',
    hidden: [8],
    activation: expected.activation as ActivationName,
    batchNorm: false,
    dropout: 0,
  });
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
  const output = (weights: NamedTensors) => network.apply(device, { weights, buffers: {}, training: null }, x).y;
  const terms = (w: NamedTensors, y = output(w)) => technique.terms(pass, y, x, y);

  it('gives numpy’s output, loss and penalty', async () => {
    const { objective, constraint, penalty } = terms(weights);
    expect(relativeError(await device.read(output(weights)), flat(expected.output))).toBeLessThan(2e-6);
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
    expect(relativeError([compared['gradient/norm_ratio'] as number], [expected.ratio])).toBeLessThan(5e-6);
    expect(relativeError([compared['gradient/objective_norm'] as number], [expected.objectiveNorm])).toBeLessThan(5e-6);
  });
});

it('cosine and ratio of each layer are over its own weights, in the order asked for', async () => {
  const weights = {
    'first/kernel': device.tensor([0, 0], [2]),
    'first/bias': device.tensor([0], [1]),
    'second/kernel': device.tensor([0, 0], [2]),
    'third/kernel': device.tensor([0], [1]),
  };
  const linear = (w: NamedTensors, slopes: Record<string, number[]>) =>
    tf.addN(
      Object.entries(slopes).map(([name, slope]) => tf.sum(tf.mul(w[name], device.tensor(slope, [slope.length])))),
    );
  const compared = await compareGradients(
    device,
    weights,
    (w) => ({
      objective: linear(w, { 'first/kernel': [1, 2], 'first/bias': [2], 'second/kernel': [1, 0] }),
      constraint: linear(w, {
        'first/kernel': [4, 0],
        'first/bias': [-3],
        'second/kernel': [3, 4],
        'third/kernel': [7],
      }),
      penalty: tf.sum(w['first/bias']),
    }),
    ['second', 'first', 'third'],
  );
  // second: (1,0) and (3,4); first: (1,2,2) and (4,0,−3), product −2, norms 3 and 5; third: the objective does not depend on it.
  const cosines = compared['gradient/layer_cosine'] as Float64Array;
  expect([...cosines].map((value) => +value.toFixed(6))).toEqual([0.6, -0.133333, NaN]);
  const ratios = compared['gradient/layer_norm_ratio'] as Float64Array;
  expect([...ratios].map((value) => +value.toFixed(6))).toEqual([5, 1.666667, NaN]);
  // Together: product −2 + 3, ‖g_f‖² = 9 + 1, ‖g_p‖² = 25 + 25 + 49.
  expect(compared['gradient/cosine']).toBeCloseTo(1 / Math.sqrt(10 * 99), 6);
});

describe('the signal-to-noise ratio', () => {
  const weights = { w: device.tensor([1, 1], [2]), v: device.tensor([1], [1]) };
  const loss = (a: number, b: number, c: number) => (w: NamedTensors) =>
    tf.add(tf.sum(tf.mul(w.w, device.tensor([a, b], [2]))), tf.sum(tf.mul(w.v, c)));

  it('is the squared norm of the mean gradient over the mean squared deviation from it', async () => {
    // Gradients (1,0,2) and (3,4,2): mean (2,2,2), deviations ∓(1,2,0).
    expect(await signalToNoise(device, weights, [loss(1, 0, 2), loss(3, 4, 2)])).toBeCloseTo(12 / 5, 6);
    // (3,0,0), (0,3,0), (0,0,3): mean (1,1,1), each deviation (2,−1,−1).
    expect(await signalToNoise(device, weights, [loss(3, 0, 0), loss(0, 3, 0), loss(0, 0, 3)])).toBeCloseTo(0.5, 6);
  });

  it('is not invented from one gradient, nor where there is no noise', async () => {
    expect(await signalToNoise(device, weights, [loss(1, 2, 3)])).toBeNull();
    expect(await signalToNoise(device, weights, [loss(1, 2, 3), loss(1, 2, 3)])).toBeNull();
  });

  it('cuts a batch into parts that cover it, as even as can be', () => {
    const ends = (size: number, parts: number) => microBatches(size, parts).map(({ first, end }) => [first, end]);
    expect(ends(8, 4)).toEqual([[0, 2], [2, 4], [4, 6], [6, 8]]); // prettier-ignore
    expect(
      ends(5, 4)
        .map(([first, end]) => end - first)
        .toSorted(),
    ).toEqual([1, 1, 1, 2]);
    expect(ends(2, 4)).toEqual([[0, 1], [1, 2]]); // prettier-ignore
    expect(ends(1, 4)).toEqual([[0, 1]]);
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
