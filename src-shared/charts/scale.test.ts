import { describe, expect, it } from 'vitest';
import {
  extend,
  linearLabel,
  linearTicks,
  makeScale,
  niceStep,
  noExtent,
  tickLabel,
  toAxis,
  type ValueExtent,
} from './scale';

const extentOf = (...values: number[]): ValueExtent => {
  const extent = noExtent();
  extend(extent, Float64Array.from(values));
  return extent;
};

describe('linear axes', () => {
  it('step by 1, 2 or 5 times a power of ten', () => {
    expect(niceStep(10, 5)).toBeCloseTo(2, 12);
    expect(niceStep(0.013, 5)).toBeCloseTo(0.005, 12);
    expect(niceStep(900, 4)).toBeCloseTo(500, 12);
  });

  it('have ticks without rounding dust', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-0.3, 0.3, 6)).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  });

  it('stand still while new values stay inside', () => {
    const before = makeScale('linear', extentOf(1.2, 7.9));
    const after = makeScale('linear', extentOf(1.2, 7.9, 7.95, 1.1));
    expect([after.low, after.high]).toEqual([before.low, before.high]);
  });

  it('contain their data', () => {
    for (const [low, high] of [
      [-3.7, 11.2],
      [1e-9, 3e-9],
      [1e7, 1.00001e7],
    ] as const) {
      const scale = makeScale('linear', extentOf(low, high));
      expect(scale.low).toBeLessThanOrEqual(low);
      expect(scale.high).toBeGreaterThanOrEqual(high);
    }
  });

  it('put a constant in the middle, with its value as the only tick', () => {
    const scale = makeScale('linear', extentOf(12.34, 12.34));
    expect((scale.low + scale.high) / 2).toBeCloseTo(12.34, 12);
    expect(scale.ticks.map((tick) => tickLabel(scale, tick))).toEqual(['12.34']);
  });

  it('label ticks with the same number of decimals', () => {
    const ticks = linearTicks(0, 1, 4);
    expect(ticks.map((tick) => linearLabel(tick, ticks))).toEqual(['0', '0.5', '1.0']);
  });
});

describe('logarithmic axes', () => {
  it('end at whole decades and tick each', () => {
    const scale = makeScale('log', extentOf(3e-4, 40));
    expect([scale.low, scale.high]).toEqual([-4, 2]);
    expect(scale.ticks).toEqual([-4, -3, -2, -1, 0, 1, 2]);
    expect(scale.minorTicks).toHaveLength(6 * 8);
  });

  it('skip decades when there are many', () => {
    const { ticks } = makeScale('log', extentOf(1e-14, 1e2));
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks.every(Number.isInteger)).toBe(true);
  });

  it('tick 1, 2 and 5 when there is hardly a decade', () => {
    const scale = makeScale('log', extentOf(0.11, 0.9));
    expect(scale.ticks.map((tick) => tickLabel(scale, tick))).toEqual(['0.2', '0.5']);
  });

  it('send zeros and negatives to a floor below all positive values', () => {
    const scale = makeScale('log', extentOf(0, -3, 1e-5, 1));
    expect(scale.floor).not.toBeNull();
    expect(scale.floor!).toBeLessThan(-5);
    expect(scale.low).toBeLessThan(scale.floor!);
    expect(toAxis(scale, 0)).toBe(scale.floor);
    expect(toAxis(scale, -3)).toBe(scale.floor);
    expect(toAxis(scale, 1e-5)).toBeCloseTo(-5, 12);
    expect(toAxis(scale, NaN)).toBeNaN();
  });

  it('have no floor when everything is positive', () => {
    expect(makeScale('log', extentOf(1e-5, 1)).floor).toBeNull();
  });

  it('can be drawn when nothing is positive', () => {
    const scale = makeScale('log', extentOf(0, -1));
    expect(scale.floor).not.toBeNull();
    expect(scale.high).toBeGreaterThan(scale.low);
  });

  it('ignore values that are not finite', () => {
    expect(makeScale('log', extentOf(NaN, Infinity, 1, 10, -Infinity)).high).toBe(1);
  });

  it('write powers of ten', () => {
    const scale = makeScale('log', extentOf(1e-6, 1e6));
    expect(tickLabel(scale, -6)).toBe('10⁻⁶');
    expect(tickLabel(scale, 0)).toBe('1');
    expect(tickLabel(scale, 2)).toBe('100');
  });
});
