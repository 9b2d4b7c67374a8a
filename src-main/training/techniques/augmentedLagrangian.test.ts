import { describe, expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { bindTechnique } from '../bound';
import { resolveDefaults } from '../experimentSchema';
import type { StepMetrics } from '../gradients';
import { createTraining } from '../loop';
import type { TrainingData } from '../training';
import { deviceProblem, type Qcqp } from '../problem';
import { upload } from '../tensors';
import type { Pass, TechniqueState } from './technique';

const device = await loadDevice('wasm');
const { tf } = device;

/**
 * minimise ½y₁² + y₂² − 3y₁ + y₂ subject to y₁² + y₁ ≤ 0.3125, y₂ ≤ 5, y₁ + y₂ = 1.
 *
 * The first row is active at y₁ = ¼, so y = (¼, ¾). Stationarity in y₂: 1.5 + 1 + ν = 0, so ν = −2.5; in y₁:
 * ¼ − 3 + 1.5 μ₁ − 2.5 = 0, so μ₁ = 3.5 > 0; the second row is slack, μ₂ = 0.
 */
const problem: Qcqp = {
  ...{ n: 2, m: 2, e: 1 },
  Q: Float64Array.of(1, 0, 0, 2),
  p: Float64Array.of(-3, 1),
  A: Float64Array.of(1, 1),
  G: Float64Array.of(1, 0, 0, 1),
  H: Float64Array.of(1, 0, 0, 0),
  h: Float64Array.of(0.3125, 5),
};
const instance = { count: 1, X: Float64Array.of(1), Y: Float64Array.of(0.25, 0.75) };
const data: TrainingData = { problem, train: instance, valid: instance };

describe('augmented Lagrangian on a problem with known multipliers', () => {
  it('finds solution and multipliers while ρ grows', async () => {
    const experiment = resolveDefaults({
      dataset: 'none',
      network: { kind: 'mlp', hidden: [] },
      technique: { kind: 'augmentedLagrangian', rho: 5, every: 30, growth: 2, decrease: 0.2, rhoMax: 20 },
      optimizer: { kind: 'sgd', learningRate: 5e-3, momentum: 0.9 },
      training: { epochs: 750, batchSize: 1, gradientsEvery: 0 },
    });
    const training = createTraining(device, experiment, data);
    let state = training.init();
    let last: StepMetrics = {};
    while (!training.finished(state)) ({ state, metrics: last } = await training.step(state));
    const { metrics } = await training.validate(state);
    const { equality, inequality } = state.technique.tensors;
    const [nu, mu] = [await device.read(equality), await device.read(inequality)];
    expect(nu[0]).toBeCloseTo(-2.5, 4);
    expect(mu[0]).toBeCloseTo(3.5, 4);
    expect(mu[1]).toBe(0);
    expect(metrics['valid/dist_max']).toBeLessThan(1e-5);
    expect(last['alm/equality_multiplier_max']).toBeCloseTo(2.5, 4);
    expect(last['alm/inequality_multiplier_max']).toBeCloseTo(3.5, 4);
    expect(last['alm/rho']).toBe(20);
    training.dispose(state);
  });
});

describe('the update of shared multipliers', () => {
  const settings = { rho: 2, every: 3, growth: 5, decrease: 0.5, rhoMax: 8, multiplierMax: 6 };
  const bound = bindTechnique(
    resolveDefaults({ dataset: 'none', technique: { kind: 'augmentedLagrangian', ...settings } }).technique,
  );
  const onDevice = deviceProblem(device, problem);
  const passAt = (step: number, state: TechniqueState) =>
    ({
      ...{ device, problem: onDevice, settings: bound.settings, state },
      position: { step, stepsPerEpoch: 2, totalSteps: 100 },
    }) as unknown as Pass<unknown>;
  const start = (): TechniqueState => {
    const { tensors, values } = bound.technique.init!(bound.settings, problem);
    return { tensors: upload(device, tensors!), values: values! };
  };
  /** Two batches of an epoch, of two instances and of one: y and x of each. */
  const batches = [
    { y: device.tensor([1, 1, 0, 6], [2, 2]), x: device.tensor([1, 3], [2, 1]) },
    { y: device.tensor([-1, 0.5], [1, 2]), x: device.tensor([0.25], [1, 1]) },
  ];
  const epochs = (from: number, count: number, state: TechniqueState): TechniqueState => {
    for (let step = from * 2; step < (from + count) * 2; step++) {
      const { y, x } = batches[step % 2];
      state = tf.tidy(() => bound.technique.afterStep!(passAt(step, state), y, x) as never) ?? state;
    }
    return state;
  };
  const read = async ({ tensors }: TechniqueState) => {
    const values: Record<string, number[]> = {};
    for (const [name, tensor] of Object.entries(tensors)) values[name] = [...(await device.read(tensor))];
    return values;
  };

  it('is the mean over the instances of the last epoch before it, whatever the batches', async () => {
    expect(epochs(0, 2, start()).values.count).toBe(0);
    const values = await read(epochs(0, 3, start()));
    // Ay − x = 1, 3, −0.75: mean 13/12. c₁ = 1.6875, −0.3125, −0.3125 and c₂ = −4, 1, −4.5; relu(2c) = 3.375, 0, 0 and 0, 2, 0.
    expect(values.equality[0]).toBeCloseTo((2 * 13) / 12, 5);
    expect(values.inequality[0]).toBeCloseTo(3.375 / 3, 5);
    expect(values.inequality[1]).toBeCloseTo(2 / 3, 5);
    expect(values.violation[0]).toBeCloseTo(13 / 12, 5);
    expect([values.rho, values.equalitySum, values.inequalitySum]).toEqual([[2], [0], [0, 0]]);
  });

  it('grows ρ to its maximum where the violation stays, and keeps the multipliers in their box', async () => {
    const second = await read(epochs(0, 6, start()));
    expect(second.rho).toEqual([8]);
    expect(second.equality[0]).toBeCloseTo((4 * 13) / 12, 5);
    const third = await read(epochs(0, 9, start()));
    expect(third.rho).toEqual([8]);
    expect(third.equality).toEqual([6]);
  });
});
