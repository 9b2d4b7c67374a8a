/** Growable float64 column. */
export class Column {
  private values = new Float64Array(256);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  append(values: Float64Array | Uint32Array, count: number): void {
    const needed = this.length + count;
    if (needed > this.values.length) {
      const grown = new Float64Array(Math.max(needed, 2 * this.values.length));
      grown.set(this.values);
      this.values = grown;
    }
    this.values.set(count === values.length ? values : values.subarray(0, count), this.length);
    this.length = needed;
  }

  at(i: number): number {
    return this.values[i];
  }

  /** First row whose value is ≥ `value`; the column is assumed sorted. */
  lowerBound(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.values[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What is known of one bucket of samples. `count` is the number of measured, non-NaN samples. */
export interface Bucket {
  sum: number;
  min: number;
  max: number;
  count: number;
  hasNaN: boolean;
}

/** Buckets of one level, in columns that grow together: a run has hundreds of thousands of them. */
class Level {
  sum = new Float64Array(64);
  min = new Float64Array(64);
  max = new Float64Array(64);
  count = new Uint32Array(64);
  nan = new Uint8Array(64);
  length = 0;

  makeRoom(): void {
    if (this.length === this.nan.length) this.reserve(2 * this.nan.length);
  }

  reserve(room: number): void {
    if (room <= this.nan.length) return;
    this.sum = enlarged(this.sum, new Float64Array(room));
    this.min = enlarged(this.min, new Float64Array(room));
    this.max = enlarged(this.max, new Float64Array(room));
    this.count = enlarged(this.count, new Uint32Array(room));
    this.nan = enlarged(this.nan, new Uint8Array(room));
  }
}

function enlarged<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

const emptyBucket = (): Bucket => ({ sum: 0, min: Infinity, max: -Infinity, count: 0, hasNaN: false });

function merge(into: Bucket, other: Bucket): void {
  into.sum += other.sum;
  into.count += other.count;
  if (other.min < into.min) into.min = other.min;
  if (other.max > into.max) into.max = other.max;
  into.hasNaN ||= other.hasNaN;
}

/**
 * One series with its min/max/mean pyramid. Bucket i of level L covers rows [i·2^L, (i+1)·2^L): boundaries depend on the row
 * number only, so that the same data give the same picture whatever the order of requests, and panning does not shimmer.
 */
export class Pyramid {
  private values = new Float64Array(256);
  /** 1 where the row holds a sample, 0 where the metric was not measured. */
  private measured = new Uint8Array(256);
  private rows = 0;
  private readonly levels: Level[] = [];

  get length(): number {
    return this.rows;
  }

  /** Makes room for so many rows more at once: growing by doubling leaves as much behind for the collector as it keeps. */
  reserve(rows: number): void {
    const needed = this.rows + rows;
    if (needed <= this.values.length) return;
    const room = Math.max(needed, 2 * this.rows);
    this.values = enlarged(this.values, new Float64Array(room));
    this.measured = enlarged(this.measured, new Uint8Array(room));
    for (let level = 1; room >> level > 0; level++) (this.levels[level] ??= new Level()).reserve(room >> level);
  }

  /** Appends one row; null = not measured at this row. */
  push(value: number | null): void {
    if (this.rows === this.values.length) {
      this.values = enlarged(this.values, new Float64Array(2 * this.rows));
      this.measured = enlarged(this.measured, new Uint8Array(2 * this.rows));
    }
    this.values[this.rows] = value ?? NaN;
    this.measured[this.rows++] = value === null ? 0 : 1;
    for (let level = 1, rest = this.rows; (rest & 1) === 0; level++, rest >>>= 1) this.close(level);
  }

  /** Completes the next bucket of a level from the two of the level below. Makes no objects: it runs once a row. */
  private close(level: number): void {
    const target = (this.levels[level] ??= new Level());
    target.makeRoom();
    const index = target.length++;
    if (level === 1) return this.closeSamples(target, index);
    const { sum, min, max, count, nan } = this.levels[level - 1];
    const [a, b] = [2 * index, 2 * index + 1];
    target.sum[index] = sum[a] + sum[b];
    target.min[index] = Math.min(min[a], min[b]);
    target.max[index] = Math.max(max[a], max[b]);
    target.count[index] = count[a] + count[b];
    target.nan[index] = nan[a] | nan[b];
  }

  private closeSamples(target: Level, index: number): void {
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    let count = 0;
    for (let row = 2 * index; row < 2 * index + 2; row++) {
      if (this.measured[row] === 0) continue;
      const value = this.values[row];
      if (value !== value) {
        target.nan[index] = 1;
        continue;
      }
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      count++;
    }
    target.sum[index] = sum;
    target.min[index] = min;
    target.max[index] = max;
    target.count[index] = count;
  }

  /** Bucket `index` of `level` (0 = the samples themselves); the last one of a level may be incomplete. */
  bucket(level: number, index: number): Bucket {
    if (level === 0) return this.sample(index);
    const stored = this.levels[level];
    if (stored && index < stored.length)
      return {
        sum: stored.sum[index],
        min: stored.min[index],
        max: stored.max[index],
        count: stored.count[index],
        hasNaN: stored.nan[index] === 1,
      };
    const bucket = emptyBucket();
    const half = 2 ** (level - 1);
    for (const child of [2 * index, 2 * index + 1])
      if (child * half < this.length) merge(bucket, this.bucket(level - 1, child));
    return bucket;
  }

  private sample(row: number): Bucket {
    const value = this.values[row];
    if (this.measured[row] === 0) return emptyBucket();
    if (Number.isNaN(value)) return { ...emptyBucket(), hasNaN: true };
    return { sum: value, min: value, max: value, count: 1, hasNaN: false };
  }
}
