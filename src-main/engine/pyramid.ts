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

interface Level {
  sum: Column;
  min: Column;
  max: Column;
  count: Column;
  nan: Column;
}

const makeLevel = (): Level => ({
  sum: new Column(),
  min: new Column(),
  max: new Column(),
  count: new Column(),
  nan: new Column(),
});

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
  private readonly values = new Column();
  /** 1 where the row holds a sample, 0 where the metric was not measured. */
  private readonly measured = new Column();
  private readonly levels: Level[] = [];

  get length(): number {
    return this.values.length;
  }

  /** Appends one row; null = not measured at this row. */
  push(value: number | null): void {
    this.values.push(value ?? NaN);
    this.measured.push(value === null ? 0 : 1);
    for (let level = 1, size = 2; this.length % size === 0; level++, size *= 2) this.close(level);
  }

  private close(level: number): void {
    const target = (this.levels[level] ??= makeLevel());
    const index = target.sum.length;
    const bucket = this.bucket(level - 1, 2 * index);
    merge(bucket, this.bucket(level - 1, 2 * index + 1));
    target.sum.push(bucket.sum);
    target.min.push(bucket.min);
    target.max.push(bucket.max);
    target.count.push(bucket.count);
    target.nan.push(bucket.hasNaN ? 1 : 0);
  }

  /** Bucket `index` of `level` (0 = the samples themselves); the last one of a level may be incomplete. */
  bucket(level: number, index: number): Bucket {
    if (level === 0) return this.sample(index);
    const stored = this.levels[level];
    if (stored && index < stored.sum.length)
      return {
        sum: stored.sum.at(index),
        min: stored.min.at(index),
        max: stored.max.at(index),
        count: stored.count.at(index),
        hasNaN: stored.nan.at(index) === 1,
      };
    const bucket = emptyBucket();
    const half = 2 ** (level - 1);
    for (const child of [2 * index, 2 * index + 1])
      if (child * half < this.length) merge(bucket, this.bucket(level - 1, child));
    return bucket;
  }

  private sample(row: number): Bucket {
    const value = this.values.at(row);
    if (this.measured.at(row) === 0) return emptyBucket();
    if (Number.isNaN(value)) return { ...emptyBucket(), hasNaN: true };
    return { sum: value, min: value, max: value, count: 1, hasNaN: false };
  }
}
