import { AdjointError } from '@shared/errors';
import { comparisonCell, comparisonCsv, compareRuns } from '../engine/compareRuns';
import { printJson, printLine, say, type CommonOptions } from './context';
import { findRun, findRuns, withRuns } from './findRuns';
import { headlinesOf } from './headline';
import { renderTable } from './table';

export interface CompareOptions extends CommonOptions {
  baseline?: string;
  metrics?: string;
  csv?: boolean;
}

export function compare(texts: readonly string[], options: CompareOptions): void {
  const { runs, baseline } = withRuns(options.workspace, (_, index) => {
    const chosen = findRuns(index, texts);
    return { runs: chosen, baseline: options.baseline === undefined ? chosen[0] : findRun(index, options.baseline) };
  });
  const keys = options.metrics?.split(',').map((key) => key.trim()) ?? headlinesOf(runs);
  const recorded = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)));
  const unknown = keys.find((key) => !recorded.has(key));
  if (unknown !== undefined && runs.some(({ metrics }) => Object.keys(metrics).length > 0))
    throw new AdjointError('bad-request', `None of these runs has recorded "${unknown}".`, {
      where: '--metrics',
      fix: `They have: ${[...recorded].sort().join(', ')}.`,
    });
  const compared = compareRuns(runs, keys, baseline);
  for (const warning of compared.warnings) say(warning);
  if (options.json) return printJson(compared);
  if (options.csv) return void process.stdout.write(comparisonCsv(compared));
  printLine(
    renderTable(compared.rows, [
      { title: 'run', cell: ({ id, name }) => (id === compared.baseline ? `${name} (baseline)` : name) },
      ...compared.settings.map((path) => ({
        title: path,
        cell: ({ settings }: (typeof compared.rows)[number]) => String(settings[path] ?? '–'),
      })),
      ...compared.metrics.map((key) => ({
        title: key,
        align: 'right' as const,
        cell: ({ id, metrics }: (typeof compared.rows)[number]) =>
          comparisonCell(metrics[key], id === compared.baseline),
      })),
    ]),
  );
}
