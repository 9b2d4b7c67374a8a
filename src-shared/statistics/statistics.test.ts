import { describe, expect, it } from 'vitest';
import { meanInterval, statisticInterval, type Interval } from './bootstrap';
import { pearson, spearman } from './correlation';
import { normalTail, studentQuantile, studentTail } from './distributions';
import reference from './fixtures/scipy.json' with { type: 'json' };
import { signTest, wilcoxonSignedRank } from './pairedTests';
import { hypervolume, paretoFront, type Point } from './pareto';
import { midranks } from './ranks';
import { logLogSlope } from './slope';
import { mean, median, quantile, standardDeviation } from './summary';

/** Both sides sum in float64, in different orders. */
function expectClose(value: number, expected: number, relative = 1e-12): void {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(relative * Math.max(1e-300, Math.abs(expected)) + 1e-15);
}

function expectInterval(found: Interval | null, expected: readonly number[]): void {
  const { low, high } = found!;
  expectClose(low, expected[0]);
  expectClose(high, expected[1]);
}

describe.each(reference.cases.map((expected, i) => ({ expected, name: `sample ${i + 1}, n = ${expected.a.length}` })))(
  'equals numpy and scipy on $name',
  ({ expected }) => {
    const { a, b } = expected;

    it('mean, deviation, median, quantiles', () => {
      expectClose(mean(a), expected.mean);
      expectClose(standardDeviation(a), expected.sd);
      expectClose(median(a), expected.median);
      const places = [0, 0.025, 0.25, 0.61, 0.75, 0.975, 1];
      expect(places.map((q) => quantile(a, q))).toEqual(expected.quantiles);
    });

    it('percentile bootstrap of any statistic, from scipy’s draws', () => {
      const of = (statistic: (values: number[]) => number) =>
        statisticInterval(a.length, (indices) => statistic(Array.from(indices, (i) => a[i])));
      expectInterval(of(mean), expected.bootstrapMean);
      expectInterval(meanInterval(a), expected.bootstrapMean);
      expectInterval(of(median), expected.bootstrapMedian);
    });

    it('sign test and signed-rank test, exact also with ties', () => {
      const d = a.map((value, i) => value - b[i]);
      expectClose(signTest(d).p, expected.sign);
      const test = wilcoxonSignedRank(d);
      expect(test).toMatchObject({ statistic: expected.signedRank[0], exact: true });
      expectClose(test.p, expected.signedRank[1], 1e-11);
    });

    it('ranks and correlations', () => {
      expect([...midranks(a)]).toEqual(expected.midranks);
      expectClose(pearson(a, b), expected.pearson);
      expectClose(spearman(a, b).rho, expected.spearman[0]);
      expectClose(spearman(a, b).p, expected.spearman[1], 1e-11);
    });

    it('slope of a power law with its interval', () => {
      const x = a.map(Math.exp);
      const y = a.map((value, i) => Math.exp(1.5 * value + 0.2 * b[i]));
      const line = logLogSlope(x, y);
      [line.slope, line.low, line.high, line.intercept, line.r2].forEach((value, i) =>
        expectClose(value, expected.slope[i], 1e-10),
      );
    });
  },
);

it('many differences are tested by the normal approximation, which says so', () => {
  const { d, p, w } = reference.approximate;
  const test = wilcoxonSignedRank(d);
  expect(test).toMatchObject({ statistic: w, exact: false });
  expectClose(test.p, p, 1e-11);
});

it('tails and quantiles equal scipy’s', () => {
  for (const [z, p] of reference.normalTail) expectClose(normalTail(z), p, 1e-13);
  for (const [t, degrees, p] of reference.studentTail) expectClose(studentTail(t, degrees), p);
  for (const [level, degrees, t] of reference.studentQuantile) expectClose(studentQuantile(level, degrees), t);
});

describe('two measures', () => {
  const points: Point[] = [
    { x: 3, y: 1 },
    { x: 1, y: 4 },
    { x: 2, y: 2 },
    { x: 2, y: 3 },
    { x: 2, y: 2 },
    { x: 5, y: 5 },
    { x: NaN, y: 0 },
  ];

  it('the Pareto front holds what nothing dominates, equal points once', () => {
    expect(paretoFront(points)).toEqual([1, 2, 0]);
    expect(paretoFront([])).toEqual([]);
  });

  it('the hypervolume is the area of a union of boxes', () => {
    // Counted on a grid of unit cells below (6, 6): columns of 2, 4, 5, 5, 5 … from x = 1.
    expect(hypervolume(points, { x: 6, y: 6 })).toBe(2 + 4 + 5 + 5 + 5);
    expect(hypervolume(points, { x: 1, y: 6 })).toBe(0);
  });
});

it('samples too small or empty say NaN, never a number that looks like one', () => {
  expect(mean([])).toBeNaN();
  expect(median([1, NaN])).toBeNaN();
  expect(standardDeviation([1])).toBeNaN();
  expect(statisticInterval(1, () => 4)).toBeNull();
  expect(logLogSlope([1, 2, 0], [1, 4, 9])).toMatchObject({ n: 2, low: NaN });
  expect(spearman([1, 1, 1], [1, 2, 3]).rho).toBeNaN();
});

it('wrong use throws', () => {
  expect(() => quantile([1], 1.5)).toThrow(RangeError);
  expect(() => pearson([1, 2], [1])).toThrow(RangeError);
});
