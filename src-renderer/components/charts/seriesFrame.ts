import { tableFromIPC, type Vector } from 'apache-arrow';

/** Samples of one metric, or buckets of samples with their mean, least and greatest value. */
export interface SeriesPart {
  x: Float64Array;
  /** NaN where the run recorded a value that is not finite. */
  y: Float64Array;
  min: Float64Array | null;
  max: Float64Array | null;
}

export interface SeriesFrame {
  mode: 'snapshot' | 'append';
  /** Rows per bucket; 1 = every sample. */
  level: number;
  parts: Map<string, SeriesPart>;
}

/**
 * Reads a data frame (src-shared/frames.ts). Rows in which a metric is null were not recorded and are left out of its part;
 * rows in which it is NaN were recorded and stay.
 */
export function decodeSeriesFrame(payload: Uint8Array): SeriesFrame {
  const table = tableFromIPC(payload);
  const metadata = table.schema.metadata;
  const columns = table.schema.fields.map((field, i) => ({ name: field.name, values: table.getChildAt(i) }));
  const numbers = (vector: Vector | null | undefined) => readNumbers(vector ?? null, table.numRows);
  const x = numbers(columns[0]?.values).values;
  const byName = new Map(columns.slice(1).map(({ name, values }) => [name, values]));
  const parts = new Map<string, SeriesPart>();
  for (const [name, vector] of byName) {
    const stem = name.replace(/:(min|max)$/, '');
    if (stem !== name && byName.has(stem)) continue;
    const y = numbers(vector);
    const low = byName.get(`${name}:min`);
    const high = byName.get(`${name}:max`);
    const keep = y.recorded;
    parts.set(name, {
      x: pick(x, keep),
      y: pick(y.values, keep),
      min: low ? pick(numbers(low).values, keep) : null,
      max: high ? pick(numbers(high).values, keep) : null,
    });
  }
  return {
    mode: metadata.get('mode') === 'append' ? 'append' : 'snapshot',
    level: Number(metadata.get('level') ?? 1),
    parts,
  };
}

/** @returns values, and the rows that are not null (null when all are there) */
function readNumbers(vector: Vector | null, rows: number): { values: Float64Array; recorded: Int32Array | null } {
  const values = new Float64Array(rows).fill(NaN);
  if (!vector) return { values, recorded: new Int32Array(0) };
  if (vector.nullCount === 0) {
    const array = vector.toArray() as ArrayLike<number | bigint>;
    for (let i = 0; i < rows; i++) values[i] = Number(array[i]);
    return { values, recorded: null };
  }
  const recorded: number[] = [];
  for (let i = 0; i < rows; i++) {
    const value = vector.get(i) as number | bigint | null;
    if (value === null) continue;
    values[i] = Number(value);
    recorded.push(i);
  }
  return { values, recorded: Int32Array.from(recorded) };
}

function pick(values: Float64Array, rows: Int32Array | null): Float64Array {
  if (!rows) return values;
  const picked = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
  return picked;
}
