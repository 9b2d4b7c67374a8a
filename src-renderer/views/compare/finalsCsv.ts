import type { FinalStatistic } from '@shared/comparisons';
import { metricDefinition } from '@shared/metrics/catalogue';
import { confidence, resampleCount } from '@shared/statistics/bootstrap';
import type { Entry } from './entries';
import { statisticTitles, type FinalCell } from './finals';

const columns = [
  'entry', 'runs', 'metric', 'title', 'unit', 'statistic', 'value', 'low', 'high', 'runs_with_value', 'runs_in_all',
  'difference', 'difference_low', 'difference_high', 'difference_paired',
] as const; // prettier-ignore

interface FinalsTable {
  entries: readonly Entry[];
  labels: ReadonlyMap<string, string>;
  baseline: Entry | null;
  statistic: FinalStatistic;
  metrics: readonly string[];
  cell: (entry: Entry, metric: string) => FinalCell;
}

/**
 * The table of final values, tidy: one row an entry and metric, every number with the digits that identify it; after the columns of values those of the
 * settings in which the entries differ. Empty = not recorded, or no interval. Rows that begin with `#` say how the numbers came about.
 */
export function finalsCsv({ entries, labels, baseline, statistic, metrics, cell }: FinalsTable): string {
  const settings = entries[0]?.differences.map(({ key }) => key) ?? [];
  const rows = entries.flatMap((entry) =>
    metrics.map((metric) => {
      const { title, unit } = metricDefinition(metric);
      const { value, interval, count, of, difference } = cell(entry, metric);
      return [
        labels.get(entry.id) ?? entry.label, entry.runs.map(({ id }) => id).join(' '), metric, title, unit, statistic, value, interval?.low, interval?.high, count, of,
        difference?.value, difference?.interval?.low, difference?.interval?.high, difference?.interval ? String(difference.paired) : null,
        ...settings.map((key) => entry.differences.find((one) => one.key === key)?.text),
      ];
    }),
  ); // prettier-ignore
  const notes = [
    `${statisticTitles[statistic]} of each run; of several runs their mean`,
    `low and high: ${100 * confidence} % percentile bootstrap intervals over runs (${resampleCount} resamples)`,
    baseline ? `differences are to ${labels.get(baseline.id) ?? baseline.label}` : 'no baseline was pinned, so there are no differences',
  ]; // prettier-ignore
  return [
    ...notes.map((note) => `# ${note.replace(/\s+/g, ' ')}`),
    [...columns, ...settings].map(field).join(','),
    ...rows.map((row) => row.map(field).join(',')),
    '',
  ].join('\n');
}

function field(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
