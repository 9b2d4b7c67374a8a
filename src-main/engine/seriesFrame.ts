import { Field, Float64, makeData, RecordBatch, Schema, Struct, Table, tableToIPC } from 'apache-arrow';
import type { SeriesSpec } from '@shared/frames';
import type { Column, Pyramid } from './pyramid';

/** The buckets of one viewport: `level` is the exponent, buckets [first, end). */
export interface Window {
  level: number;
  first: number;
  end: number;
}

/** Picks the finest level that needs at most `points` buckets; one sample on either side of the viewport is kept, so that lines reach the edges. */
export function windowOf(x: Column, spec: Pick<SeriesSpec, 'from' | 'to' | 'points'>): Window {
  const low = spec.from === undefined ? 0 : Math.max(0, x.lowerBound(spec.from) - 1);
  const high = spec.to === undefined ? x.length : Math.min(x.length, x.lowerBound(spec.to) + 1);
  let level = 0;
  while (Math.ceil(high / 2 ** level) - Math.floor(low / 2 ** level) > spec.points) level++;
  return { level, first: Math.floor(low / 2 ** level), end: Math.ceil(high / 2 ** level) };
}

/**
 * Encodes buckets [from, end) of each metric as an Arrow IPC stream (src-shared/frames.ts describes it).
 * `offset` = how many rows of the client's stay.
 */
export function encodeSeries(
  x: Column,
  metrics: ReadonlyMap<string, Pyramid>,
  window: { level: number; from: number; end: number },
  about: { offset: number; rows: number; live: boolean },
): Uint8Array {
  const { level, from, end } = window;
  const length = Math.max(0, end - from);
  const size = 2 ** level;
  const columns: [string, Float64Array, Uint8Array | null][] = [];

  const xs = new Float64Array(length);
  for (let i = 0; i < length; i++) xs[i] = x.at((from + i) * size);
  columns.push(['x', xs, null]);

  for (const [key, pyramid] of metrics) {
    const mean = new Float64Array(length);
    const min = new Float64Array(length);
    const max = new Float64Array(length);
    const valid = new Uint8Array(Math.ceil(length / 8));
    for (let i = 0; i < length; i++) {
      const bucket = pyramid.bucket(level, from + i);
      if (bucket.count === 0 && !bucket.hasNaN) continue;
      valid[i >> 3] |= 1 << (i & 7);
      mean[i] = bucket.hasNaN ? NaN : bucket.sum / bucket.count;
      min[i] = bucket.count === 0 ? NaN : bucket.min;
      max[i] = bucket.count === 0 ? NaN : bucket.max;
    }
    columns.push([key, mean, valid]);
    if (level > 0) columns.push([`${key}:min`, min, valid], [`${key}:max`, max, valid]);
  }

  return encodeColumns(columns, { ...about, level: size });
}

/** Columns of float64 with their validity bits (null = all are valid) as an Arrow IPC stream with the metadata of a data frame. */
export function encodeColumns(
  columns: readonly (readonly [name: string, values: Float64Array, validity: Uint8Array | null])[],
  about: { level: number; offset: number; rows: number; live: boolean },
): Uint8Array {
  const length = columns[0][1].length;
  const metadata = new Map([
    ['level', String(about.level)],
    ['offset', String(about.offset)],
    ['rows', String(about.rows)],
    ['live', about.live ? '1' : '0'],
  ]);
  const schema = new Schema(
    columns.map(([name]) => new Field(name, new Float64(), true)),
    metadata,
  );
  const children = columns.map(([, data, nullBitmap]) =>
    makeData({ type: new Float64(), length, data, ...(nullBitmap ? { nullBitmap } : { nullCount: 0 }) }),
  );
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  return tableToIPC(new Table(schema, new RecordBatch(schema, data)), 'stream');
}
