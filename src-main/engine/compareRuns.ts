import { formatNumber } from '@shared/format';
import type { RunSummary } from '@shared/run';
import type { Setting } from '@shared/settings';

/** Final values of runs side by side, with the settings in which they differ and the difference to a baseline. */
export interface RunComparison {
  /** Paths of settings that differ between the runs. */
  settings: string[];
  metrics: string[];
  baseline: string;
  /** What makes the comparison doubtful: other datasets, runs that have not ended. */
  warnings: string[];
  rows: {
    id: string;
    name: string;
    state: string;
    settings: Record<string, Setting>;
    metrics: Record<string, { last: number | null; difference: number | null }>;
  }[];
}

const naming = /^(name|notes|tags|group)(\.|$)/;

/** `baseline` is one of the runs; without metrics named, those that every run recorded and that are the usual headline. */
export function compareRuns(
  runs: readonly RunSummary[],
  metrics: readonly string[],
  baseline: RunSummary,
): RunComparison {
  const paths = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const settings = paths.filter(
    (path) => !naming.test(path) && new Set(runs.map((run) => run.settings[path])).size > 1,
  );
  const datasets = [...new Set(runs.map(({ dataset }) => dataset))];
  const open = runs.filter(({ state }) => state !== 'done');
  return {
    settings,
    metrics: [...metrics],
    baseline: baseline.id,
    warnings: [
      ...(datasets.length > 1 ? [`The runs are on different datasets: ${datasets.join(', ')}.`] : []),
      ...(open.length > 0 ? [`Not done: ${open.map(({ name, state }) => `${name} (${state})`).join(', ')}.`] : []),
    ],
    rows: runs.map((run) => ({
      id: run.id,
      name: run.name,
      state: run.state,
      settings: Object.fromEntries(settings.map((path) => [path, run.settings[path] ?? null])),
      metrics: Object.fromEntries(
        metrics.map((key) => {
          const last = run.metrics[key]?.last ?? null;
          const reference = baseline.metrics[key]?.last ?? null;
          return [key, { last, difference: last === null || reference === null ? null : last - reference }];
        }),
      ),
    })),
  };
}

/** One line a run, numbers in full precision; a missing value is an empty field. */
export function comparisonCsv({ rows, settings, metrics }: RunComparison): string {
  const field = (value: Setting | undefined) => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const head = ['id', 'name', 'state', ...settings, ...metrics.flatMap((key) => [key, `${key} - baseline`])];
  const lines = rows.map((row) => [
    row.id,
    row.name,
    row.state,
    ...settings.map((path) => row.settings[path]),
    ...metrics.flatMap((key) => [row.metrics[key].last, row.metrics[key].difference]),
  ]);
  return [head, ...lines].map((line) => `${line.map(field).join(',')}\n`).join('');
}

/** A value with its difference to the baseline, `0.0124 (+0.002)`; the baseline's own has none. */
export function comparisonCell(
  { last, difference }: { last: number | null; difference: number | null },
  isBaseline: boolean,
): string {
  if (isBaseline || difference === null) return formatNumber(last);
  return `${formatNumber(last)} (${difference >= 0 ? '+' : ''}${formatNumber(difference)})`;
}
