import { expect, it } from 'vitest';
import { ProgressMeter } from './progress';

it('progress tells the time that is left from a smoothed rate, and nothing before it knows one', () => {
  const meter = new ProgressMeter(1000, 'steps', 100, 5);
  expect(meter.update(100, 5)).toEqual({ done: 100, total: 1000, unit: 'steps', rate: null, secondsLeft: null });
  expect(meter.update(150, 6)).toMatchObject({ rate: 50, secondsLeft: 17 });
  // One slow second pulls the rate only part of the way, and a steady speed is reached in the end.
  const { rate } = meter.update(160, 7);
  expect(rate).toBeGreaterThan(40);
  expect(rate).toBeLessThan(50);
  let last = meter.update(160, 7);
  for (let second = 8; second < 80; second++) last = meter.update(160 + (second - 7) * 10, second);
  expect(last.rate).toBeCloseTo(10, 1);
  expect(last.secondsLeft).toBeCloseTo((1000 - last.done) / last.rate!, 9);
});
