import type { VectorRows } from '@shared/contract';
import { indexColumns, type Clock } from '@shared/run';
import { AdjointError } from '@shared/errors';
import { metricDefinition } from '@shared/metrics/catalogue';
import { entryKey, parseEntryKey } from '@shared/metrics/vectors';
import { findEntry, firstEntry, readClock, type MetricValues } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';

/** A CSV field with all digits of a float64; NaN and infinities as NaN, inf, -inf (what numpy and pandas read), not measured as nothing. */
function csvNumber(value: number, measured: boolean): string {
  if (!measured) return '';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return String(value);
}

/**
 * The full series of some metrics, one row a sample; of a vector one entry, or all in columns of their own. `cut` says what is damaged and therefore missing.
 * @throws AdjointError `not-found` for a metric that the run did not record.
 */
export function seriesCsv(
  run: RunDirectory,
  clock: Clock,
  keys: readonly string[],
): { csv: string; rows: number; cut: string[] } {
  const table = readClock(run, clock, [...keys, ...keys.flatMap((key) => parseEntryKey(key)?.vector ?? [])]);
  const wanted = keys.flatMap((key) => entriesOf(table.columns, key));
  const found = wanted.map((key) => findEntry(table.columns, key));
  const missing = wanted.filter((_, i) => found[i] === null);
  if (missing.length > 0)
    throw new AdjointError(
      'not-found',
      `The run did not record ${missing.map((key) => `"${key}"`).join(', ')} on the ${clock} clock.`,
      {
        where: run.id,
        fix:
          table.columns.size > 0
            ? `It recorded: ${[...table.columns.keys()].join(', ')}.`
            : 'It recorded nothing on this clock.',
      },
    );
  const entries = found.filter((entry) => entry !== null);
  const lines = [[...indexColumns, ...wanted].join(',')];
  for (let row = 0; row < table.rows; row++) {
    const cells = indexColumns.map((name) => csvNumber(table.index[name][row], true));
    for (const { column, entry } of entries)
      cells.push(csvNumber(column.values[row * column.width + entry], column.valid[row] === 1));
    lines.push(cells.join(','));
  }
  return { csv: lines.join('\n') + '\n', rows: table.rows, cut: table.cut };
}

/** Rows of whole vectors and of the counts of histograms, evenly picked; those that the run did not record are left out. NaN is given as 0: a picture has no place for it. */
export function vectorRows(run: RunDirectory, clock: Clock, keys: readonly string[], most: number): VectorRows {
  const table = readClock(run, clock, keys);
  const count = Math.min(most, table.rows);
  const rows = Array.from({ length: count }, (_, k) =>
    count < 2 ? 0 : Math.round((k * (table.rows - 1)) / (count - 1)),
  );
  const values: VectorRows['values'] = {};
  for (const key of keys) {
    const column = table.columns.get(key);
    if (!column || column.kind === 'scalar') continue;
    const first = firstEntry(column);
    values[key] = rows.map((row) =>
      column.valid[row] === 1
        ? Array.from(column.values.subarray(row * column.width + first, (row + 1) * column.width), (value) =>
            Number.isFinite(value) ? value : 0,
          )
        : null,
    );
  }
  const at = (name: 'step' | 'epoch') => rows.map((row) => table.index[name][row]);
  return { step: at('step'), epoch: at('epoch'), total: table.rows, values };
}

/** The keys of all entries where a key means a whole vector or histogram. */
function entriesOf(columns: ReadonlyMap<string, MetricValues>, key: string): string[] {
  const column = columns.get(key);
  if (!column || column.kind === 'scalar') return [key];
  return Array.from({ length: column.width - firstEntry(column) }, (_, i) => entryKey(key, i));
}

/** Evenly spaced means over the measured samples of one metric; null where a bucket has none. */
export function sparkline(run: RunDirectory, metric: string, points: number): (number | null)[] {
  const table = readClock(run, metricDefinition(metric).clock, [metric]);
  const column = findEntry(table.columns, metric)?.column;
  if (!column) return [];
  const samples: number[] = [];
  for (let row = 0; row < table.rows; row++) if (column.valid[row] === 1) samples.push(column.values[row]);
  const buckets = Math.min(points, samples.length);
  return Array.from({ length: buckets }, (_, i) => {
    const from = Math.floor((i * samples.length) / buckets);
    const to = Math.floor(((i + 1) * samples.length) / buckets);
    let sum = 0;
    for (let k = from; k < to; k++) sum += samples[k];
    const mean = sum / (to - from);
    return Number.isFinite(mean) ? mean : null;
  });
}
