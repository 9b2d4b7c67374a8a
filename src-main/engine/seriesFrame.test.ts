import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { Column, Pyramid } from './pyramid';
import { encodeSeries, windowOf } from './seriesFrame';

function makeSeries(rows: number, value: (row: number) => number | null) {
  const x = new Column();
  const pyramid = new Pyramid();
  for (let row = 0; row < rows; row++) {
    x.push(row * 10);
    pyramid.push(value(row));
  }
  return { x, pyramid };
}

const about = { offset: 0, rows: 0, live: false };

describe('windowOf', () => {
  const { x } = makeSeries(10_000, (row) => row);

  it('takes every sample when they fit', () => {
    expect(windowOf(x, { points: 10_000 })).toEqual({ level: 0, first: 0, end: 10_000 });
  });

  it('takes the finest level that fits the number of points', () => {
    expect(windowOf(x, { points: 3000 })).toEqual({ level: 2, first: 0, end: 2500 });
  });

  it('zooms in to full detail and keeps one sample beyond each edge', () => {
    expect(windowOf(x, { from: 20_000, to: 20_050, points: 100 })).toEqual({ level: 0, first: 1999, end: 2006 });
  });

  it('gives the same bucket boundaries for a viewport that moved by one sample', () => {
    const a = windowOf(x, { from: 10_000, to: 90_000, points: 1000 });
    const b = windowOf(x, { from: 10_010, to: 90_010, points: 1000 });
    expect(a.level).toBe(b.level);
    expect(b.first - a.first).toBeLessThanOrEqual(1);
  });
});

describe('encodeSeries', () => {
  it('writes what Arrow reads back: values, not-measured as null, NaN as NaN', () => {
    const { x, pyramid } = makeSeries(4, (row) => [1.5, null, NaN, -2][row]);
    const bytes = encodeSeries(
      x,
      new Map([['loss', pyramid]]),
      { level: 0, from: 0, end: 4 },
      { ...about, rows: 4, live: true },
    );
    const table = tableFromIPC(bytes);
    expect(table.schema.fields.map((field) => field.name)).toEqual(['x', 'loss']);
    expect([...table.getChild('x')!]).toEqual([0, 10, 20, 30]);
    expect([...table.getChild('loss')!]).toEqual([1.5, null, NaN, -2]);
    expect(Object.fromEntries(table.schema.metadata)).toEqual({ level: '1', offset: '0', rows: '4', live: '1' });
  });

  it('keeps the extremes of every bucket', () => {
    const { x, pyramid } = makeSeries(64, (row) => (row === 37 ? 1000 : row));
    const table = tableFromIPC(encodeSeries(x, new Map([['g', pyramid]]), { level: 4, from: 0, end: 4 }, about));
    expect([...table.getChild('g:max')!]).toEqual([15, 31, 1000, 63]);
    expect([...table.getChild('g:min')!]).toEqual([0, 16, 32, 48]);
    expect([...table.getChild('x')!]).toEqual([0, 160, 320, 480]);
  });
});
