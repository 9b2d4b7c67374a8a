import { describe, expect, it } from 'vitest';
import { indexWindow, lowerBound, makeChartModel, nearestIndex, type ChartInput } from './chartModel';

const series = (y: number[], x = y.map((_, i) => i)) => ({
  id: 'm',
  label: 'm',
  colour: '#0072b2',
  part: { x: Float64Array.from(x), y: Float64Array.from(y), min: null, max: null },
});

const input = (change: Partial<ChartInput> & Pick<ChartInput, 'series'>): ChartInput => ({
  scaleType: 'linear',
  domain: { from: 0, to: 10 },
  smoothing: 0,
  thresholds: [],
  marks: [],
  ...change,
});

describe('finding samples', () => {
  const x = Float64Array.from([0, 1, 2, 2, 5, 9]);

  it('takes one sample beyond each edge, so that lines run to it', () => {
    expect(indexWindow(x, { from: 1.5, to: 4 })).toEqual({ first: 1, end: 5 });
    expect(indexWindow(x, { from: -5, to: 50 })).toEqual({ first: 0, end: 6 });
  });

  it('finds the nearest', () => {
    expect(nearestIndex(x, -3)).toBe(0);
    expect(nearestIndex(x, 3.4)).toBe(3);
    expect(nearestIndex(x, 3.6)).toBe(4);
    expect(nearestIndex(x, 99)).toBe(5);
    expect(nearestIndex(new Float64Array(0), 1)).toBe(-1);
    expect(lowerBound(x, 2)).toBe(2);
  });
});

describe('a chart model', () => {
  it('marks zeros and negatives on a log axis and keeps them on the floor', () => {
    const {
      scale,
      series: [drawn],
    } = makeChartModel(input({ series: [series([1, 0.1, 0, -2, 0.01])], scaleType: 'log' }));
    expect(drawn.atFloor).toEqual([2, 3]);
    expect(drawn.line[5]).toBe(scale.floor);
    expect(drawn.line[7]).toBe(scale.floor);
    expect(drawn.line[9]).toBeCloseTo(-2, 12);
  });

  it('marks what is not a number, and shows a sample between two gaps', () => {
    const {
      series: [drawn],
    } = makeChartModel(input({ series: [series([1, NaN, 2, NaN, 3, 4])] }));
    expect(drawn.gaps).toEqual([1, 3]);
    expect(drawn.alone).toEqual([
      [0, 1],
      [2, 2],
    ]);
    expect(drawn.line[3]).toBeNaN();
  });

  it('fits the y axis to what is in sight', () => {
    const wide = makeChartModel(input({ series: [series([1000, 1, 2, 3, 4, 5])] }));
    const zoomed = makeChartModel(input({ series: [series([1000, 1, 2, 3, 4, 5])], domain: { from: 2.5, to: 5 } }));
    expect(wide.scale.high).toBeGreaterThanOrEqual(1000);
    expect(zoomed.scale.high).toBeLessThan(10);
  });

  it('keeps the raw values behind a smoothed line', () => {
    const {
      series: [drawn],
    } = makeChartModel(input({ series: [series([0, 10, 0, 10])], smoothing: 0.5 }));
    expect([drawn.raw![1], drawn.raw![3]]).toEqual([0, 10]);
    expect(drawn.line[3]).toBeCloseTo(10 * (0.5 / 0.75), 12);
  });

  it('draws the band from least to greatest, and not behind a smoothed line', () => {
    const one = series([2, 3]);
    const banded = { ...one, part: { ...one.part, min: Float64Array.from([1, 2]), max: Float64Array.from([4, 5]) } };
    expect([...makeChartModel(input({ series: [banded] })).series[0].band!]).toEqual([0, 1, 4, 1, 2, 5]);
    expect(makeChartModel(input({ series: [banded], smoothing: 0.5 })).series[0].band).toBeNull();
  });

  it('shows a threshold near the data and none that would flatten them', () => {
    const near = makeChartModel(input({ series: [series([2e-6, 1e-5])], scaleType: 'log', thresholds: [1e-6, 1e-4] }));
    expect(near.thresholds.map(({ value }) => value)).toEqual([1e-6, 1e-4]);
    const far = makeChartModel(input({ series: [series([1, 10])], scaleType: 'log', thresholds: [1e-6] }));
    expect(far.thresholds).toEqual([]);
  });
});

describe('an axis', () => {
  const falling = Array.from({ length: 200 }, (_, i) => (i < 4 ? 100 - 20 * i : -4 + 0.2 * Math.sin(i)));
  const made = (y: number[], change: Partial<ChartInput> = {}) =>
    makeChartModel(input({ series: [series(y)], domain: { from: 0, to: 200 }, ...change }));

  it('is fitted to a curve whose beginning would flatten it, and says what lies beyond', () => {
    const model = made(falling);
    expect(model.scale.high).toBeLessThan(0);
    expect(model.beyond).toEqual({ above: 100, below: null });
  });

  it('shows the whole range on request', () => {
    const model = made(falling, { wholeRange: true });
    expect(model.scale.high).toBeGreaterThanOrEqual(100);
    expect(model.beyond.above).toBeNull();
  });

  it('shows a spike that comes later', () => {
    const spiked = falling.map((value, i) => (i === 150 ? 80 : value));
    const model = made(spiked);
    expect(model.scale.high).toBeGreaterThanOrEqual(80);
    expect(model.beyond.above).toBeNull();
  });

  it('leaves a curve alone that falls all along', () => {
    const { scale, beyond } = made(Array.from({ length: 200 }, (_, i) => 200 - i));
    expect(scale.high).toBe(200);
    expect(beyond).toEqual({ above: null, below: null });
  });
});
