import { afterEach, describe, expect, it } from 'vitest';
import type { Tensor } from '../numerics/devices/device';
import { loadDevice } from '../numerics/devices/ladder';
import { Generator } from '@shared/random/generator';
import type { AnyTechnique } from './bound';
import { restoreState, type SavedState, saveState } from './checkpoint';
import { resolveDefaults, type TrainingExperiment } from './experimentSchema';
import { problemOf, reference } from './fixtures/reference';
import type { StepMetrics } from './gradients';
import { createTraining } from './loop';
import type { Training, TrainingData } from './training';
import type { TrainingState } from './state';
import { softPenalty } from './techniques/softPenalty';

const device = await loadDevice('wasm');
const { tf } = device;

const [n, e] = [6, 3];
const generator = new Generator(5);
const set = (count: number) => ({
  count,
  X: generator.uniforms(-0.5, 0.5, count * e),
  Y: generator.standardNormals(count * n),
});
const data: TrainingData = { problem: problemOf(reference.cases[0]), train: set(22), valid: set(9) };

function experiment(change: object = {}, training: object = {}): TrainingExperiment {
  return resolveDefaults({
    dataset: 'none',
    network: { kind: 'mlp', hidden: [12, 7] },
    training: { epochs: 4, batchSize: 5, gradientsEvery: 3, ...training },
    ...change,
  });
}

type Row = Record<string, number | null>;

/** Drives a training from a state to the end (or to `until`), as the run process does. Times are left out of the rows. */
async function drive(training: Training, start: TrainingState, until = training.totalSteps) {
  const rows: Row[] = [];
  const validate = async (at: TrainingState) => {
    const { metrics } = await training.validate(at);
    rows.push(withoutTimes({ step: at.step, ...metrics }));
    return training.observe(at, metrics);
  };
  let state = start;
  while (state.step < until && !training.finished(state)) {
    if (training.validationDue(state)) state = await validate(state);
    const result = await training.step(state);
    rows.push(withoutTimes({ step: state.step, ...result.metrics }));
    state = result.state;
  }
  if (training.finished(state) && state.observedStep !== state.step) state = await validate(state);
  return { state, rows };
}

/** Vectors are compared like numbers. */
const withoutTimes = (row: StepMetrics): Row =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith('time/'))) as Row;

/** The tensors of a state as text, so that equal means equal bits. */
async function bits(state: TrainingState): Promise<string> {
  const saved = await saveState(device, state, 1);
  return [...saved.tensors].map(([name, { data }]) => name + Buffer.from(data.buffer).toString('hex')).join('\n');
}

const throughJson = (saved: SavedState): SavedState => ({ ...saved, state: JSON.parse(JSON.stringify(saved.state)) });

afterEach(() => tf.disposeVariables());

