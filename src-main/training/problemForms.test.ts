import { describe, expect, it } from 'vitest';
import { loadDevice } from '../numerics/devices/ladder';
import { resolveDefaults } from './experimentSchema';
import { problemForms } from './fixtures/evaluation';
import { flat, relativeError } from './fixtures/reference';
import { labelledSet } from './labelledSet';
import { createTraining } from './loop';
import { checkQcqp, deviceProblem, inequalityAt, inequalityCount, objectiveAt } from './problem';
import { squaredResidual } from './techniques/residual';

const devices = [
  { on: 'wasm', device: await loadDevice('wasm'), tolerance: 1e-6 },
  { on: 'simd64', device: await loadDevice('simd64'), tolerance: 1e-13 },
];

describe.each(problemForms)('a problem with $name', ({ expected, problem, dataset }) => {
  const { n, e } = problem;
  const rows = inequalityCount(problem);
  const [X, outputs, count] = [flat(expected.X), flat(expected.predictions), expected.X.length];

  it('has numpy’s objective and rows in float64, finite bounds after the others', () => {
    expect(rows).toBe(expected.inequality[0].length);
    for (let i = 0; i < count; i++) {
      const c = new Float64Array(rows);
      inequalityAt(problem, outputs, i * n, c);
      expect(relativeError(c, expected.inequality[i])).toBeLessThan(1e-14);
      expect(objectiveAt(problem, outputs, i * n)).toBeCloseTo(expected.objective[i], 13);
    }
  });

  it.each(devices)('has the same rows and numpy’s penalty gradient on $on', async ({ device, tolerance }) => {
    const { tf } = device;
    const before = tf.memory().numTensors;
    const batched = deviceProblem(device, problem);
    const [y, x] = [device.tensor(outputs, [count, n]), device.tensor(X, [count, e])];
    const found = tf.tidy(() => batched.inequality(y));
    expect(found.shape).toEqual([count, rows]);
    expect(relativeError(await device.read(found), flat(expected.inequality))).toBeLessThan(tolerance);
    const gradient = tf.tidy(() => tf.grad((z) => tf.sum(squaredResidual(tf, batched, z, x)))(y));
    expect(relativeError(await device.read(gradient), flat(expected.penaltyGradient))).toBeLessThan(tolerance);
    tf.dispose([y, x, found, gradient]);
    batched.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(['softPenalty', 'augmentedLagrangian', 'pcgrad'])('can be trained with %s', async (kind) => {
    const experiment = resolveDefaults({
      dataset: 'none',
      network: { kind: 'mlp', hidden: [16] },
      technique: { kind, ...(kind === 'augmentedLagrangian' ? { every: 5 } : {}) },
      optimizer: { kind: 'adam', learningRate: 0.01 },
      training: { epochs: 60, batchSize: 5, gradientsEvery: 0 },
    });
    const data = { problem, train: labelledSet(dataset, 'train'), valid: labelledSet(dataset, 'valid') };
    const training = createTraining(devices[0].device, experiment, data);
    let state = training.init();
    const penalties: number[] = [];
    while (!training.finished(state)) {
      const { state: next, metrics } = await training.step(state);
      penalties.push(metrics.penalty as number);
      state = next;
    }
    expect(penalties.at(-1)!).toBeLessThan(penalties[0] / 2);
    training.dispose(state);
  });
});

it('bounds of another length than there are variables are refused by name', () => {
  const { problem } = problemForms[0];
  expect(() => checkQcqp({ ...problem, lower: new Float64Array(2) })).toThrow(/lower has 2 entries, but n=5/);
});
