import type { FinalStatistic } from '@shared/comparisons';
import { metricDefinition } from '@shared/metrics/catalogue';
import type { RunSummary } from '@shared/run';
import { differenceInterval, meanInterval, type Interval } from '@shared/statistics/bootstrap';
import { mean } from '@shared/statistics/summary';
import type { Entry } from './entries';

export const statisticTitles: Record<FinalStatistic, string> = {
  last: 'Last value',
  best: 'Best value',
  tailMean: 'Mean of the last 10 %',
};

export interface FinalCell {
  /** Mean over the runs that have a value. */
  value: number | null;
  interval: Interval | null;
  /** Runs with a value, and all. */
  count: number;
  of: number;
  difference: FinalDifference | null;
}

export interface FinalDifference {
  value: number;
  interval: Interval | null;
  /** Seeds of both were compared pair by pair. */
  paired: boolean;
  /** The interval does not hold zero. */
  clear: boolean;
}

/** Best values that aggregates do not tell: the one nearest to zero of a series that crosses it. */
export type NearestToZero = (run: string, metric: string) => number | null;

/** One number of a whole run, of its full data. */
export function finalValue(run: RunSummary, key: string, statistic: FinalStatistic, nearest: NearestToZero): number | null {
  const summary = run.metrics[key];
  if (!summary) return null;
  if (statistic !== 'best') return summary[statistic];
  const { better } = metricDefinition(key);
  if (better === 'lower') return summary.min;
  if (better === 'higher') return summary.max;
  if (better === null || summary.min === null || summary.max === null) return null;
  if (summary.min >= 0) return summary.min;
  return summary.max <= 0 ? summary.max : nearest(run.id, key);
} // prettier-ignore

/** True where the best value can only be known from the series itself. */
export const needsSeries = (run: RunSummary, key: string): boolean => {
  const summary = run.metrics[key];
  return metricDefinition(key).better === 'zero' && (summary?.min ?? 0) < 0 && (summary?.max ?? 0) > 0;
};

export function finalCell(
  entry: Entry,
  baseline: Entry | null,
  valueOf: (run: RunSummary) => number | null,
): FinalCell {
  const own = valued(entry, valueOf);
  const values = own.map(({ value }) => value);
  return {
    value: values.length > 0 ? mean(values) : null,
    interval: meanInterval(values),
    count: values.length,
    of: entry.runs.length,
    difference: baseline && baseline.id !== entry.id ? differenceTo(own, valued(baseline, valueOf)) : null,
  };
}

interface Valued {
  seed: number;
  value: number;
}

const valued = (entry: Entry, valueOf: (run: RunSummary) => number | null): Valued[] =>
  entry.runs.flatMap((run) => {
    const value = valueOf(run);
    return value === null || !Number.isFinite(value) ? [] : [{ seed: run.seed, value }];
  });

function differenceTo(own: Valued[], base: Valued[]): FinalDifference | null {
  if (own.length === 0 || base.length === 0) return null;
  const paired = own.length > 1 && sameSeeds(own, base);
  const [a, b] = paired ? [bySeed(own), bySeed(base)] : [own, base];
  const valuesOf = (list: Valued[]) => list.map(({ value }) => value);
  const interval = differenceInterval(valuesOf(a), valuesOf(b), paired);
  return {
    value: mean(valuesOf(own)) - mean(valuesOf(base)),
    interval,
    paired,
    clear: interval !== null && (interval.low > 0 || interval.high < 0),
  };
}

const bySeed = (list: Valued[]) => [...list].sort((a, b) => a.seed - b.seed);

function sameSeeds(a: Valued[], b: Valued[]): boolean {
  const seeds = new Set(a.map(({ seed }) => seed));
  return a.length === b.length && seeds.size === a.length && b.every(({ seed }) => seeds.has(seed));
}
