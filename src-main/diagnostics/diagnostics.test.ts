import { afterEach, describe, expect, it } from 'vitest';
import { Generator } from '@shared/random/generator';
import { loadDevice } from '../numerics/devices/ladder';
import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import { resolveDefaults } from '../training/experimentSchema';
import { problemOf, reference } from '../training/fixtures/reference';
import { createTraining } from '../training/loop';
import type { Training } from '../training/training';
import type { TrainingState } from '../training/state';
import { effectiveRank, featureRank, gradientRank } from './effectiveRank';
import { hessianProduct, hessianSpectrum } from './hessian';
import { filterNormalised, lossLandscape } from './landscape';
import { LossProbe } from './lossProbe';

const device = await loadDevice('simd64');
const [n, e] = [6, 3];
const generator = new Generator(5);
const set = (count: number) => ({
  count,
  X: generator.uniforms(-0.5, 0.5, count * e),
  Y: generator.standardNormals(count * n),
});
const data = { problem: problemOf(reference.cases[0]), train: set(22), valid: set(9) };
const instances = Int32Array.of(3, 1, 4, 15, 9, 2, 6, 5);

let opened: { training: Training; state: TrainingState }[] = [];
afterEach(() => {
  for (const { training, state } of opened) training.dispose(state);
  opened = [];
});