describe('the training loop', () => {
  it('makes the last, smaller batch of an epoch and a new order in each', async () => {
    const training = createTraining(device, experiment(), data);
    expect([training.stepsPerEpoch, training.totalSteps]).toEqual([5, 20]);
    let state = training.init();
    const orders: string[] = [];
    const used: number[] = [];
    while (!training.finished(state)) {
      const before = state.step % 5 === 0 ? 0 : state.position;
      ({ state } = await training.step(state));
      used.push(state.position - before);
      orders.push([...state.order].join());
      expect([...state.order].sort((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i));
    }
    expect(used.slice(0, 5)).toEqual([5, 5, 5, 5, 2]);
    expect(new Set(orders).size).toBe(4);
    training.dispose(state);
  });

  it('lowers the loss, and gives the same bits from the same seed and others from another', async () => {
    const results = [];
    for (const seed of [3, 3, 4]) {
      const training = createTraining(device, experiment({ seed }, { epochs: 30, gradientsEvery: 30 }), data);
      const { state, rows } = await drive(training, training.init());
      const losses = rows.flatMap(({ loss }) => (typeof loss === 'number' ? [loss] : []));
      expect(losses.at(-1)!).toBeLessThan(losses[0] / 2);
      results.push({ bits: await bits(state), rows: JSON.stringify(rows) });
      training.dispose(state);
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0].bits).not.toBe(results[2].bits);
  });

  it.each([
    ['adam', 7],
    ['adamw', 10],
    ['sgd', 13],
  ])('goes on from a checkpoint bit for bit (%s, at step %d)', async (kind, at) => {
    const settings = experiment({
      optimizer: { kind, ...(kind === 'sgd' ? { momentum: 0.9, learningRate: 1e-3 } : {}) },
    });
    const whole = createTraining(device, settings, data);
    const { state: end, rows } = await drive(whole, whole.init());

    const first = createTraining(device, settings, data);
    const { state: middle } = await drive(first, first.init(), at);
    const saved = throughJson(await saveState(device, middle, first.stepsPerEpoch));
    first.dispose(middle);
    const second = createTraining(device, settings, data);
    const resumed = await drive(second, restoreState(device, saved));

    expect(await bits(resumed.state)).toBe(await bits(end));
    expect(resumed.rows).toEqual(rows.filter(({ step }) => step! >= at));
    whole.dispose(end);
    second.dispose(resumed.state);
  });

  const plateau = {
    optimizer: {
      kind: 'adamw',
      warmup: 1,
      clip: 2,
      schedule: { kind: 'onPlateau', factor: 0.5, patience: 3, threshold: 0.5 },
    },
    technique: { kind: 'softPenalty', lambda: { kind: 'onPlateau', from: 1, factor: 3, patience: 2, threshold: 0.5 } },
  };

  it.each([
    ['in an epoch', 33, false],
    ['at the end of an epoch, before its validation', 35, false],
    ['at the end of an epoch, after its validation', 35, true],
  ])('goes on bit for bit with a schedule that remembers validations, saved %s', async (_, at, validated) => {
    const settings = experiment(plateau, { epochs: 14 });
    const whole = createTraining(device, settings, data);
    const { state: end, rows } = await drive(whole, whole.init());
    const lambdas = rows.flatMap(({ lambda }) => (typeof lambda === 'number' ? [lambda] : []));
    expect(new Set(lambdas).size).toBeGreaterThan(2);

    const first = createTraining(device, settings, data);
    let { state: middle } = await drive(first, first.init(), at);
    if (validated) middle = first.observe(middle, (await first.validate(middle)).metrics);
    const saved = throughJson(await saveState(device, middle, first.stepsPerEpoch));
    first.dispose(middle);
    const second = createTraining(device, settings, data);
    const resumed = await drive(second, restoreState(device, saved));
    expect(await bits(resumed.state)).toBe(await bits(end));
    expect(resumed.state.schedules).toEqual(end.schedules);
    expect(resumed.rows).toEqual(rows.filter(({ step }) => step! >= at));
    whole.dispose(end);
    second.dispose(resumed.state);
  });

  it('goes on bit for bit with multipliers, saved while they are being updated', async () => {
    const settings = experiment({ technique: { kind: 'augmentedLagrangian', every: 2, rho: 1, growth: 3 } });
    const before = tf.memory().numTensors;
    const whole = createTraining(device, settings, data);
    const { state: end, rows } = await drive(whole, whole.init());
    expect(rows.at(-2)!['alm/equality_multiplier_max']).toBeGreaterThan(0);
    const first = createTraining(device, settings, data);
    const { state: middle } = await drive(first, first.init(), 17);
    expect(middle.technique.values.count).toBeGreaterThan(0);
    const saved = throughJson(await saveState(device, middle, 5));
    first.dispose(middle);
    const second = createTraining(device, settings, data);
    const resumed = await drive(second, restoreState(device, saved));
    expect(await bits(resumed.state)).toBe(await bits(end));
    expect(resumed.rows).toEqual(rows.filter(({ step }) => step! >= 17));
    whole.dispose(end);
    second.dispose(resumed.state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on bit for bit with dropout, and drops nothing in validation', async () => {
    const settings = experiment({ ...plateau, network: { kind: 'mlp', hidden: [12, 7], dropout: 0.3 } });
    const before = tf.memory().numTensors;
    const whole = createTraining(device, settings, data);
    const { state: end, rows } = await drive(whole, whole.init());
    const [once, again] = [await whole.validate(end), await whole.validate(end)];
    expect({ ...once, metrics: withoutTimes(once.metrics) }).toEqual({
      ...again,
      metrics: withoutTimes(again.metrics),
    });
    const first = createTraining(device, settings, data);
    const start = first.init();
    const { state: middle } = await drive(first, start, 13);
    expect(middle.noise).not.toEqual(start.noise);
    const saved = throughJson(await saveState(device, middle, 5));
    first.dispose(middle);
    const second = createTraining(device, settings, data);
    const resumed = await drive(second, restoreState(device, saved));
    expect(await bits(resumed.state)).toBe(await bits(end));
    expect(resumed.rows).toEqual(rows.filter(({ step }) => step! >= 13));
    whole.dispose(end);
    second.dispose(resumed.state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes a checkpoint from before there were schedules with a memory', async () => {
    const training = createTraining(device, experiment(), data);
    const { state } = await drive(training, training.init(), 3);
    const saved = throughJson(await saveState(device, state, 5));
    delete saved.state.schedules;
    delete saved.state.observedStep;
    delete saved.state.stopping;
    delete saved.state.noise;
    const restored = restoreState(device, saved);
    expect(await bits(restored)).toBe(await bits(state));
    const { state: end } = await drive(createTraining(device, experiment(), data), restored);
    expect(end.step).toBe(20);
    training.dispose(state);
    training.dispose(end);
  });

  it('is not changed by looking: gradients and validation leave the weights alone', async () => {
    const ends: string[] = [];
    for (const training of [
      createTraining(device, experiment({}, { gradientsEvery: 0 }), data),
      createTraining(device, experiment({}, { gradientsEvery: 1, validateEvery: 2 }), data),
    ]) {
      const { state } = await drive(training, training.init());
      ends.push(await bits(state));
      training.dispose(state);
    }
    expect(ends[0]).toBe(ends[1]);
  });

  it('keeps no tensor from step to step, and none after the end', async () => {
    const before = tf.memory().numTensors;
    const training = createTraining(device, experiment(), data);
    let state = training.init();
    ({ state } = await training.step(state));
    const steady = tf.memory().numTensors;
    while (!training.finished(state)) {
      if (training.validationDue(state)) await training.validate(state);
      ({ state } = await training.step(state));
      expect(tf.memory().numTensors).toBe(steady);
    }
    training.dispose(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('measures gradients only every so often', async () => {
    const training = createTraining(device, experiment(), data);
    const { state, rows } = await drive(training, training.init(), 10);
    const measured = rows.filter((row) => 'gradient/cosine' in row).map(({ step }) => step);
    expect(measured).toEqual([0, 3, 6, 9]);
    training.dispose(state);
  });

  it('records the mean loss of each epoch with its validation', async () => {
    const training = createTraining(device, experiment(), data);
    const { state, rows } = await drive(training, training.init());
    const epochs = rows.filter((row) => 'train/loss_epoch' in row);
    expect(epochs.map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    expect(epochs[0]['train/loss_epoch']).toBeNull();
    const losses = rows.filter(({ step, loss }) => step! >= 5 && step! < 10 && loss !== undefined);
    const mean = losses.reduce((sum, { loss }) => sum + loss!, 0) / 5;
    expect(epochs[2]['train/loss_epoch']).toBeCloseTo(mean, 12);
    training.dispose(state);
  });
});

describe('divergence', () => {
  it('stops at the step whose loss is not finite and names the first quantity, leaving the state as it was', async () => {
    const settings = experiment({ optimizer: { kind: 'sgd', learningRate: 50 } }, { epochs: 100 });
    const training = createTraining(device, settings, data);
    let state = training.init();
    const run = async () => {
      while (!training.finished(state)) ({ state } = await training.step(state));
    };
    await expect(run()).rejects.toMatchObject({
      code: 'diverged',
      problem: {
        what: expect.stringMatching(
          /diverged at step \d+: first not finite was the (weights|network’s output|penalty)/,
        ),
      },
    });
    expect(state.step).toBeGreaterThan(0);
    expect(() => Object.values(state.weights)[0].dataSync()).not.toThrow();
    training.dispose(state);
  });

  it('a state with weights that are no numbers is never saved', async () => {
    const training = createTraining(device, experiment(), data);
    const state = training.init();
    const bias = state.weights['layer1/bias'];
    state.weights['layer1/bias'] = tf.mul(bias, NaN);
    bias.dispose();
    await expect(saveState(device, state, 5)).rejects.toMatchObject({ code: 'diverged' });
    training.dispose(state);
  });
});

it('a checkpoint of another precision is refused', async () => {
  const training = createTraining(device, experiment(), data);
  const state = training.init();
  const saved = await saveState(device, state, 5);
  saved.state.dtype = 'float64';
  expect(() => restoreState(device, saved)).toThrow(/float64.*float32/);
  training.dispose(state);
});

/** A technique that uses everything the interface offers: an own weight, a layer, multipliers, gradient surgery. */
const everything: AnyTechnique = {
  ...(softPenalty as unknown as AnyTechnique),
  init: () => ({ tensors: { multipliers: { shape: [e], values: new Float64Array(e) } }, values: { updates: 0 } }),
  schedules: () => ({}),
  weights: () => ({ scale: { shape: [], values: [1] } }),
  layer: ({ device: { tf }, weights }, raw) => tf.mul(raw, weights.scale),
  terms: ({ device: { tf }, problem, state }, y, x) => {
    const residual = problem.equality(y, x);
    const penalty = tf.mean(tf.sum(tf.square(residual), 1));
    const dual = tf.mean(tf.sum(tf.mul(residual, state.tensors.multipliers), 1));
    return { objective: tf.mean(problem.objective(y)), constraint: tf.add(tf.mul(penalty, 5), dual), penalty };
  },
  direct: ({ device: { tf } }, objective, constraint) =>
    Object.fromEntries(Object.keys(objective).map((name) => [name, tf.add(objective[name], constraint[name])])),
  afterStep: ({ device: { tf }, problem, state }, y, x) => ({
    tensors: { multipliers: tf.add(state.tensors.multipliers, tf.mean(problem.equality(y, x), 0)) as Tensor },
    values: { updates: state.values.updates + 1 },
  }),
  scalars: () => ({}),
};

describe('a budget in seconds', () => {
  const lambda = { kind: 'linear', from: 2, to: 10 };
  const settings = experiment({ technique: { kind: 'softPenalty', lambda } }, { epochs: 1e6, budgetSeconds: 100 });

  it('ends training after the step that passes it, wherever in an epoch, and the end is validated', async () => {
    const training = createTraining(device, settings, data);
    const { state: middle } = await drive(training, training.init(), 6);
    expect(middle.trainedSeconds).toBeGreaterThan(0);
    const { state, rows } = await drive(training, { ...middle, trainedSeconds: 99.9999999 });
    expect(state.step).toBe(7);
    expect(training.expectedSteps(state)).toBe(7);
    expect(rows.at(-1)).toMatchObject({ step: 7, 'valid/gap_mean': expect.any(Number) });
    training.dispose(state);
  });

  it('moves schedules by the share of it that is used, and is counted on from a checkpoint', async () => {
    const training = createTraining(device, settings, data);
    const { state: middle } = await drive(training, training.init(), 6);
    const saved = throughJson(await saveState(device, { ...middle, trainedSeconds: 25 }, 5));
    training.dispose(middle);
    const second = createTraining(device, settings, data);
    const resumed = restoreState(device, saved);
    expect(second.expectedSteps(resumed)).toBe(24);
    const { state, metrics } = await second.step(resumed);
    expect(metrics.lambda).toBe(4);
    expect(state.trainedSeconds).toBeGreaterThan(25);
    second.dispose(state);
  });
});

describe('validation by seconds of training steps', () => {
  const settings = experiment({}, { epochs: 1e6, validateSeconds: 10 });

  it('is due wherever in an epoch the seconds are over, and again for whoever goes on from a validated state', async () => {
    const training = createTraining(device, settings, data);
    const start = training.init();
    expect(training.validationDue(start)).toBe(true);
    const { state: middle } = await drive(training, start, 7);
    expect(middle.observedStep).toBe(0);
    expect(training.validationDue({ ...middle, trainedSeconds: 9.9 })).toBe(false);
    const due = { ...middle, trainedSeconds: 10.1 };
    expect(training.validationDue(due)).toBe(true);
    const { metrics } = await training.validate(due);
    const observed = training.observe(due, metrics);
    const saved = throughJson(await saveState(device, observed, 5));
    expect(training.validationDue({ ...observed, step: 8, trainedSeconds: 19.9 })).toBe(false);
    expect(training.validationDue({ ...observed, step: 8, trainedSeconds: 20.2 })).toBe(true);
    training.dispose(observed);
    const second = createTraining(device, settings, data);
    const resumed = restoreState(device, saved);
    expect(second.validationDue(resumed)).toBe(true);
    second.dispose(resumed);
  });

  it('measures the time of an instance at the end only, unless it is told', async () => {
    const training = createTraining(device, experiment({}, { epochs: 2 }), data);
    const { state: middle } = await drive(training, training.init(), training.stepsPerEpoch);
    expect((await training.validate(middle)).metrics['time/inference']).toBeNull();
    expect((await training.validate(middle, { timed: true })).metrics['time/inference']).toBeGreaterThan(0);
    const { state } = await drive(training, middle);
    const { metrics } = await training.validate(state);
    expect(metrics['time/inference']).toBeGreaterThan(0);
    expect(metrics['time/inference']).toBeLessThan(1);
    expect((await training.validate(state, { timed: false })).metrics['time/inference']).toBeNull();
    training.dispose(state);
  });
});

describe('a technique with a layer, multipliers, own weights and gradient surgery', () => {
  const options = { technique: { technique: everything, settings: {} } };

  it('trains all of it, resumes bit for bit and keeps no tensors', async () => {
    const before = tf.memory().numTensors;
    const whole = createTraining(device, experiment(), data, options);
    const { state: end } = await drive(whole, whole.init());
    expect(end.technique.values.updates).toBe(20);
    expect((await device.read(end.techniqueWeights.scale))[0]).not.toBe(1);
    expect((await device.read(end.technique.tensors.multipliers)).some((value) => value !== 0)).toBe(true);

    const first = createTraining(device, experiment(), data, options);
    const { state: middle } = await drive(first, first.init(), 8);
    const saved = throughJson(await saveState(device, middle, 5));
    const second = createTraining(device, experiment(), data, options);
    const { state: resumed } = await drive(second, restoreState(device, saved));
    expect(await bits(resumed)).toBe(await bits(end));

    whole.dispose(end);
    first.dispose(middle);
    second.dispose(resumed);
    expect(tf.memory().numTensors).toBe(before);
  });
});
