import type { FrameColumn, SeriesFrame, SeriesPart } from './seriesFrame';

const nothing: SeriesPart = { x: new Float64Array(0), y: new Float64Array(0), min: null, max: null };

/** A growing column: room is doubled, so that appending costs the same however long the run is. */
class Column {
  private values = new Float64Array(64);
  private measured = new Uint8Array(64);
  private length = 0;
  /** Some row was not measured. */
  private sparse = false;

  keep(rows: number): void {
    this.length = Math.min(this.length, rows);
  }

  append({ values, measured }: FrameColumn): void {
    const needed = this.length + values.length;
    if (needed > this.values.length) {
      const room = Math.max(2 * this.values.length, needed);
      this.values = enlarged(this.values, new Float64Array(room));
      this.measured = enlarged(this.measured, new Uint8Array(room));
    }
    this.values.set(values, this.length);
    if (measured) {
      this.measured.set(measured, this.length);
      this.sparse = true;
    } else this.measured.fill(1, this.length, needed);
    this.length = needed;
  }

  all(): Float64Array {
    return this.values.subarray(0, this.length);
  }

  /** Rows in which the metric was measured; null for all. */
  rows(): Int32Array | null {
    if (!this.sparse) return null;
    const rows = new Int32Array(this.length);
    let n = 0;
    for (let i = 0; i < this.length; i++) if (this.measured[i] === 1) rows[n++] = i;
    return n === this.length ? null : rows.subarray(0, n);
  }
}

function enlarged<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function pick(values: Float64Array, rows: Int32Array | null): Float64Array {
  if (!rows) return values;
  const picked = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
  return picked;
}

/**
 * What was received of one subscription: a snapshot and what was appended since. A frame keeps the first `offset` rows and puts
 * its own behind them: so the last bucket is replaced until it is full, and a resumed run cuts off the steps it repeats.
 */
export class SeriesBuffer {
  level = 1;
  live = false;
  private x = new Column();
  private columns = new Map<string, Column>();

  apply(frame: SeriesFrame): void {
    if (frame.offset === 0) {
      this.x = new Column();
      this.columns = new Map();
    }
    this.level = frame.level;
    this.live = frame.live;
    this.x.keep(frame.offset);
    this.x.append({ values: frame.x, measured: null });
    for (const [name, values] of frame.columns) {
      let column = this.columns.get(name);
      if (!column) this.columns.set(name, (column = new Column()));
      column.keep(frame.offset);
      column.append(values);
    }
  }

  /** A metric's samples without the rows in which it was not measured. Valid until the next frame. */
  get(key: string): SeriesPart {
    const column = this.columns.get(key);
    if (!column) return nothing;
    const rows = column.rows();
    const of = (name: string) => {
      const other = this.columns.get(name);
      return other ? pick(other.all(), rows) : null;
    };
    return {
      x: pick(this.x.all(), rows),
      y: pick(column.all(), rows),
      min: of(`${key}:min`),
      max: of(`${key}:max`),
      ...(this.columns.has(`${key}:count`) ? { count: of(`${key}:count`) } : {}),
    };
  }
}
