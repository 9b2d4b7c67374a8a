import { quantileOfSorted } from '../statistics/summary';

export interface BoxSummary {
  /** Lower quartile, median, upper quartile. */
  quartiles: [number, number, number];
  /** Least and greatest sample within 1.5 interquartile ranges of the box (Tukey, 1977). */
  whiskers: [number, number];
  /** Samples beyond the whiskers. */
  outliers: number[];
}

const finite = (values: Float64Array): Float64Array => values.filter(Number.isFinite).sort();

/** NaN three times where no sample is finite. */
export function quartiles(values: Float64Array): [number, number, number] {
  const ascending = finite(values);
  return [quantileOfSorted(ascending, 0.25), quantileOfSorted(ascending, 0.5), quantileOfSorted(ascending, 0.75)];
}

/** Null where no sample is finite. */
export function boxSummary(values: Float64Array): BoxSummary | null {
  const ascending = finite(values);
  if (ascending.length === 0) return null;
  const box = quartiles(values);
  const reach = 1.5 * (box[2] - box[0]);
  const within = ascending.filter((value) => value >= box[0] - reach && value <= box[2] + reach);
  return {
    quartiles: box,
    whiskers: [Math.min(box[0], within[0]), Math.max(box[2], within[within.length - 1])],
    outliers: [...ascending].filter((value) => value < box[0] - reach || value > box[2] + reach),
  };
}
