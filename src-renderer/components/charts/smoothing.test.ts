import { describe, expect, it } from 'vitest';
import { smooth } from './smoothing';

describe('smooth', () => {
  it('is the weighted mean of all values so far', () => {
    const values = Float64Array.from([3, -1, 4, 1, -5, 9]);
    const w = 0.7;
    const smoothed = smooth(values, w);
    values.forEach((_, t) => {
      let sum = 0;
      let weights = 0;
      for (let i = 0; i <= t; i++) {
        sum += w ** (t - i) * values[i];
        weights += w ** (t - i);
      }
      expect(smoothed[t]).toBeCloseTo(sum / weights, 12);
    });
  });

  it('leaves a constant alone from its first value on', () => {
    for (const value of smooth(new Float64Array(5).fill(2.5), 0.99)) expect(value).toBeCloseTo(2.5, 10);
  });

  it('passes gaps through without spoiling what follows', () => {
    const smoothed = smooth(Float64Array.from([1, NaN, 1, Infinity, 1]), 0.9);
    expect(smoothed[1]).toBeNaN();
    expect(smoothed[3]).toBeNaN();
    expect(smoothed[4]).toBeCloseTo(1, 12);
  });

  it('does not touch the values: without a weight they come back, with one they stay as they were', () => {
    const values = Float64Array.from([1, 2]);
    expect(smooth(values, 0)).toBe(values);
    smooth(values, 0.5);
    expect([...values]).toEqual([1, 2]);
  });
});
