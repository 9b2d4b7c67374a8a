import { describe, expect, it } from 'vitest';
import { differenceInterval, meanInterval, type Interval } from './bootstrap';
import numpy from './fixtures/numpy.json';
import { mean } from './summary';

// Sums are taken in another order than numpy's: the last digits may differ.
const expectInterval = (found: Interval | null, { low, high }: Interval) => {
  expect(found!.low).toBeCloseTo(low, 12);
  expect(found!.high).toBeCloseTo(high, 12);
};

describe('the percentile bootstrap', () => {
  it.each(numpy.means)('of a mean is numpy’s for $values.length values', ({ values, ...interval }) => {
    expectInterval(meanInterval(values), interval);
  });

  it.each(numpy.pairs)('of a difference is numpy’s, paired and independent', ({ a, b, independent, paired }) => {
    expectInterval(differenceInterval(a, b, false), independent);
    if (paired) expectInterval(differenceInterval(a, b, true), paired);
  });

  it('gives the same interval every time, around the mean', () => {
    const values = [3, 1, 4, 1, 5];
    const { low, high } = meanInterval(values)!;
    expect(meanInterval(values)).toEqual({ low, high });
    expect(low).toBeLessThan(mean(values));
    expect(high).toBeGreaterThan(mean(values));
  });

  it('says nothing about one seed', () => {
    expect(meanInterval([1])).toBeNull();
    expect(differenceInterval([1], [2, 3], false)).toBeNull();
    expect(differenceInterval([1], [2], true)).toBeNull();
  });
});
