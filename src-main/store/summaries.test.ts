import { Crc32c } from '@aws-crypto/crc32c';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c';
import { seededRandom } from './fixtures/killing';
import { SummaryAccumulator, summariseSeries } from './summaries';

describe('summary of a series', () => {
  it('agrees with the definitions, computed from the whole series', () => {
    const random = seededRandom(2);
    for (const n of [1, 2, 9, 10, 11, 99, 1234]) {
      const x = Float64Array.from({ length: n }, (_, i) => i * 2 + random());
      const y = Float64Array.from({ length: n }, () => random() * 10 - 5);
      const tail = [...y].slice(-Math.max(1, Math.ceil(n / 10)));
      let area = 0;
      for (let i = 1; i < n; i++) area += ((y[i] + y[i - 1]) / 2) * (x[i] - x[i - 1]);
      const found = summariseSeries(x, y)!;
      expect(found).toMatchObject({ last: y[n - 1], min: Math.min(...y), max: Math.max(...y), count: n });
      expect(found.tailMean).toBeCloseTo(tail.reduce((a, b) => a + b, 0) / tail.length, 12);
      expect(found.area).toBeCloseTo(area, 9);
    }
  });

  it('is the mean of the last 100,000 samples when a tenth would be more', () => {
    const accumulator = new SummaryAccumulator();
    for (let i = 0; i < 2_000_000; i++) accumulator.add(i, i);
    expect(accumulator.summary()!.tailMean).toBe(1_949_999.5);
  });

  it('never lets a diverged series look like its last good value', () => {
    const x = Float64Array.of(0, 1, 2, 3);
    expect(summariseSeries(x, Float64Array.of(1, 3, 5, Number.NaN))).toEqual({
      last: null,
      min: 1,
      max: 5,
      count: 4,
      tailMean: null,
      area: 6,
    });
    expect(summariseSeries(x, Float64Array.of(1, Infinity, 5, 5))).toMatchObject({
      last: 5,
      max: 5,
      area: 11,
      count: 4,
    });
  });

  it('passes over rows that were not measured', () => {
    const x = Float64Array.of(0, 1, 2);
    expect(summariseSeries(x, Float64Array.of(1, 0, 3), Uint8Array.of(1, 0, 1))).toMatchObject({
      count: 2,
      min: 1,
      area: 4,
    });
    expect(summariseSeries(x, new Float64Array(3), new Uint8Array(3))).toBeNull();
  });
});

describe('crc32c', () => {
  it('agrees with an independent implementation, whole and in parts', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    const random = seededRandom(4);
    for (let length = 0; length < 80; length++) {
      const bytes = Uint8Array.from({ length }, () => random() * 256);
      const cut = Math.floor(random() * length);
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
      expect(crc32c(bytes)).toBe(new Crc32c().update(bytes).digest());
    }
  });
});
