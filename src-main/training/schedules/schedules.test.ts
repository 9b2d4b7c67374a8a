import { describe, expect, it } from 'vitest';
import { bindSchedule } from '../bound';
import { resolveDefaults } from '../experimentSchema';
import type { ScheduleState } from './schedule';

function lambdaOf(lambda: object) {
  const { technique } = resolveDefaults({ dataset: 'none', technique: { kind: 'softPenalty', lambda } });
  if (technique.kind !== 'softPenalty') throw new Error('another technique than asked for');
  return technique.lambda;
}
const [stepsPerEpoch, totalSteps] = [10, 200];
const at = (step: number) => ({ step, totalSteps, stepsPerEpoch });

describe('λ schedules without memory', () => {
  it.each([
    [
      { kind: 'constant', value: 7 },
      { 0: 7, 199: 7 },
    ],
    [
      { kind: 'linear', from: 2, to: 10 },
      { 0: 2, 50: 4, 100: 6, 199: 9.96 },
    ],
    [
      { kind: 'linear', from: 2, to: 10, begin: 0.25, end: 0.75 },
      { 0: 2, 50: 2, 75: 4, 100: 6, 150: 10, 199: 10 },
    ],
    [
      { kind: 'linear', from: 10, to: 0 },
      { 0: 10, 100: 5 },
    ],
    [
      { kind: 'exponential', from: 1, to: 10_000 },
      { 0: 1, 50: 10, 100: 100, 150: 1000 },
    ],
    [
      { kind: 'exponential', from: 100, to: 1, end: 0.5 },
      { 0: 100, 50: 10, 100: 1, 199: 1 },
    ],
    [
      { kind: 'step', from: 3, factor: 2, every: 4, max: 40 },
      { 0: 3, 39: 3, 40: 6, 79: 6, 80: 12, 120: 24, 160: 40 },
    ],
    [
      { kind: 'step', from: 8, factor: 0.5, every: 1 },
      { 9: 8, 10: 4, 35: 1 },
    ],
  ])('%j', (settings, expected) => {
    const schedule = bindSchedule(lambdaOf(settings));
    for (const [step, value] of Object.entries(expected))
      expect(schedule.value(at(Number(step)), {}), `at step ${step}`).toBeCloseTo(value, 10);
  });
});

describe('λ on plateau', () => {
  /** λ after each validation with these values of the metric. */
  function path(settings: object, metric: string, values: (number | null)[]): number[] {
    const schedule = bindSchedule(lambdaOf({ kind: 'onPlateau', from: 1, factor: 10, ...settings }));
    let state: ScheduleState = {};
    return values.map((value) => {
      state = JSON.parse(JSON.stringify(schedule.observe(state, { [metric]: value }))) as ScheduleState;
      return schedule.value(at(0), state);
    });
  }

  it('grows after `patience` validations without improvement, counts anew, and stops at its maximum', () => {
    const values = [5, 4, 4, 4.5, 3, 3, 3, 3, 3, 3, 3, 3];
    expect(path({ patience: 3, max: 50 }, 'valid/eq_mean', values)).toEqual([1, 1, 1, 1, 1, 1, 1, 10, 10, 10, 50, 50]);
  });

  it('takes an improvement below the threshold for none', () => {
    const settings = { patience: 1, threshold: 0.1, metric: 'valid/eq_max' };
    expect(path(settings, 'valid/eq_max', [1, 0.95, 0.89, 0.85])).toEqual([1, 10, 10, 100]);
  });

  it('judges a signed gap by its distance from zero', () => {
    const settings = { patience: 1, metric: 'valid/gap_mean' };
    expect(path(settings, 'valid/gap_mean', [-0.5, -0.4, 0.3, -0.31])).toEqual([1, 1, 1, 10]);
  });

  it('passes over what was not measured, and counts NaN as no improvement', () => {
    expect(path({ patience: 2 }, 'valid/eq_mean', [null, 1, null, null, NaN, NaN])).toEqual([1, 1, 1, 1, 1, 10]);
  });
});