async function probeOf(network: object): Promise<LossProbe> {
  const experiment = resolveDefaults({
    dataset: 'none',
    network: { kind: 'mlp', ...network },
    training: { epochs: 1 },
  });
  const training = createTraining(device, experiment, data);
  const state = training.init();
  opened.push({ training, state });
  return LossProbe.at(device, training, state, instances);
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

describe('the loss around a checkpoint', () => {
  it('has the gradient that its own values say', async () => {
    const probe = await probeOf({ hidden: [8, 5], activation: 'silu' });
    const direction = new Generator(1).standardNormals(probe.size);
    const at = async (t: number) => (await probe.loss(probe.weights.map((value, i) => value + t * direction[i]))).loss;
    const slope = dot(await probe.gradient(probe.weights), direction);
    expect(((await at(1e-5)) - (await at(-1e-5))) / 2e-5 / slope).toBeCloseTo(1, 7);
    expect(probe.work).toEqual({ forward: 2, gradients: 1 });
  });

  it('leaves no tensors behind', async () => {
    const probe = await probeOf({ hidden: [8] });
    const before = device.tf.memory().numTensors;
    await probe.loss(probe.weights);
    await probe.gradient(probe.weights);
    await probe.features();
    expect(device.tf.memory().numTensors).toBe(before);
  });
});

describe('Hessian', () => {
  it('products agree with second differences of the loss', async () => {
    const probe = await probeOf({ hidden: [8, 5], activation: 'silu' });
    const v = new Generator(2).standardNormals(probe.size);
    const curvature = dot(v, await hessianProduct(probe, v));
    const at = async (t: number) => (await probe.loss(probe.weights.map((value, i) => value + t * v[i]))).loss;
    const h = 1e-4;
    const second = ((await at(h)) - 2 * (await at(0)) + (await at(-h))) / h ** 2;
    expect(second / curvature).toBeCloseTo(1, 4);
  });

  it('eigenvalues are those of the whole matrix, within the residuals that are stated', async () => {
    const probe = await probeOf({ hidden: [6], activation: 'silu' });
    const { size } = probe;
    const whole = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      whole.set(
        await hessianProduct(
          probe,
          Float64Array.from({ length: size }, (_, k) => Number(k === i)),
        ),
        i * size,
      );
    for (let i = 0; i < size; i++)
      for (let j = 0; j < i; j++)
        whole[i * size + j] = whole[j * size + i] = (whole[i * size + j] + whole[j * size + i]) / 2;
    const exact = [...symmetricEigenvalues(size, whole)].sort((a, b) => b - a);
    const product = (v: Float64Array) => hessianProduct(probe, v);
    const found = await hessianSpectrum(product, size, { count: 4, steps: 40, seed: 0 });
    expect(found.asymmetry).toBeLessThan(1e-6);
    found.largest.forEach(({ value, residual }, i) => {
      expect(residual).toBeLessThan(1e-5 * exact[0]);
      expect(Math.abs(value - exact[i])).toBeLessThan(residual + 1e-8 * exact[0]);
    });
    expect(Math.abs(found.smallest[0].value - exact.at(-1)!)).toBeLessThan(
      found.smallest[0].residual + 1e-8 * exact[0],
    );
  });

  it('of few steps has residuals that say so, and stops where the space is exhausted', async () => {
    const diagonal = Float64Array.from({ length: 400 }, (_, i) => i / 400);
    const product = (v: Float64Array) => Promise.resolve(v.map((value, i) => value * diagonal[i]));
    const rough = await hessianSpectrum(product, 400, { count: 1, steps: 6, seed: 3 });
    const [{ value, residual }] = rough.largest;
    expect(Math.min(...diagonal.map((entry) => Math.abs(entry - value)))).toBeLessThanOrEqual(residual);
    expect(residual).toBeGreaterThan(1e-3);
    const three = (v: Float64Array) => Promise.resolve(v.map((entry, i) => entry * (i % 3)));
    const exhausted = await hessianSpectrum(three, 300, { count: 3, steps: 50, seed: 3 });
    expect(exhausted.products).toBe(3);
    exhausted.largest.forEach(({ value: eigenvalue }, i) => expect(eigenvalue).toBeCloseTo(2 - i, 10));
  });
});

describe('effective rank', () => {
  it('is the number of equal directions, one for a rank of one, and by the entropy between', () => {
    const identity = Float64Array.from({ length: 25 }, (_, i) => Number(i % 6 === 0));
    expect(effectiveRank(5, 5, identity).rank).toBeCloseTo(5, 10);
    expect(effectiveRank(2, 3, Float64Array.of(1, 2, 3, 2, 4, 6)).rank).toBeCloseTo(1, 6);
    const entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    expect(effectiveRank(3, 2, Float64Array.of(3, 0, 0, 1, 0, 0)).rank).toBeCloseTo(Math.exp(entropy), 10);
    expect(effectiveRank(2, 2, new Float64Array(4)).rank).toBeNaN();
  });

  it('of features and gradients lies between one and what is possible', async () => {
    const probe = await probeOf({ hidden: [8, 5] });
    const features = await featureRank(probe);
    expect(features.most).toBe(5);
    expect(features.rank).toBeGreaterThan(1);
    expect(features.rank).toBeLessThanOrEqual(5);
    const gradients = await gradientRank(probe);
    expect(gradients.most).toBe(instances.length);
    expect(gradients.rank).toBeGreaterThan(1);
    expect(gradients.rank).toBeLessThanOrEqual(instances.length);
  });
});

describe('loss landscape', () => {
  it('has the checkpoint in its middle, and rows and columns where they say', async () => {
    const probe = await probeOf({ hidden: [8] });
    const { a, b, values } = await lossLandscape(probe, { points: 5, radius: 1, dimensions: 2, seed: 7 });
    expect([...a]).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(values.loss[12]).toBe((await probe.loss(probe.weights)).loss);
    const drawn = new Generator(7);
    const u = filterNormalised(probe, drawn);
    const moved = probe.weights.map((value, i) => value + 0.5 * u[i]);
    expect(values.objective[2 * 5 + 3]).toBeCloseTo((await probe.loss(moved)).objective, 12);
    expect(b).toHaveLength(5);
  });

  it('does not change when a ReLU layer is scaled up and the next one down', async () => {
    const probe = await probeOf({ hidden: [8], activation: 'relu' });
    const settings = { points: 5, radius: 0.5, dimensions: 1, seed: 1 } as const;
    const before = await lossLandscape(probe, settings);
    for (const { name, first, length } of probe.blocks)
      for (let i = first; i < first + length; i++)
        probe.weights[i] *= name.startsWith('layer1/') ? 10 : name === 'layer2/kernel' ? 0.1 : 1;
    const after = await lossLandscape(probe, settings);
    after.values.loss.forEach((value, i) => expect(value / before.values.loss[i]).toBeCloseTo(1, 10));
  });
});
