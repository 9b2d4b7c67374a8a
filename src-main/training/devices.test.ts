import { afterAll, describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import type { Device, DeviceName } from '../numerics/devices/device';
import { loadDevice } from '../numerics/devices/ladder';
import { probeDevices } from '../numerics/devices/probe';
import type { Simd64Backend } from '../numerics/simd64/backend';
import { bindNetwork, bindTechnique } from './bound';
import { restoreState, saveState } from './checkpoint';
import { resolveDefaults } from './experimentSchema';
import { flat, problemOf, reference, relativeError } from './fixtures/reference';
import { compareGradients, gradientOf } from './gradients';
import { createTraining } from './loop';
import type { Training, TrainingData } from './training';
import type { ActivationName } from './networks/activations';
import { deviceProblem } from './problem';
import type { TrainingState } from './state';
import type { Pass } from './techniques/technique';
import { type NamedTensors, upload } from './tensors';

/** What rounding leaves of the reference on each precision: relative to the largest entry, and for the gradient, which is a longer sum. */
const tolerances = {
  // The reference has some gradients by differences, one of them across a kink of relu(c)² (complex steps agree with us to 1e-13).
  float64: { value: 1e-14, gradient: 1e-7 },
  float32: { value: 2e-6, gradient: 5e-6 },
} as const;

const available = await probeDevices();
const names: DeviceName[] = ['simd64', 'wasm', 'cpu', 'tensorflow'];
const missing = new Map(
  available.filter((device) => !device.available).map(({ name, detail }) => [name as DeviceName, detail]),
);
for (const [name, detail] of missing) console.log(`not run on ${name}: ${detail}`);

const [n, e] = [6, 3];
const generator = new Generator(5);
const set = (count: number) => ({
  count,
  X: generator.uniforms(-0.5, 0.5, count * e),
  Y: generator.standardNormals(count * n),
});
const data: TrainingData = { problem: problemOf(reference.cases[0]), train: set(22), valid: set(9) };
const experiment = resolveDefaults({
  dataset: 'none',
  network: { kind: 'mlp', hidden: [12, 7] },
  training: { epochs: 4, batchSize: 5, gradientsEvery: 3 },
});

async function drive(training: Training, start: TrainingState, until = training.totalSteps): Promise<TrainingState> {
  let state = start;
  while (state.step < until) {
    if (training.validationDue(state)) await training.validate(state);
    ({ state } = await training.step(state));
  }
  return state;
}

async function bits(device: Device, state: TrainingState): Promise<string> {
  const { tensors } = await saveState(device, state, 1);
  return [...tensors].map(([name, { data }]) => name + Buffer.from(data.buffer).toString('hex')).join('\n');
}

describe.each(names.filter((name) => !missing.has(name)))('on %s', (name) => {
  it.each(reference.cases)(
    'objective, penalty and gradients are numpy’s ($activation, dense H $dense)',
    async (expected) => {
      const device = await loadDevice(name);
      const { value, gradient } = tolerances[device.dtype];
      const activation = expected.activation as ActivationName;
      const network = bindNetwork({ kind: 'mlp', hidden: [8], activation, batchNorm: false, dropout: 0 });
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
      const output = (w: NamedTensors) => network.apply(device, { weights: w, buffers: {}, training: null }, x).y;
      const terms = (w: NamedTensors, y = output(w)) => technique.terms(pass, y, x, y);
      const { objective, constraint, penalty } = terms(weights);
      const loss = await device.read(device.tf.add(objective, constraint));
      expect(relativeError(loss, [expected.loss])).toBeLessThan(value);
      expect(relativeError(await device.read(penalty), [expected.penalty])).toBeLessThan(value);
      const values: number[] = [];
      const gradients = gradientOf(device.tf, weights, (w) => {
        const parts = terms(w);
        return device.tf.add(parts.objective, parts.constraint);
      });
      for (const part of Object.values(gradients)) values.push(...(await device.read(part)));
      expect(relativeError(values, expected.gradient)).toBeLessThan(gradient);
      const compared = await compareGradients(device, weights, terms);
      expect(relativeError([compared['gradient/norm_ratio'] as number], [expected.ratio])).toBeLessThan(gradient);
    },
  );

  it('the same seed gives the same bits, also through a checkpoint', async () => {
    const device = await loadDevice(name);
    const whole = createTraining(device, experiment, data);
    const end = await drive(whole, whole.init());
    const first = createTraining(device, experiment, data);
    const middle = await drive(first, first.init(), 7);
    const saved = await saveState(device, middle, first.stepsPerEpoch);
    expect(saved.tensors.get('network/layer1/kernel')?.dtype).toBe(device.dtype === 'float64' ? 'F64' : 'F32');
    first.dispose(middle);
    const second = createTraining(device, experiment, data);
    const resumed = await drive(second, restoreState(device, saved));
    expect(await bits(device, resumed)).toBe(await bits(device, end));
    whole.dispose(end);
    second.dispose(resumed);
  });
});

describe('simd64', () => {
  const large = new Generator(2);
  const [n, m, e, count] = [40, 20, 20, 256];
  const diagonal = large.uniforms(0, 0.5, n);
  const problem = {
    ...{ n, m, e },
    Q: Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? diagonal[i / (n + 1)] : 0)),
    p: large.uniforms(-1, 1, n),
    A: large.uniforms(-1, 1, e * n),
    G: large.uniforms(-1, 1, m * n),
    H: large.uniforms(0, 0.1, m * n),
    h: large.uniforms(0.5, 1, m),
  };
  const instances = { count, X: large.uniforms(-0.5, 0.5, count * e), Y: large.standardNormals(count * n) };
  const wide = resolveDefaults({
    dataset: 'none',
    network: { kind: 'mlp', hidden: [150, 150] },
    training: { epochs: 12, batchSize: 128, gradientsEvery: 4 },
  });

  afterAll(async () => (await loadDevice('simd64')).dispose());

  it('a training run ends with the same bits on one, two and three threads', async () => {
    const ends: string[] = [];
    for (const threads of [1, 2, 3]) {
      (await loadDevice('simd64')).dispose();
      const device = await loadDevice('simd64', { threads });
      expect(device).toMatchObject({ threads, dtype: 'float64' });
      const training = createTraining(device, wide, { problem, train: instances, valid: instances });
      const end = await drive(training, training.init());
      ends.push(await bits(device, end));
      training.dispose(end);
    }
    expect(ends[1]).toBe(ends[0]);
    expect(ends[2]).toBe(ends[0]);
  }, 60_000);

  it('keeps no tensor and no memory over 10,000 steps', async () => {
    const device = await loadDevice('simd64');
    const { kernels } = device.tf.backend() as Simd64Backend;
    const settings = { ...experiment, training: { ...experiment.training, epochs: 2001 } };
    const training = createTraining(device, settings, data);
    let state = await drive(training, training.init(), 10);
    const held = () => [device.tf.memory().numTensors, device.tf.engine().backend.numDataIds(), kernels.memory.used];
    const before = held();
    state = await drive(training, state, 10_010);
    expect(held()).toEqual(before);
    training.dispose(state);
  }, 180_000);
});
