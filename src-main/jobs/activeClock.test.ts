import { expect, it } from 'vitest';
import { ActiveClock } from './activeClock';
import { ProgressMeter } from './progress';

it('active seconds go on from an earlier attempt and leave out pauses, however often one is asked for', () => {
  let time = 100;
  const clock = new ActiveClock(7, () => time);
  time += 3;
  expect(clock.seconds).toBe(10);
  clock.pause();
  time += 50;
  clock.pause();
  time += 50;
  expect(clock.seconds).toBe(10);
  clock.resume();
  clock.resume();
  time += 2;
  expect(clock.seconds).toBe(12);
});

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
