import {
  extend,
  makeScale,
  noExtent,
  toAxis,
  type Scale,
  type ScaleType,
  type ValueExtent,
} from '@shared/charts/scale';
import type { SeriesPart } from './seriesFrame';
import { smooth } from './smoothing';

export interface ChartSeries {
  id: string;
  label: string;
  colour: string;
  part: SeriesPart;
  /** Min and max are an interval around the mean of several runs, not the extremes of a bucket: it stays when lines are smoothed. */
  interval?: boolean;
}

/** Something that happened at a place on the x axis. */
export interface ChartMark {
  x: number;
  kind: 'resume' | 'checkpoint';
  label: string;
}

export interface Domain {
  from: number;
  to: number;
}

export interface ChartInput {
  series: readonly ChartSeries[];
  scaleType: ScaleType;
  domain: Domain;
  /** Weight of the moving average, 0 = none. */
  smoothing: number;
  thresholds: readonly number[];
  marks: readonly ChartMark[];
  /** Show every value, also a beginning that flattens all the rest. */
  wholeRange?: boolean;
  /** Series that the vertical axis has to hold, where they are not the ones that are drawn: charts beside each other share an axis. */
  scaledTo?: readonly ChartSeries[];
}

/** A series as it is drawn, in axis units. */
export interface DrawnSeries {
  id: string;
  label: string;
  colour: string;
  /** x and y interleaved; NaN breaks the line. */
  line: Float64Array;
  /** The values themselves, drawn faintly behind a smoothed line. */
  raw: Float64Array | null;
  /** x, low and high interleaved. */
  band: Float64Array | null;
  /** x of values ≤ 0 on a log axis. */
  atFloor: number[];
  /** x of samples that are NaN or infinite. */
  gaps: number[];
  /** x and y of samples with no neighbour to draw a line to. */
  alone: [number, number][];
  /** The last finite value, where a direct label goes. */
  end: { x: number; y: number; value: number } | null;
}

export interface ChartModel {
  domain: Domain;
  scale: Scale;
  series: DrawnSeries[];
  thresholds: { y: number; value: number }[];
  marks: ChartMark[];
  /** Values of the beginning that lie beyond the axis: the greatest above it and the least below. */
  beyond: { above: number | null; below: number | null };
}

/** Most series that are labelled at their ends; beyond, a legend. */
export const mostDirectLabels = 6;

export function makeChartModel(input: ChartInput): ChartModel {
  const { domain, scaleType } = input;
  const prepare = (series: ChartSeries) => {
    const { part } = series;
    const window = indexWindow(part.x, domain);
    const smoothed = input.smoothing > 0 ? smooth(part.y, input.smoothing) : null;
    return { series, part, window, smoothed };
  };
  const prepared = input.series.map(prepare);
  const scaled = input.scaledTo?.map(prepare) ?? prepared;
  const extentOf = (left: number): ValueExtent => {
    const extent = noExtent();
    for (const { series, part, window, smoothed } of scaled) {
      const first = window.first + Math.floor(left * (window.end - window.first));
      for (const values of smoothed && !series.interval ? [part.y] : [part.y, part.min, part.max])
        if (values) extend(extent, values, first, window.end);
    }
    return extent;
  };
  const whole = extentOf(0);
  const extent =
    scaleType === 'log' || input.wholeRange ? whole : (withoutBeginning(whole, extentOf(beginning)) ?? whole);
  takeInNearThresholds(extent, input.thresholds, scaleType);
  const scale = makeScale(scaleType, extent);
  return {
    domain,
    scale,
    series: prepared.map(({ series, part, window, smoothed }) =>
      drawn(series, part, window, smoothed, input.smoothing, scale),
    ),
    thresholds: input.thresholds
      .filter((value) => scaleType === 'linear' || value > 0)
      .map((value) => ({ value, y: toAxis(scale, value) }))
      .filter(({ y }) => y >= scale.low && y <= scale.high),
    marks: input.marks.filter(({ x }) => x >= domain.from && x <= domain.to),
    beyond: {
      above: extent !== whole && whole.high > scale.high ? whole.high : null,
      below: extent !== whole && whole.low < scale.low ? whole.low : null,
    },
  };
}

/** Share of the samples in sight that counts as the beginning of a curve. */
const beginning = 0.05;

/**
 * Losses fall by orders of magnitude in their first steps, and an axis that holds these shows nothing of the rest. Where what comes after the
 * beginning takes less than a quarter of the axis, the axis is fitted to it, with room to see the curve come in; the
 * chart says what lies beyond. A spike later on is news, not a beginning: it is always shown.
 */
