import { describe, expect, it } from 'vitest';
import { loadDevice } from '../../numerics/devices/ladder';
import { bindOptimizer } from '../bound';
import { resolveDefaults } from '../experimentSchema';
import { clipByGlobalNorm } from '../optimizers/clip';
import type { ScheduleState } from '../schedules/schedule';

const device = await loadDevice('wasm');
const { tf } = device;
const [stepsPerEpoch, totalSteps] = [10, 200];
const at = (step: number) => ({ step, totalSteps, stepsPerEpoch });
const scheduleOf = (optimizer: object) =>
  bindOptimizer(resolveDefaults({ dataset: 'none', optimizer: { kind: 'adam', ...optimizer } }).optimizer).schedule;

describe('the factor of the learning rate', () => {
  it.each([
    [{}, { 0: 1, 199: 1 }],
    [{ schedule: { kind: 'cosine' } }, { 0: 1, 50: (1 + Math.SQRT1_2) / 2, 100: 0.5, 150: (1 - Math.SQRT1_2) / 2 }],
    [{ schedule: { kind: 'cosine', final: 0.2 } }, { 0: 1, 100: 0.6 }],
    [{ schedule: { kind: 'step', factor: 0.5, every: 3 } }, { 0: 1, 29: 1, 30: 0.5, 59: 0.5, 60: 0.25 }],
    [{ schedule: { kind: 'exponential', factor: 0.9 } }, { 9: 1, 10: 0.9, 35: 0.729 }],
    [{ warmup: 0.4 }, { 0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, 199: 1 }],
    [
      { warmup: 10, schedule: { kind: 'cosine' } },
      { 0: 0.01, 49: 0.5, 99: 1, 100: 1, 150: 0.5 },
    ],
    [
      { warmup: 1, schedule: { kind: 'step', factor: 0.1, every: 1 } },
      { 4: 0.5, 10: 1, 19: 1, 20: 0.1, 30: 0.01 },
    ],
  ])('%j', (optimizer, expected) => {
    for (const [step, value] of Object.entries(expected))
      expect(scheduleOf(optimizer).value(at(Number(step)), {}), `at step ${step}`).toBeCloseTo(value, 12);
  });

  it('falls on each plateau, down to the least', () => {
    const kind = { kind: 'onPlateau', factor: 0.1, patience: 2, least: 0.05, metric: 'valid/eq_max' };
    const schedule = scheduleOf({ schedule: kind });
    let state: ScheduleState = {};
    const path = [3, 2, 2, 2, 1, 1, 1].map((value) => {
      state = schedule.observe(state, { 'valid/eq_max': value });
      return schedule.value(at(0), state);
    });
    expect(path).toEqual([1, 1, 1, 0.1, 0.1, 0.1, 0.05]);
  });
});

describe('clipping by global norm', () => {
  const clip = async (limit: number) => {
    const gradients = { a: device.tensor([3, 0], [2]), b: device.tensor([[4], [12]].flat(), [2, 1]) };
    const clipped = clipByGlobalNorm(tf, gradients, limit);
    const values = [...(await device.read(clipped.gradients.a)), ...(await device.read(clipped.gradients.b))];
    return { norm: (await device.read(clipped.norm))[0], values };
  };

  it('scales all gradients by the same factor down to the limit', async () => {
    const { norm, values } = await clip(6.5);
    expect(norm).toBe(13);
    expect(values).toEqual([1.5, 0, 2, 6]);
  });

  it('leaves shorter ones as they are, bit for bit', async () => {
    expect((await clip(13)).values).toEqual([3, 0, 4, 12]);
    expect((await clip(1e3)).values).toEqual([3, 0, 4, 12]);
  });
});
