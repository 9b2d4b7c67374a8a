import { describe, expect, it } from 'vitest';
import { encodeFrameTable } from '../../testing/fakeFrames';
import { SeriesBuffer } from './seriesBuffer';
import { decodeSeriesFrame } from './seriesFrame';

type Values = (number | null)[];

function frame(offset: number, columns: Record<string, Values>, level = 1) {
  return decodeSeriesFrame(
    encodeFrameTable(new Map(Object.entries(columns)), {
      offset: String(offset),
      level: String(level),
      rows: '0',
      live: '1',
    }),
  );
}

function received(...frames: ReturnType<typeof frame>[]): SeriesBuffer {
  const buffer = new SeriesBuffer();
  for (const one of frames) buffer.apply(one);
  return buffer;
}

describe('a series', () => {
  it('is a snapshot and what was appended to it', () => {
    const part = received(frame(0, { x: [0, 1], loss: [5, 4] }), frame(2, { x: [2], loss: [3] })).get('loss');
    expect([...part.x]).toEqual([0, 1, 2]);
    expect([...part.y]).toEqual([5, 4, 3]);
    expect(part.min).toBeNull();
  });

  it('replaces the last bucket until it is full', () => {
    const part = received(
      frame(0, { x: [0, 2], loss: [5, 4], 'loss:min': [4, 4], 'loss:max': [6, 4] }, 2),
      frame(1, { x: [2, 4], loss: [3.5, 2], 'loss:min': [3, 2], 'loss:max': [4, 2] }, 2),
    ).get('loss');
    expect([...part.x]).toEqual([0, 2, 4]);
    expect([...part.y]).toEqual([5, 3.5, 2]);
    expect([...part.min!]).toEqual([4, 3, 2]);
    expect([...part.max!]).toEqual([6, 4, 2]);
  });

  it('starts again with a snapshot', () => {
    const buffer = received(frame(0, { x: [0, 1, 2], loss: [5, 4, 3] }), frame(0, { x: [7], loss: [1] }, 4));
    expect([...buffer.get('loss').y]).toEqual([1]);
    expect(buffer.level).toBe(4);
  });

  it('leaves out rows in which a metric was not measured, and keeps those in which it was not a number', () => {
    const buffer = received(
      frame(0, { x: [0, 1, 2, 3], loss: [5, 4, 3, 2], cosine: [0.5, null, NaN, null] }),
      frame(4, { x: [4, 5], loss: [1, 0], cosine: [null, -0.5] }),
    );
    const cosine = buffer.get('cosine');
    expect([...cosine.x]).toEqual([0, 2, 5]);
    expect(cosine.y[0]).toBe(0.5);
    expect(cosine.y[1]).toBeNaN();
    expect(cosine.y[2]).toBe(-0.5);
    expect(buffer.get('loss').x).toHaveLength(6);
  });

  it('cuts by rows, also where rows were not measured', () => {
    const buffer = received(
      frame(0, { x: [0, 1, 2], cosine: [1, null, 3] }),
      frame(2, { x: [2, 3], cosine: [null, 4] }),
    );
    expect([...buffer.get('cosine').x]).toEqual([0, 3]);
  });

  it('grows beyond its first room without losing anything', () => {
    const buffer = new SeriesBuffer();
    for (let k = 0; k < 500; k++) buffer.apply(frame(k, { x: [k], loss: [k * k] }));
    const part = buffer.get('loss');
    expect(part.x).toHaveLength(500);
    expect(part.y.every((value, k) => value === k * k)).toBe(true);
  });

  it('is empty for a metric that nobody sent', () => {
    expect(received(frame(0, { x: [0], loss: [1] })).get('gap').x).toHaveLength(0);
  });
});
