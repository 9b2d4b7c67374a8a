import type { Clock, IndexColumn, MetricSummary } from '@shared/run';

/** The window of `tailMean` holds a tenth of the samples, but never more than this, so that memory stays bounded. */
const longestTail = 100_000;

/** The index column over which the area under a clock's series is taken. */
export const areaAxis: Record<Clock, Exclude<IndexColumn, 'sequence'>> = {
  step: 'step',
  epoch: 'epoch',
  inner: 'step',
  diagnostics: 'step',
  system: 'activeSeconds',
};

/**
 * Aggregates of one series, kept up to date sample by sample; the result depends on the samples alone, not on how they
 * were grouped into batches, segments or attempts.
 *
 * Every recorded sample counts. `min`, `max` and `area` are of the finite ones; `last` and `tailMean` are null when what
 * they stand on is not finite, because a diverged series must not look like its last good value.
 */
export class SummaryAccumulator {
  private count = 0;
  private last = Number.NaN;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private area = 0;
  private areaX = Number.NaN;
  private areaY = Number.NaN;
  private ring = new Float64Array(64);

  /** One sample at position `x` of the clock's axis. */
  add(x: number, value: number): void {
    const tail = tailLength(this.count + 1);
    if (tail > this.ring.length) this.grow();
    this.ring[this.count % this.ring.length] = value;
    this.count++;
    this.last = value;
    if (value - value !== 0) return; // NaN or infinite
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    // Trapezoid to the previous finite sample; none before the first one.
    if (this.areaX === this.areaX) this.area += (x - this.areaX) * 0.5 * (value + this.areaY);
    this.areaX = x;
    this.areaY = value;
  }

  summary(): MetricSummary | null {
    if (this.count === 0) return null;
    const size = tailLength(this.count);
    let sum = 0;
    for (let k = this.count - size; k < this.count; k++) sum += this.ring[k % this.ring.length];
    const finiteSeen = this.min <= this.max;
    return {
      last: finite(this.last),
      min: finiteSeen ? this.min : null,
      max: finiteSeen ? this.max : null,
      count: this.count,
      tailMean: finite(sum / size),
      area: finiteSeen ? finite(this.area) : null,
    };
  }

  private grow(): void {
    const old = this.ring;
    const ring = new Float64Array(old.length * 2);
    for (let k = Math.max(0, this.count - old.length); k < this.count; k++) ring[k % ring.length] = old[k % old.length];
    this.ring = ring;
  }
}

const tailLength = (count: number): number => Math.min(longestTail, Math.ceil(count / 10));
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * Summary of a whole series: `values` over `x`, both [rows]; rows where `valid` is 0 were not measured.
 * Null when nothing was measured.
 */
export function summariseSeries(x: Float64Array, values: Float64Array, valid?: Uint8Array): MetricSummary | null {
  const accumulator = new SummaryAccumulator();
  for (let i = 0; i < values.length; i++) if (!valid || valid[i]) accumulator.add(x[i], values[i]);
  return accumulator.summary();
}
