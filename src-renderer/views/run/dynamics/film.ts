import { formatNumber } from '@shared/format';
import { DataType, tableFromIPC, type Vector } from 'apache-arrow';

/** What a film can be played by. */
export const filmAxes = ['epoch', 'step', 'activeSeconds'] as const;
export type FilmAxis = (typeof filmAxes)[number];

export interface FilmColumn {
  /** Entries a row; 1 of a scalar. */
  width: number;
  /** Row i has [i·width, (i + 1)·width). */
  values: Float64Array;
  /** 1 where the row was measured. */
  measured: Uint8Array;
}

/** Rows of one clock of a run. */
export interface FilmTable extends Record<FilmAxis, Float64Array> {
  /** Rows that the run has in all; more than are here of a long one. */
  total: number;
  columns: ReadonlyMap<string, FilmColumn>;
}

export function decodeFilm({ arrow, total }: { arrow: string; total: number }): FilmTable {
  const table = tableFromIPC(Uint8Array.from(atob(arrow), (character) => character.charCodeAt(0)));
  const columns = new Map<string, FilmColumn>();
  for (const [i, { name }] of table.schema.fields.entries())
    columns.set(name, columnOf(table.getChildAt(i), table.numRows));
  const index = (name: FilmAxis) => columns.get(name)?.values ?? new Float64Array(0);
  return { step: index('step'), epoch: index('epoch'), activeSeconds: index('activeSeconds'), total, columns };
}

function columnOf(vector: Vector | null, rows: number): FilmColumn {
  const type = vector?.type as DataType | undefined;
  const width = type && DataType.isFixedSizeList(type) ? type.listSize : 1;
  const values = new Float64Array(rows * width).fill(NaN);
  const measured = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!vector?.isValid(row)) continue;
    measured[row] = 1;
    const value = vector.get(row) as number | Vector;
    if (typeof value === 'number') values[row] = value;
    else values.set(value.toArray() as Float64Array, row * width);
  }
  return { width, values, measured };
}

/** The last row at or before x that has the metric (any row without one); −1 where there is none yet. */
export function rowAt(table: FilmTable, axis: FilmAxis, x: number, key?: string): number {
  const places = table[axis];
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= x) low = middle + 1;
    else high = middle;
  }
  const column = key === undefined ? undefined : table.columns.get(key);
  if (key !== undefined && !column) return -1;
  let row = low - 1;
  while (row >= 0 && column && column.measured[row] !== 1) row--;
  return row;
}

/** Which epoch a picture at x shows of a metric, in words; nothing where there is none yet. */
export function epochWords(table: FilmTable | null, axis: FilmAxis, x: number, key: string): string | undefined {
  const row = table ? rowAt(table, axis, x, key) : -1;
  return table && row >= 0 ? `epoch ${formatNumber(table.epoch[row])}` : undefined;
}

/** A row of a metric; null where it was not measured. */
export function valuesAt(table: FilmTable, key: string, row: number): Float64Array | null {
  const column = table.columns.get(key);
  if (!column || row < 0 || column.measured[row] !== 1) return null;
  return column.values.subarray(row * column.width, (row + 1) * column.width);
}

/** The value of a scalar; NaN where it was not measured. */
export const scalarAt = (table: FilmTable, key: string, row: number): number => valuesAt(table, key, row)?.[0] ?? NaN;

/** Rows in which a metric was measured. */
export function measuredRows(table: FilmTable | null, key: string): number[] {
  const column = table?.columns.get(key);
  return column ? [...column.measured.keys()].filter((row) => column.measured[row] === 1) : [];
}

/** The places of all rows of all films, ascending, each once. */
export function framesOf(tables: readonly FilmTable[], axis: FilmAxis): Float64Array {
  return Float64Array.from(new Set(tables.flatMap((table) => [...table[axis]]))).sort();
}

/** The frame at or before x; the first before all of them. */
export function frameAt(frames: Float64Array, x: number): number {
  const after = frames.findIndex((frame) => frame > x);
  return after < 0 ? Math.max(0, frames.length - 1) : Math.max(0, after - 1);
}

/** The frame that is nearest to x. */
export function nearestFrame(frames: Float64Array, x: number): number {
  const before = frameAt(frames, x);
  const after = Math.min(frames.length - 1, before + 1);
  return Math.abs(frames[after] - x) < Math.abs(frames[before] - x) ? after : before;
}

export interface Playback {
  frame: number;
  /** Part of a frame's time that has gone by. */
  rest: number;
  playing: boolean;
}

/** Playback after some seconds at so many frames a second. At the end it begins anew, waits for more of a live run, or stops. */
export function advance(
  { frame, rest }: Playback,
  seconds: number,
  film: { count: number; rate: number; loop: boolean; live: boolean },
): Playback {
  const gone = rest + seconds * film.rate;
  const steps = Math.floor(gone);
  const next = frame + steps;
  const last = Math.max(0, film.count - 1);
  if (next <= last) return { frame: next, rest: gone - steps, playing: true };
  if (film.loop && last > 0) return { frame: (next - last - 1) % film.count, rest: 0, playing: true };
  return { frame: last, rest: 0, playing: film.live };
}
