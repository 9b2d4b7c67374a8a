// Bins of the histograms over the validation set. They are fixed for ever, so that histograms of any two epochs and runs can be laid over
// each other; what a run recorded has its edges beside the counts all the same.

/** Four bins a decade: powers of ten are edges, exactly, so that thresholds such as 1e-6 are too. */
const withinDecade = [1, 10 ** 0.25, 10 ** 0.5, 10 ** 0.75];

function decades(from: number, to: number): number[] {
  const edges: number[] = [];
  for (let exponent = from; exponent < to; exponent++)
    for (const factor of withinDecade) edges.push(factor * Number(`1e${exponent}`));
  return [...edges, Number(`1e${to}`)];
}

/** What cannot be negative: one bin from 0 to 1e-10 (zero included), logarithmic ones to 100, one above. */
export const magnitudeEdges: readonly number[] = [0, ...decades(-10, 2), Infinity];

/** What has a sign: logarithmic bins from ±1e-6 to ±10, one between them for what is nearly zero, one at each end. */
export const signedEdges: readonly number[] = [
  -Infinity,
  ...decades(-6, 1)
    .map((edge) => -edge)
    .reverse(),
  ...decades(-6, 1),
  Infinity,
];

/**
 * How many of the values are in each bin [edge_k, edge_{k+1}); the last bin holds its upper edge too. NaN is in none, so the counts of values that
 * are no numbers add up to less than there are values.
 */
export function binCounts(values: Iterable<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length - 1);
  for (const value of values) {
    if (!(value >= edges[0])) continue;
    let [low, high] = [0, counts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value >= edges[middle]) low = middle;
      else high = middle;
    }
    counts[low]++;
  }
  return counts;
}

/** The histograms that a validation records, by the edges of their bins. */
export const histogramEdges: Readonly<Record<string, readonly number[]>> = {
  'valid/gap_histogram': signedEdges,
  'valid/distance_histogram': magnitudeEdges,
  'valid/eq_histogram': magnitudeEdges,
  'valid/ineq_histogram': magnitudeEdges,
};

/** A histogram as a row of the metric log holds it: edges, then counts. */
export function histogram(key: string, values: Iterable<number>): Float64Array {
  const edges = histogramEdges[key];
  return Float64Array.from([...edges, ...binCounts(values, edges)]);
}
