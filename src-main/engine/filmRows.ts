import {
  Field,
  FixedSizeList,
  Float64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  type Data,
} from 'apache-arrow';
import type { Clock } from '@shared/run';
import { readClock, type ClockData, type MetricValues } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';

/** Index columns that come along: what a film can be played by. */
const along = ['step', 'epoch', 'activeSeconds'] as const;

export interface FilmChoice {
  metrics: readonly string[];
  most: number;
  at?: number;
}

/** Rows of some metrics as an Arrow IPC stream (src-shared/film.ts); metrics that the run did not record are left out. */
export function filmRows(run: RunDirectory, clock: Clock, { metrics, most, at }: FilmChoice): { bytes: Uint8Array; total: number } {
  const table = readClock(run, clock, metrics);
  const rows = pickedRows(table.index.epoch, most, at);
  const columns: { name: string; data: Data }[] = along.map((name) => ({
    name,
    data: makeData({ type: new Float64(), length: rows.length, nullCount: 0, data: Float64Array.from(rows, (row) => table.index[name][row]) }),
  }));
  for (const key of metrics) {
    const column = table.columns.get(key);
    if (column) columns.push({ name: key, data: columnData(column, rows) });
  }
  const schema = new Schema(columns.map(({ name, data }) => new Field(name, data.type, true)));
  const children = columns.map(({ data }) => data);
  const struct = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return { bytes: tableToIPC(new Table(schema, new RecordBatch(schema, struct)), 'stream'), total: table.rows };
} // prettier-ignore

function columnData({ kind, width, values, valid }: MetricValues, rows: readonly number[]): Data {
  const picked = new Float64Array(rows.length * width);
  const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8));
  rows.forEach((row, i) => {
    if (valid[row] !== 1) return;
    nullBitmap[i >> 3] |= 1 << (i & 7);
    picked.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  const length = rows.length;
  if (kind === 'scalar') return makeData({ type: new Float64(), length, data: picked, nullBitmap });
  const child = makeData({ type: new Float64(), length: picked.length, nullCount: 0, data: picked });
  const type = new FixedSizeList(width, new Field('item', new Float64(), false));
  return makeData({ type, length, nullBitmap, child });
}

/** Evenly picked rows, the first and the last among them, and the last one at or before an epoch. */
export function pickedRows(epochs: Float64Array, most: number, at?: number): number[] {
  const total = epochs.length;
  const count = Math.min(most, total);
  const rows = new Set(
    Array.from({ length: count }, (_, k) => (count < 2 ? 0 : Math.round((k * (total - 1)) / (count - 1)))),
  );
  if (at !== undefined) {
    const row = epochs.findLastIndex((epoch) => epoch <= at);
    if (row >= 0) rows.add(row);
  }
  return [...rows].sort((a, b) => a - b);
}

/** Ticks beyond this are a grey bar. */
const mostChanges = 200;

/** The rows at which a scalar of the step clock has another value than before. */
export function changesOf(table: Pick<ClockData, 'rows' | 'index' | 'columns'>, key: string) {
  const column = table.columns.get(key);
  const changes: { step: number; epoch: number; activeSeconds: number; value: number }[] = [];
  if (column?.kind !== 'scalar') return { changes, many: false };
  let before = Number.NaN;
  for (let row = 0; row < table.rows; row++) {
    const value = column.values[row];
    if (column.valid[row] !== 1 || Number.isNaN(value) || value === before) continue;
    const isFirst = Number.isNaN(before);
    before = value;
    if (isFirst) continue;
    if (changes.length === mostChanges) return { changes: [], many: true };
    const { step, epoch, activeSeconds } = table.index;
    changes.push({ step: step[row], epoch: epoch[row], activeSeconds: activeSeconds[row], value });
  }
  return { changes, many: false };
}
