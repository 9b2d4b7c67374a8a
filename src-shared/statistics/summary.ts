/** Summaries of samples, with numpy's conventions: an empty sample and one that holds NaN give NaN. */

export type Sample = ArrayLike<number>;

export function mean(values: Sample): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Standard deviation of a sample, with n − 1 in the denominator; NaN below two values. */
export function standardDeviation(values: Sample): number {
  if (values.length < 2) return NaN;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** A sorted copy; NaN sorts to the end. */
export function sorted(values: Sample): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * Quantile of a sorted sample by linear interpolation between order statistics: numpy's method `linear`, Hyndman & Fan's type 7
 * ("Sample Quantiles in Statistical Packages", *American Statistician* 50, 1996).
 * @param q in [0, 1]
 * @throws RangeError if q is outside [0, 1].
 */
export function quantileOfSorted(ascending: Sample, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile lies in [0, 1], not at ${q}`);
  const last = ascending.length - 1;
  // NaN is last where there is one.
  if (last < 0 || Number.isNaN(ascending[last])) return NaN;
  const place = q * last;
  const below = Math.floor(place);
  const share = place - below;
  const a = ascending[below];
  if (share === 0) return a;
  const b = ascending[below + 1];
  // From the nearer end, as numpy does: exact at both, and monotone.
  return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
}

/** Quantile of a sample in any order, see `quantileOfSorted`. */
export function quantile(values: Sample, q: number): number {
  return quantileOfSorted(sorted(values), q);
}

export function median(values: Sample): number {
  return quantile(values, 0.5);
}
