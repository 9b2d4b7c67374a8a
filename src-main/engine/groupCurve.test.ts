import { describe, expect, it } from 'vitest';
import numpy from '@shared/statistics/fixtures/numpy.json';
import { groupCurve } from './groupCurve';

const curve = (x: number[], y: number[]) => ({ x: Float64Array.from(x), y: Float64Array.from(y) });

describe('the mean curve of a group', () => {
  it('and its band are numpy’s, for runs on grids of their own that end at different places', () => {
    const { curves, x, band } = numpy.group;
    const found = groupCurve(
      Float64Array.from(x),
      curves.map((member) => curve(member.x, member.y)),
    );
    band.forEach((expected, i) => {
      expect(found.count[i]).toBe(expected.count);
      expect(found.mean[i]).toBeCloseTo(expected.mean, 12);
      if (expected.low === null) expect(found.low[i]).toBeNaN();
      else expect(found.low[i]).toBeCloseTo(expected.low, 12);
      if (expected.high === null) expect(found.high[i]).toBeNaN();
      else expect(found.high[i]).toBeCloseTo(expected.high, 12);
    });
  });

  it('leaves out a run where it is not a number, and says how many are left', () => {
    const found = groupCurve(Float64Array.of(0, 1, 2), [curve([0, 1, 2], [1, NaN, 3]), curve([0, 1, 2], [3, 4, 5])]);
    expect([...found.mean]).toEqual([2, 4, 4]);
    expect([...found.count]).toEqual([2, 1, 2]);
    expect(found.low[1]).toBeNaN();
  });

  it('does not go on beyond the ends of its runs', () => {
    const found = groupCurve(Float64Array.of(0, 1, 2, 3), [curve([1, 2], [5, 6])]);
    expect([...found.mean]).toEqual([NaN, 5, 6, NaN]);
    expect([...found.count]).toEqual([0, 1, 1, 0]);
  });
});
