import { expect, it } from 'vitest';
import { ActiveClock } from './activeClock';

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