function withoutBeginning(whole: ValueExtent, rest: ValueExtent): ValueExtent | null {
  const range = rest.high - rest.low;
  if (!(range > 0) || range > 0.25 * (whole.high - whole.low)) return null;
  return {
    ...rest,
    low: Math.max(whole.low, rest.low - range / 2),
    high: Math.min(whole.high, rest.high + range / 2),
  };
}

/** A threshold just outside the data is worth seeing; one far away would flatten them. */
function takeInNearThresholds(extent: ValueExtent, thresholds: readonly number[], type: ScaleType): void {
  if (!(extent.high >= extent.low)) return;
  for (const value of thresholds) {
    if (type === 'log') {
      if (value <= 0 || !(extent.high > 0)) continue;
      const decades = Math.max(Math.log10(value / extent.high), Math.log10(extent.leastPositive / value));
      if (decades > 0 && decades <= 1) extend(extent, Float64Array.of(value));
    } else {
      const range = extent.high - extent.low;
      if (value > extent.high + 0.25 * range || value < extent.low - 0.25 * range) continue;
      extend(extent, Float64Array.of(value));
    }
  }
}

interface Window {
  first: number;
  end: number;
}

/** Indices of samples inside the domain, with one on each side so that lines run to the edge. x is ascending. */
export function indexWindow(x: Float64Array, { from, to }: Domain): Window {
  const first = Math.max(0, lowerBound(x, from) - 1);
  let end = lowerBound(x, to);
  while (end < x.length && x[end] <= to) end++;
  return { first, end: Math.min(x.length, end + 1) };
}

/** The first index whose x is at least `value`. */
export function lowerBound(x: Float64Array, value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the sample nearest to `x`, −1 without samples. */
export function nearestIndex(xs: Float64Array, x: number): number {
  if (xs.length === 0) return -1;
  const at = lowerBound(xs, x);
  if (at === 0) return 0;
  if (at === xs.length) return at - 1;
  return x - xs[at - 1] <= xs[at] - x ? at - 1 : at;
}

/** `nearestIndex` for the points of a drawn line, x and y interleaved. */
export function nearestRow(line: Float64Array, x: number): number {
  let low = 0;
  let high = line.length / 2;
  if (high === 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[2 * middle] < x) low = middle + 1;
    else high = middle;
  }
  if (low === line.length / 2) return low - 1;
  return low > 0 && x - line[2 * low - 2] <= line[2 * low] - x ? low - 1 : low;
}

function drawn(
  series: ChartSeries,
  part: SeriesPart,
  { first, end }: Window,
  smoothed: Float64Array | null,
  smoothing: number,
  scale: Scale,
): DrawnSeries {
  const n = end - first;
  const values = smoothed ?? part.y;
  const line = new Float64Array(2 * n);
  const raw = smoothed ? new Float64Array(2 * n) : null;
  const [low, high] = bandOf(series, smoothed ? smoothing : 0);
  const band = low && high ? new Float64Array(3 * n) : null;
  const atFloor: number[] = [];
  const gaps: number[] = [];
  const alone: [number, number][] = [];
  let last: DrawnSeries['end'] = null;
  const finite = (i: number) => i >= first && i < end && Number.isFinite(values[i]);
  for (let k = 0; k < n; k++) {
    const i = first + k;
    const x = part.x[i];
    const value = values[i];
    const shown = Number.isFinite(value) ? toAxis(scale, value) : NaN;
    line[2 * k] = x;
    line[2 * k + 1] = shown;
    if (raw) {
      raw[2 * k] = x;
      raw[2 * k + 1] = Number.isFinite(part.y[i]) ? toAxis(scale, part.y[i]) : NaN;
    }
    if (band && low && high) {
      band[3 * k] = x;
      band[3 * k + 1] = toAxis(scale, low[i]);
      band[3 * k + 2] = toAxis(scale, high[i]);
    }
    if (!Number.isFinite(part.y[i])) gaps.push(x);
    else if (scale.floor !== null && part.y[i] <= 0) atFloor.push(x);
    if (Number.isFinite(value)) {
      last = { x, y: shown, value };
      if (!finite(i - 1) && !finite(i + 1)) alone.push([x, shown]);
    }
  }
  return {
    id: series.id,
    label: series.label,
    colour: series.colour,
    line,
    raw,
    band,
    atFloor,
    gaps,
    alone,
    end: last,
  };
}

/** The extremes of buckets would not fit a smoothed line; an interval over runs is smoothed with it. */
function bandOf({ part, interval }: ChartSeries, smoothing: number): [Float64Array | null, Float64Array | null] {
  if (smoothing === 0) return [part.min, part.max];
  if (!interval || !part.min || !part.max) return [null, null];
  return [smooth(part.min, smoothing), smooth(part.max, smoothing)];
}
