import { tableFromIPC, type Vector } from 'apache-arrow';

/** Samples of one metric, or buckets of samples with their mean, least and greatest value. x is ascending. */
export interface SeriesPart {
  x: Float64Array;
  /** NaN where the run recorded a value that is not finite. */
  y: Float64Array;
  min: Float64Array | null;
  max: Float64Array | null;
  /** Of a group: how many runs the mean is of. */
  count?: Float64Array | null;
}

/** One column of a frame. */
export interface FrameColumn {
  values: Float64Array;
  /** 1 where the metric was measured; null when it always was. */
  measured: Uint8Array | null;
}

/** A data frame as src-shared/frames.ts describes it. */
export interface SeriesFrame {
  /** Samples per row, 1 = every sample. */
  level: number;
  /** How many rows of what was received before stay. */
  offset: number;
  /** The run is going on. */
  live: boolean;
  x: Float64Array;
  /** By metric key, and by `key:min` and `key:max`. */
  columns: Map<string, FrameColumn>;
}

export function decodeSeriesFrame(payload: Uint8Array): SeriesFrame {
  const table = tableFromIPC(payload);
  const { metadata, fields } = table.schema;
  const [x, ...rest] = fields.map((field, i) => ({
    name: field.name,
    column: readColumn(table.getChildAt(i), table.numRows),
  }));
  return {
    level: Number(metadata.get('level') ?? 1),
    offset: Number(metadata.get('offset') ?? 0),
    live: metadata.get('live') === '1',
    x: x.column.values,
    columns: new Map(rest.map(({ name, column }) => [name, column])),
  };
}

function readColumn(vector: Vector | null, rows: number): FrameColumn {
  const values = new Float64Array(rows).fill(NaN);
  if (!vector) return { values, measured: new Uint8Array(rows) };
  const raw = vector.toArray() as ArrayLike<number | bigint>;
  for (let i = 0; i < rows; i++) values[i] = Number(raw[i]);
  if (vector.nullCount === 0) return { values, measured: null };
  const measured = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    if (vector.isValid(i)) measured[i] = 1;
    else values[i] = NaN;
  }
  return { values, measured };
}
