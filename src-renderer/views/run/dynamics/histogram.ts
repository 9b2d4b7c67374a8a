import { raised } from '@shared/charts/scale';
import { valuesAt, type FilmTable } from './film';

/** The distributions that a validation records, with the values that are marked on them. */
export const histograms = [
  { key: 'valid/gap_histogram', title: 'Gap', thresholds: [-1e-4, -1e-6, 1e-6, 1e-4] },
  { key: 'valid/distance_histogram', title: 'Distance to y*', thresholds: [1e-6, 1e-4] },
  { key: 'valid/eq_histogram', title: 'Equality violation', thresholds: [1e-6, 1e-4] },
  { key: 'valid/ineq_histogram', title: 'Inequality violation', thresholds: [1e-6, 1e-4] },
];

/** Counts over bins; bin k is [edges[k], edges[k + 1]). */
export interface Histogram {
  edges: Float64Array;
  counts: Float64Array;
}

/** A row of the metric log: edges, then counts. */
export function histogramOf(row: Float64Array | null): Histogram | null {
  if (!row || row.length < 3) return null;
  const bins = (row.length - 1) / 2;
  return { edges: row.subarray(0, bins + 1), counts: row.subarray(bins + 1) };
}

export interface HistogramFrame {
  /** Bins that anything falls into at any time, with one more at each end. */
  first: number;
  end: number;
  most: number;
}

/** What bins and counts all rows of all films need: the axes of a film do not move. */
export function histogramFrame(films: readonly FilmTable[], key: string): HistogramFrame | null {
  let [first, end, most, bins] = [Infinity, -1, 0, 0];
  for (const film of films) {
    const rows = film.columns.get(key)?.measured.length ?? 0;
    for (let row = 0; row < rows; row++) {
      const histogram = histogramOf(valuesAt(film, key, row));
      if (!histogram) continue;
      bins = histogram.counts.length;
      histogram.counts.forEach((count, k) => {
        if (!(count > 0)) return;
        first = Math.min(first, k);
        end = Math.max(end, k + 1);
        most = Math.max(most, count);
      });
    }
  }
  if (end < 0) return null;
  // A few bins around a single full one: a bar as wide as the panel says nothing.
  const pad = Math.max(1, Math.ceil((12 - (end - first)) / 2));
  return { first: Math.max(0, first - pad), end: Math.min(bins, end + pad), most };
}

/** A power of ten as it is written on an axis; null for an edge that is none. */
export function decadeLabel(edge: number): string | null {
  if (edge === 0) return '0';
  const exponent = Math.log10(Math.abs(edge));
  if (!Number.isFinite(edge) || Math.abs(exponent - Math.round(exponent)) > 1e-9) return null;
  const sign = edge < 0 ? '−' : '';
  const power = Math.round(exponent);
  if (Math.abs(power) <= 1) return sign + String(10 ** power);
  return `${sign}10${raised(power)}`;
}

/** Ticks at decades, thinned so that their labels have room; `at` counts bins from the first shown. */
export function histogramTicks(edges: Float64Array, { first, end }: HistogramFrame, room: number): { at: number; label: string }[] {
  const ticks: { at: number; label: string }[] = [];
  for (let k = first; k <= end; k++) {
    const label = decadeLabel(edges[k]);
    if (label !== null) ticks.push({ at: k - first, label });
  }
  const every = Math.max(1, Math.ceil(ticks.length / Math.max(2, room)));
  // Zero, where there is one, keeps its label; else 10⁰ or the last.
  const anchor = Math.max(0, ticks.findIndex(({ label }) => label === '0' || label === '1'));
  return ticks.filter((_, i) => (i - anchor) % every === 0);
} // prettier-ignore

/** Share of all that lies below a value, which has to be an edge. */
export function shareBelow({ edges, counts }: Histogram, value: number): number {
  let [below, all] = [0, 0];
  counts.forEach((count, k) => {
    all += count;
    if (edges[k + 1] <= value * (1 + 1e-12)) below += count;
  });
  return all > 0 ? below / all : NaN;
}

export const binWords = (edges: Float64Array, k: number, format: (value: number) => string): string =>
  !Number.isFinite(edges[k])
    ? `below ${format(edges[k + 1])}`
    : !Number.isFinite(edges[k + 1])
      ? `from ${format(edges[k])}`
      : `${format(edges[k])} to ${format(edges[k + 1])}`;
