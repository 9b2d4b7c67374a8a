import { describe, expect, it } from 'vitest';
import { Pyramid } from './pyramid';

/** The bucket's statistics straight from the rows, by another route than the pyramid takes. */
function direct(rows: (number | null)[]) {
  const measured = rows.filter((value): value is number => value !== null);
  const finite = measured.filter((value) => !Number.isNaN(value));
  return {
    count: finite.length,
    hasNaN: finite.length < measured.length,
    min: Math.min(...finite),
    max: Math.max(...finite),
    sum: finite.reduce((sum, value) => sum + value, 0),
  };
}

/** Rows with gaps and a few NaN; integers, so that sums are exact in any order. */
const makeRows = (length: number): (number | null)[] =>
  Array.from({ length }, (_, i) => (i % 7 === 3 ? null : i % 53 === 11 ? NaN : ((i * 7919) % 1009) - 500));

function fill(pyramid: Pyramid, rows: (number | null)[]): Pyramid {
  for (const value of rows) pyramid.push(value);
  return pyramid;
}

describe('Pyramid', () => {
  it('gives the statistics of every bucket of every level, the incomplete last ones included', () => {
    const rows = makeRows(1003);
    const pyramid = fill(new Pyramid(), rows);
    for (let level = 0, size = 1; size < 2048; level++, size *= 2)
      for (let i = 0; i * size < rows.length; i++)
        expect(pyramid.bucket(level, i), `level ${level}, bucket ${i}`).toEqual(
          direct(rows.slice(i * size, (i + 1) * size)),
        );
  });
});
