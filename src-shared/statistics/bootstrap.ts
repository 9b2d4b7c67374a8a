import { Generator } from '../random/generator';
import { quantileOfSorted } from './summary';

/** Of every interval that Adjoint shows. */
export const confidence = 0.95;
export const resampleCount = 1000;
const seed = 0;

export interface Interval {
  low: number;
  high: number;
}

/** Which of n values each resample takes: [resampleCount × n] indices, numpy's `default_rng(0).integers(0, n, size=(1000, n))`. */
function resamples(n: number): Uint32Array {
  let known = drawn.get(n);
  if (!known) drawn.set(n, (known = Uint32Array.from(new Generator(seed).integers(0, n, resampleCount * n))));
  return known;
}
const drawn = new Map<number, Uint32Array>();

/**
 * Percentile bootstrap of the mean (Efron & Tibshirani, An Introduction to the Bootstrap, §13.3): the resamples' means between
 * their 2.5 and 97.5 percentiles. The same values always give the same interval, and all positions of a curve are resampled
 * alike: what is drawn is seeds, not points.
 * @returns null for fewer than two values: one seed says nothing about the spread between seeds
 */
export function meanInterval(values: ArrayLike<number>): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  const indices = resamples(n);
  for (let k = 0, at = 0; k < resampleCount; k++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[indices[at++]];
    means[k] = sum / n;
  }
  return percentiles(means);
}
const means = new Float64Array(resampleCount);

/**
 * Percentile bootstrap of any statistic of n observations that are drawn as a whole: values, pairs or rows. The same resamples as those of
 * `meanInterval`.
 * @param statistic of the observations with these indices
 * @returns null for fewer than two observations
 */
export function statisticInterval(n: number, statistic: (indices: Uint32Array) => number): Interval | null {
  if (n < 2) return null;
  const indices = resamples(n);
  const replicates = Float64Array.from({ length: resampleCount }, (_, k) =>
    statistic(indices.subarray(k * n, (k + 1) * n)),
  ).sort();
  return { low: quantileOfSorted(replicates, tail), high: quantileOfSorted(replicates, 1 - tail) };
}

/**
 * Interval of mean(a) − mean(b). `paired`: a[i] and b[i] belong to the same seed, so seeds are drawn and differences averaged;
 * otherwise both are resampled by themselves, with streams of their own.
 * @returns null where neither or only one side has a spread to resample
 */
export function differenceInterval(a: readonly number[], b: readonly number[], paired: boolean): Interval | null {
  if (paired) return meanInterval(a.map((value, i) => value - b[i]));
  if (a.length < 2 || b.length < 2) return null;
  const generator = new Generator(seed);
  const drawMeans = (values: readonly number[]) => {
    const indices = generator.integers(0, values.length, resampleCount * values.length);
    return Float64Array.from({ length: resampleCount }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[indices[k * values.length + i]];
      return sum / values.length;
    });
  };
  const [ofA, ofB] = [drawMeans(a), drawMeans(b)];
  return percentiles(ofA.map((value, k) => value - ofB[k]));
}

const tail = (1 - confidence) / 2;

/** The two percentiles between which `confidence` of the values lie, interpolated as numpy's `percentile` does. */
function percentiles(values: Float64Array): Interval {
  const place = tail * (values.length - 1);
  const below = Math.floor(place);
  const share = place - below;
  // Only the ends of the sorted order are needed: a curve asks for this at every one of its points.
  const least = new Float64Array(below + 2).fill(Infinity);
  const greatest = new Float64Array(below + 2).fill(Infinity);
  for (let i = 0; i < values.length; i++) {
    insert(least, values[i]);
    insert(greatest, -values[i]);
  }
  const at = (ends: Float64Array) => ends[below] + share * (ends[below + 1] - ends[below]);
  return { low: at(least), high: -at(greatest) };
}

/** Keeps the least values seen, in ascending order. */
function insert(ends: Float64Array, value: number): void {
  let at = ends.length - 1;
  if (!(value < ends[at])) return;
  for (; at > 0 && ends[at - 1] > value; at--) ends[at] = ends[at - 1];
  ends[at] = value;
}
