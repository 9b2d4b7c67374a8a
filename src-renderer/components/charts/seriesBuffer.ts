import type { SeriesFrame, SeriesPart } from './seriesFrame';

const empty: SeriesPart = { x: new Float64Array(0), y: new Float64Array(0), min: null, max: null };

/** A growing column: room is doubled, so that appending costs the same however long the run is. */
class Column {
  private room = new Float64Array(64);
  length = 0;

  append(values: Float64Array): void {
    if (this.length + values.length > this.room.length) {
      const larger = new Float64Array(Math.max(2 * this.room.length, this.length + values.length));
      larger.set(this.room.subarray(0, this.length));
      this.room = larger;
    }
    this.room.set(values, this.length);
    this.length += values.length;
  }

  values(): Float64Array {
    return this.room.subarray(0, this.length);
  }
}

class Part {
  readonly x = new Column();
  readonly y = new Column();
  readonly min: Column | null;
  readonly max: Column | null;

  constructor(banded: boolean) {
    this.min = banded ? new Column() : null;
    this.max = banded ? new Column() : null;
  }

  /**
   * Appends samples that continue the series. Where they start at or before its end, what they overlap is replaced: the
   * last, not yet full bucket comes again with more samples in it, and a resumed run repeats steps of its last attempt.
   */
  append(part: SeriesPart): void {
    if (part.x.length === 0) return;
    this.cutFrom(part.x[0]);
    this.x.append(part.x);
    this.y.append(part.y);
    this.min?.append(part.min ?? part.y);
    this.max?.append(part.max ?? part.y);
  }

  private cutFrom(first: number): void {
    const x = this.x.values();
    let keep = x.length;
    while (keep > 0 && x[keep - 1] >= first) keep--;
    for (const column of [this.x, this.y, this.min, this.max]) if (column) column.length = keep;
  }

  view(): SeriesPart {
    return {
      x: this.x.values(),
      y: this.y.values(),
      min: this.min?.values() ?? null,
      max: this.max?.values() ?? null,
    };
  }
}

/** What a chart shows of one subscription: a snapshot and everything appended to it since. */
export class SeriesBuffer {
  level = 1;
  private parts = new Map<string, Part>();

  apply(frame: SeriesFrame): void {
    if (frame.mode === 'snapshot') this.parts = new Map();
    this.level = frame.level;
    for (const [key, part] of frame.parts) {
      let own = this.parts.get(key);
      if (!own) this.parts.set(key, (own = new Part(part.min !== null || frame.level > 1)));
      own.append(part);
    }
  }

  /** A view, valid until the next frame. */
  get(key: string): SeriesPart {
    return this.parts.get(key)?.view() ?? empty;
  }

  get keys(): string[] {
    return [...this.parts.keys()];
  }
}
