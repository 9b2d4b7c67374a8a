import type { FinalStatistic } from '@shared/comparisons';
import { formatDuration, formatNumber } from '@shared/format';
import { columnWidths, parseFigure, type FigureInput, type Provenance } from '@shared/figures/spec';
import { metricDefinition } from '@shared/metrics/catalogue';
import { provenanceBlocks, type Report, type ReportBlock, type ReportTable } from '@shared/reports/report';
import { mean } from '@shared/statistics/summary';
import type { ConfigLine } from './configDiff';
import type { Entry } from './entries';
import { statisticTitles, type FinalCell } from './finals';

/** What a report of a comparison is made from. */
export interface ReportedComparison {
  title: string;
  entries: readonly Entry[];
  labels: ReadonlyMap<string, string>;
  baseline: Entry | null;
  statistic: FinalStatistic;
  /** Metrics of the final values. */
  metrics: readonly string[];
  cell: (entry: Entry, metric: string) => FinalCell;
  csv: string;
  /** One figure each. */
  figures: readonly { name: string; caption: string; panel: FigureInput['panels'][number] }[];
  /** Settings of all entries, in the order of `entries`. */
  config: readonly ConfigLine[];
  warnings: readonly string[];
  provenance: Provenance;
}

/** A comparison as a report: settings that differ, final values, every chart, all settings, provenance. */
export function comparisonReport(compared: ReportedComparison): Report {
  const { title, entries, labels, config, figures, warnings, provenance } = compared;
  const names = entries.map((entry) => labels.get(entry.id) ?? entry.label);
  const differing = config.filter(({ values, differs }) => values && differs);
  return {
    title,
    lead: `${entries.length} ${entries.some(({ group }) => group) ? 'groups of runs' : 'runs'} side by side: ${names.join('; ')}.`,
    provenance,
    blocks: [
      ...(warnings.length > 0
        ? [{ kind: 'list' as const, tone: 'warning' as const, items: warnings.map((text) => ({ text })) }]
        : []),
      finalValues(compared, names),
      settingsTable('Settings that differ', differing, names),
      ...figures.map(({ name, caption, panel }): ReportBlock => ({
        ...{ kind: 'figure', name, caption },
        figure: parseFigure({
          ...{ format: 'adjoint-figure', version: 1, panels: [panel], caption, provenance },
          style: { width: columnWidths.oneAndHalf, height: 70 },
        }),
      })),
      { kind: 'heading', text: 'Configurations' },
      settingsTable(
        'All settings',
        config.filter(({ values }) => values !== null),
        names,
      ),
      ...provenanceBlocks(provenance),
    ],
  };
}

function finalValues(compared: ReportedComparison, names: readonly string[]): ReportTable {
  const { entries, baseline, statistic, metrics, cell, csv } = compared;
  const text = (entry: Entry, metric: string) => {
    const { value, interval, difference } = cell(entry, metric);
    if (value === null) return '–';
    const around = interval ? ` [${formatNumber(interval.low, 3)}, ${formatNumber(interval.high, 3)}]` : '';
    const beside = difference ? ` (${difference.value > 0 ? '+' : ''}${formatNumber(difference.value, 3)})` : '';
    return `${formatNumber(value, 4)}${around}${beside}`;
  };
  const reference = baseline
    ? ` Differences in parentheses are to ${names[entries.indexOf(baseline)] ?? baseline.label}.`
    : '';
  return {
    kind: 'table',
    title: 'Final values',
    caption: `${statisticTitles[statistic]} of each run, mean over the runs of a group with its bootstrap interval.${reference}`,
    columns: [
      { title: 'Entry', numeric: false },
      { title: 'Runs', numeric: true },
      ...metrics.map((metric) => ({ title: metricDefinition(metric).title, numeric: true })),
      { title: 'Active time', numeric: true },
    ],
    rows: entries.map((entry, i) => [
      names[i],
      String(entry.runs.length),
      ...metrics.map((metric) => text(entry, metric)),
      formatDuration(mean(entry.runs.map(({ activeSeconds }) => activeSeconds))),
    ]),
    csv,
  };
}

function settingsTable(title: string, lines: readonly ConfigLine[], names: readonly string[]): ReportTable {
  return {
    kind: 'table',
    title,
    caption: lines.length === 0 ? 'There are none.' : '',
    columns: [{ title: 'Setting', numeric: false }, ...names.map((name) => ({ title: name, numeric: false }))],
    rows: lines.map(({ path, values }) => [path, ...values!]),
  };
}
