import { describe, expect, it } from 'vitest';
import { advance, frameAt, framesOf, nearestFrame, rowAt, valuesAt, type FilmTable } from './film';
import { decadeLabel, histogramFrame, histogramOf, shareBelow } from './histogram';
import { landscapeScale } from './landscapeFilm';
import { logRange, shareOf, sortedRows } from './violationMap';

const table = (epoch: number[], columns: Record<string, { width: number; rows: (number[] | null)[] }> = {}): FilmTable => ({
  epoch: Float64Array.from(epoch),
  step: Float64Array.from(epoch, (value) => 10 * value),
  activeSeconds: Float64Array.from(epoch, (value) => value / 2),
  total: epoch.length,
  columns: new Map(
    Object.entries(columns).map(([key, { width, rows }]) => [
      key,
      {
        width,
        values: Float64Array.from(rows.flatMap((row) => row ?? Array<number>(width).fill(NaN))),
        measured: Uint8Array.from(rows, (row) => (row ? 1 : 0)),
      },
    ]),
  ),
}); // prettier-ignore

describe('a place in a film', () => {
  it('is the last row at or before it that was measured, on any axis; before the first there is none', () => {
    const film = table([1, 2, 4], { v: { width: 1, rows: [[5], [6], null] } });
    expect([0.5, 1, 3.9, 4, 99].map((x) => rowAt(film, 'epoch', x))).toEqual([-1, 0, 1, 2, 2]);
    expect(rowAt(film, 'step', 39)).toBe(1);
    expect(rowAt(film, 'activeSeconds', 2)).toBe(2);
    expect(rowAt(film, 'epoch', 4, 'v')).toBe(1);
    expect(rowAt(film, 'epoch', 4, 'other')).toBe(-1);
    expect(valuesAt(film, 'v', 1)).toEqual(Float64Array.of(6));
    expect(valuesAt(film, 'v', 2)).toBeNull();
  });

  it('is one of the frames of all runs together', () => {
    const frames = framesOf([table([1, 3, 10]), table([2, 3])], 'epoch');
    expect([...frames]).toEqual([1, 2, 3, 10]);
    expect([frameAt(frames, 0), frameAt(frames, 9), frameAt(frames, 11)]).toEqual([0, 2, 3]);
    expect([nearestFrame(frames, 6), nearestFrame(frames, 7)]).toEqual([2, 3]);
  });

  it('goes on by whole frames and keeps the rest; at the end it stops, begins anew, or waits for a live run', () => {
    const film = { count: 5, rate: 10, loop: false, live: false };
    const begun = advance({ frame: 0, rest: 0, playing: true }, 0.25, film);
    expect(begun).toEqual({ frame: 2, rest: 0.5, playing: true });
    expect(advance(begun, 0.06, film).frame).toBe(3);
    expect(advance(begun, 1, film)).toEqual({ frame: 4, rest: 0, playing: false });
    expect(advance(begun, 0.3, { ...film, loop: true })).toMatchObject({ frame: 0, playing: true });
    expect(advance(begun, 1, { ...film, live: true })).toEqual({ frame: 4, rest: 0, playing: true });
  });
});

describe('histograms of a film', () => {
  const edges = [0, 1e-6, 1e-5, 1e-4, Infinity];
  const film = table([0, 1], { h: { width: 9, rows: [[...edges, 0, 0, 0, 8], [...edges, 3, 1, 4, 0]] } });
  it('hold edges and counts, and say what lies below a threshold', () => {
    const histogram = histogramOf(valuesAt(film, 'h', 1))!;
    expect([...histogram.counts]).toEqual([3, 1, 4, 0]);
    expect(shareBelow(histogram, 1e-6)).toBe(3 / 8);
    expect(shareBelow(histogram, 1e-4)).toBe(1);
  });

  it('have axes that hold for every epoch', () => {
    expect(histogramFrame([film], 'h')).toEqual({ first: 0, end: 4, most: 8 });
    expect(histogramFrame([film], 'other')).toBeNull();
  });

  it('name decades only', () => {
    expect([0, 1e-6, -1e-4, 1, 10 ** 0.25, Infinity].map(decadeLabel)).toEqual(['0', '10⁻⁶', '−10⁻⁴', '1', null, null]);
  });
}); // prettier-ignore

describe('violations of a film', () => {
  it('share one logarithmic scale, on which zero and NaN have colours of their own', () => {
    const films = [table([0], { v: { width: 3, rows: [[0, 1e-5, 0.02]] } }), table([0], { v: { width: 1, rows: [[3]] } })];
    const range = logRange(films, 'v');
    expect(range).toEqual({ low: -5, high: 1 });
    expect([shareOf(0, range), shareOf(NaN, range), shareOf(1e-5, range), shareOf(10, range)]).toEqual([null, NaN, 0, 1]);
    expect(shareOf(1e-2, range)).toBeCloseTo(0.5, 12);
  });

  it('are sorted from the worst down, what is no number first', () => {
    expect(sortedRows(Float64Array.of(0, 3, NaN, 3, 1))).toEqual([2, 1, 3, 4, 0]);
  });
}); // prettier-ignore

it('landscapes of all epochs and runs share one scale', () => {
  const row = (...values: number[]) => ({ l: { width: 9, rows: [values] } });
  const films = [table([0], row(9, 9, 9, 9, 1, 9, 9, 9, 9)), table([0], row(5, 5, 5, 5, 2, 5, 5, 5, NaN))];
  const scale = landscapeScale(films, 'l')!;
  expect([scale.low, scale.high]).toEqual([1, 9]);
  expect(scale.levels[0]).toBeGreaterThan(1);
  expect([...scale.levels].sort((a, b) => a - b)).toEqual(scale.levels);
});
