import { metricDefinition } from '@shared/metrics/catalogue';
import type { RunState, RunSummary } from '@shared/run';
import { sweepProgress, type SweepProgress } from '@shared/sweeps';
import type { Column } from './columns';
import { formatSetting, shortLabels } from './differences';

/** A sweep as one row: its runs that are listed. */
export interface SweepGroup {
  id: string;
  name: string;
  members: readonly RunSummary[];
  /** Runs of the whole sweep; those that are not listed or not made yet count too. */
  size: number;
}

/** What is said of the sweep as a whole: what goes on matters more than what ended, and what failed more than what is done. */
const telling: readonly RunState[] = [
  'running',
  'starting',
  'queued',
  'paused',
  'failed',
  'crashed',
  'cancelled',
  'done',
];

export const sweepState = ({ members }: SweepGroup): RunState =>
  telling.find((state) => members.some((run) => run.state === state)) ?? 'done';

export const progressOf = ({ members, size }: SweepGroup): SweepProgress => sweepProgress(members, size);

/** `lambda 1 · 10 · 100` for each axis, then the number of seeds where there are several. */
export function sweepAxes({ members }: SweepGroup): { key: string; label: string; values: string }[] {
  const paths = [...new Set(members.flatMap(({ sweep }) => Object.keys(sweep?.point ?? {})))];
  const labels = shortLabels(paths);
  const axes = paths.map((path) => {
    const values = [
      ...new Set(members.flatMap(({ sweep }) => (sweep && path in sweep.point ? [sweep.point[path]] : []))),
    ];
    values.sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : 0));
    const texts = values.map(formatSetting);
    const shown = texts.length <= 5 ? texts.join(' · ') : `${texts[0]} … ${texts.at(-1)} (${texts.length})`;
    return { key: path, label: labels.get(path) ?? path, values: shown };
  });
  const seeds = new Set(members.map(({ seed }) => seed)).size;
  return seeds > 1 ? [...axes, { key: 'seed', label: 'seeds', values: String(seeds) }] : axes;
}

export interface SweepMetric {
  best: { value: number; run: RunSummary } | null;
  mean: number;
  least: number;
  greatest: number;
  count: number;
  /** In the order of the sweep: by point, then by repeat. */
  values: number[];
}

/**
 * Values of a metric over the runs of a sweep; null while none has a finite one.
 * @param column says which value of a run, its last one or its best
 */
export function sweepMetric({ members }: SweepGroup, key: string, column: Pick<Column, 'sortKey'>): SweepMetric | null {
  const measured = inOrder(members).flatMap((run) => {
    const value = column.sortKey(run);
    return typeof value === 'number' && Number.isFinite(value) ? [{ run, value }] : [];
  });
  if (measured.length === 0) return null;
  const values = measured.map(({ value }) => value);
  const { better } = metricDefinition(key);
  const cost = (value: number) => (better === 'higher' ? -value : better === 'zero' ? Math.abs(value) : value);
  const best = better === null ? null : measured.reduce((a, b) => (cost(b.value) < cost(a.value) ? b : a));
  return {
    best,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    least: Math.min(...values),
    greatest: Math.max(...values),
    count: values.length,
    values,
  };
}

/** By the values of the point, so that a small line over the sweep shows a trend, and by repeat within a point. */
function inOrder(members: readonly RunSummary[]): RunSummary[] {
  const keys = (run: RunSummary) => [...Object.values(run.sweep?.point ?? {}), run.sweep?.repeat ?? 0];
  return [...members].sort((a, b) => {
    const [x, y] = [keys(a), keys(b)];
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      if (x[i] === y[i]) continue;
      const [left, right] = [x[i], y[i]];
      if (typeof left === 'number' && typeof right === 'number') return left - right;
      return String(left) < String(right) ? -1 : 1;
    }
    return 0;
  });
}
