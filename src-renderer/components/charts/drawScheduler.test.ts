import { beforeEach, describe, expect, it } from 'vitest';
import { DrawScheduler } from './drawScheduler';

let time: number;
let callbacks: (() => void)[];
let scheduler: DrawScheduler;

beforeEach(() => {
  time = 1000;
  callbacks = [];
  scheduler = new DrawScheduler({ now: () => time, nextFrame: (callback) => callbacks.push(callback) });
});

/** The page's frames for some milliseconds. */
function run(milliseconds: number): void {
  const end = time + milliseconds;
  while (time < end) {
    const due = callbacks;
    callbacks = [];
    const before = time;
    for (const callback of due) callback();
    time = Math.max(time, before + 16);
  }
}

function chart(cost: number): { drawn: () => number; request: (urgent?: boolean) => void; remove: () => void } {
  let drawn = 0;
  const entry = scheduler.add(() => {
    drawn++;
    time += cost;
  });
  return { drawn: () => drawn, ...entry };
}

describe('the pace of drawing', () => {
  it('draws once for many changes', () => {
    const one = chart(1);
    for (let i = 0; i < 50; i++) one.request();
    run(16);
    expect(one.drawn()).toBe(1);
    run(500);
    expect(one.drawn()).toBe(1);
  });

  it('follows live data at 10 to 20 drawings a second where drawing is cheap', () => {
    const charts = Array.from({ length: 8 }, () => chart(1.5));
    for (let t = 0; t < 2000; t += 16) {
      for (const one of charts) one.request();
      run(16);
    }
    for (const one of charts) expect(one.drawn() / 2).toBeGreaterThanOrEqual(10);
    for (const one of charts) expect(one.drawn() / 2).toBeLessThanOrEqual(20);
  });

  it('leaves the page most of its time where drawing is slow', () => {
    const charts = Array.from({ length: 12 }, () => chart(6));
    const begun = time;
    for (let t = 0; t < 4000; t += 16) {
      for (const one of charts) one.request();
      run(16);
    }
    const drawing = charts.reduce((sum, one) => sum + one.drawn() * 6, 0);
    expect(drawing / (time - begun)).toBeLessThan(0.5);
    for (const one of charts) expect(one.drawn()).toBeGreaterThan(8);
  });

  it('never draws for long in one frame', () => {
    const charts = Array.from({ length: 12 }, () => chart(4));
    for (const one of charts) one.request();
    const before = time;
    const [frame] = callbacks.splice(0);
    frame();
    expect(time - before).toBeLessThanOrEqual(14);
    run(500);
    for (const one of charts) expect(one.drawn()).toBe(1);
  });

  it('draws at once what a person waits for', () => {
    const one = chart(1);
    one.request();
    run(16);
    one.request();
    run(16);
    expect(one.drawn()).toBe(1);
    one.request(true);
    run(16);
    expect(one.drawn()).toBe(2);
  });

  it('spreads what a person waits for over frames, the chart drawn longest ago first', () => {
    const charts = Array.from({ length: 6 }, () => chart(3));
    for (let frame = 0; frame < 30; frame++) {
      for (const one of charts) one.request(true);
      const before = time;
      const [draw] = callbacks.splice(0);
      draw();
      expect(time - before).toBeLessThanOrEqual(6);
      time = before + 16;
    }
    const drawn = charts.map((one) => one.drawn());
    expect(Math.max(...drawn) - Math.min(...drawn)).toBeLessThanOrEqual(1);
    expect(Math.min(...drawn)).toBe(10);
  });

  it('forgets a chart that is gone', () => {
    const one = chart(1);
    one.request();
    one.remove();
    run(100);
    expect(one.drawn()).toBe(0);
  });
});
