import { studentQuantile } from './distributions';
import { mean, type Sample } from './summary';

export interface Slope {
  slope: number;
  /** Of the slope at the level asked for; NaN below three points. */
  low: number;
  high: number;
  /** Value of the line at 0. */
  intercept: number;
  /** Share of the variance of y that the line explains. */
  r2: number;
  n: number;
}

/**
 * Least-squares line through (x, y), with Student's interval of its slope under independent normal errors.
 * @throws RangeError if the samples differ in length.
 */
export function slope(x: Sample, y: Sample, level = 0.95): Slope {
  if (x.length !== y.length)
    throw new RangeError(`pairs need two samples of one length, not ${x.length} and ${y.length}`);
  const n = x.length;
  const [cx, cy] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i] - cx) ** 2;
    yy += (y[i] - cy) ** 2;
    xy += (x[i] - cx) * (y[i] - cy);
  }
  const b = xy / xx;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += (y[i] - cy - b * (x[i] - cx)) ** 2;
  const half = n < 3 ? NaN : studentQuantile(level, n - 2) * Math.sqrt(residual / (n - 2) / xx);
  return { slope: b, low: b - half, high: b + half, intercept: cy - b * cx, r2: 1 - residual / yy, n };
}

/**
 * The exponent k of y ≈ C xᵏ: the slope of log₁₀ y over log₁₀ x. Pairs in which either is not positive and finite cannot lie on such a law and are
 * left out; `n` says how many remain.
 */
export function logLogSlope(x: Sample, y: Sample, level = 0.95): Slope {
  const usable = (value: number) => value > 0 && Number.isFinite(value);
  const kept = Array.from(x, (_, i) => i).filter((i) => usable(x[i]) && usable(y[i]));
  return slope(
    kept.map((i) => Math.log10(x[i])),
    kept.map((i) => Math.log10(y[i])),
    level,
  );
}
