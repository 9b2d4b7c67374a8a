import { estimateText } from '@shared/reports/cells';
import type { Estimate } from '@shared/studies';
import { formatNumber } from '@shared/format';
import type { TestResult } from '@shared/statistics/pairedTests';
import type { Slope } from '@shared/statistics/slope';
import { meanInterval } from '@shared/statistics/bootstrap';
import { mean } from '@shared/statistics/summary';
import type { StudyRun } from './study';

/** Mean over seeds with its bootstrap interval. */
export function estimate(values: readonly number[]): Estimate {
  const interval = meanInterval(values);
  return { value: mean(values), low: interval?.low ?? null, high: interval?.high ?? null };
}

export const slopeText = ({ slope, low, high, n }: Slope): string =>
  `${estimateText({ value: slope, low: Number.isNaN(low) ? null : low, high: Number.isNaN(high) ? null : high })}, n = ${n}`;

export const testText = ({ p, n, exact }: TestResult): string =>
  `Wilcoxon signed-rank, ${exact ? 'exact ' : ''}p = ${formatNumber(p, 2)}, n = ${n}`;

/** Does the interval keep away from 0? Null where there is none. */
export function direction({ low, high }: Estimate): 'above' | 'below' | 'unclear' | null {
  if (low === null || high === null) return null;
  return low > 0 ? 'above' : high < 0 ? 'below' : 'unclear';
}

/** Mean of the last 10 % of the samples of a metric; NaN where it was not recorded. */
export const tail = (run: StudyRun, metric: string): number => run.summary.metrics[metric]?.tailMean ?? NaN;

/**
 * Violation of a run: the larger of the mean equality and the mean inequality violation over the validation set, each of the worst
 * row of its kind.
 */
export const violation = (run: StudyRun): number => Math.max(tail(run, 'valid/eq_mean'), tail(run, 'valid/ineq_mean'));

/** Runs by a key, in the order of first appearance. */
export function groups<Key>(runs: readonly StudyRun[], keyOf: (run: StudyRun) => Key): Map<Key, StudyRun[]> {
  const found = new Map<Key, StudyRun[]>();
  for (const run of runs) {
    const key = keyOf(run);
    const members = found.get(key);
    if (members) members.push(run);
    else found.set(key, [run]);
  }
  return found;
}

/** What every study must say before its numbers are believed. */
export function warningsOf(runs: readonly StudyRun[], seedsOf: ReadonlyMap<unknown, readonly StudyRun[]>): string[] {
  const warnings: string[] = [];
  const fewest = Math.min(...[...seedsOf.values()].map((members) => members.length));
  if (fewest < 2)
    warnings.push(
      'Some settings have one seed only: nothing can be said about chance, and no interval is given for them.',
    );
  else if (fewest < 5)
    warnings.push(
      `${fewest} seeds a setting: intervals are rough, and a signed-rank test cannot fall below p = ${formatNumber(2 ** (1 - fewest), 2)}.`,
    );
  const datasets = new Set(runs.map(({ summary }) => summary.dataset));
  if (datasets.size > 1) warnings.push(`The runs are on different datasets: ${[...datasets].join(', ')}.`);
  return warnings;
}

/** Runs whose numbers are not finite belong to no mean. */
export function lostWarnings(runs: readonly StudyRun[]): string[] {
  const lost = runs.filter((run) => !Number.isFinite(tail(run, 'valid/gap_mean')) || !Number.isFinite(violation(run)));
  return lost.length === 0
    ? []
    : [`${lost.length} runs have no finite final value: ${lost.map(({ summary }) => summary.name).join(', ')}.`];
}
