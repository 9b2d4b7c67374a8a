import {
  extend,
  linearTicks,
  logTicks,
  makeScale,
  noExtent,
  tickLabel,
  toAxis,
  type Scale,
  type ValueExtent,
} from '../charts/scale';
import { toNumbers } from './datum';
import { textRuns, type TextRun } from './mathText';
import { quartiles } from './samples';
import type { FigureAxis, FigurePanel, FigureSeries } from './spec';

/** One axis of one panel: where values lie along its length, and what stands at it. */
export interface Axis {
  scale: Scale;
  /** Places are shares of the length, 0 at the low end; outside [0, 1] is outside the panel. NaN stays NaN. */
  place(value: number): number;
  ticks: { at: number; label: TextRun[] }[];
  minorTicks: number[];
  /** Where values ≤ 0 go, and null where there is no need. */
  floor: number | null;
}

interface AxisOptions {
  /** Most ticks with labels. */
  ticks: number;
  /** Lines run from edge to edge; points and bars have room around them. */
  tight: boolean;
}

export function makeAxis(axis: FigureAxis, extent: ValueExtent, options: AxisOptions): Axis {
  if (axis.categories) return categoryAxis(axis.categories);
  const scale = scaleOf(axis, extent, options);
  const span = scale.high - scale.low;
  const share = (inUnits: number) => (inUnits - scale.low) / span;
  const inside = (at: number) => at >= -1e-9 && at <= 1 + 1e-9;
  const labelled = thinned(scale.ticks, options.ticks);
  return {
    scale,
    place: (value) => share(toAxis(scale, value)),
    ticks: [
      ...(scale.floor === null ? [] : [{ at: share(scale.floor), label: textRuns('≤ 0') }]),
      ...labelsOf(scale, labelled).map((label, i) => ({ at: share(labelled[i]), label })),
    ].filter(({ at }) => inside(at)),
    minorTicks: [...scale.minorTicks, ...scale.ticks.filter((tick) => !labelled.includes(tick))]
      .map(share)
      .filter(inside),
    floor: scale.floor === null ? null : share(scale.floor),
  };
}

/** On paper the decades of one axis are all written as powers, or none is. */
function labelsOf(scale: Scale, ticks: readonly number[]): TextRun[][] {
  const isDecade = (tick: number) => Math.abs(tick - Math.round(tick)) < 1e-6;
  const powers = scale.type === 'log' && ticks.every(isDecade) && ticks.some((tick) => tick < -2.5 || tick > 3.5);
  return ticks.map((tick) => textRuns(powers ? `$10^{${Math.round(tick)}}$` : tickLabel(scale, tick)));
}

function categoryAxis(categories: readonly string[]): Axis {
  const place = (value: number) => (value + 0.5) / Math.max(1, categories.length);
  return {
    scale: { type: 'linear', low: -0.5, high: categories.length - 0.5, ticks: [], minorTicks: [], floor: null },
    place,
    ticks: categories.map((name, i) => ({ at: place(i), label: textRuns(name) })),
    minorTicks: [],
    floor: null,
  };
}

function scaleOf({ scale: type, domain }: FigureAxis, extent: ValueExtent, { ticks, tight }: AxisOptions): Scale {
  const count = Math.max(2, ticks - 1);
  if (!domain && !tight) return makeScale(type, extent, count);
  const [low, high] = domain ?? [type === 'log' ? extent.leastPositive : extent.low, extent.high];
  if (!(high > low) || (type === 'log' && !(low > 0))) return makeScale(type, extent, count);
  if (type === 'linear') return { type, low, high, ticks: linearTicks(low, high, count), minorTicks: [], floor: null };
  const [bottom, top] = [Math.log10(low), Math.log10(high)];
  const floor = extent.notPositive ? bottom - Math.max(0.15, (top - bottom) * 0.12) : null;
  return {
    type,
    low: floor === null ? bottom : floor - (top - bottom) * 0.02,
    high: top,
    ...logTicks(bottom, top),
    floor,
  };
}

/** Every second, third … tick, so that no more than `most` are left; those kept include zero or a whole power of many. */
function thinned(ticks: readonly number[], most: number): number[] {
  let every = 1;
  while (Math.ceil(ticks.length / every) > Math.max(2, most)) every++;
  const anchor = Math.max(0, ticks.indexOf(0));
  return ticks.filter((_, i) => (i - anchor) % every === 0);
}

/** What the data and the reference lines of a panel ask of its axes. */
export function extentsOf(panel: FigurePanel): { x: ValueExtent; y: ValueExtent } {
  const x = noExtent();
  const y = noExtent();
  for (const series of panel.series) extendBy(series, x, y);
  for (const annotation of panel.annotations) {
    if (annotation.kind === 'horizontal') takeInNear(y, annotation.at, panel.y.scale);
    if (annotation.kind === 'vertical') takeInNear(x, annotation.at, panel.x.scale);
  }
  return { x, y };
}

function extendBy(series: FigureSeries, x: ValueExtent, y: ValueExtent): void {
  const take = (extent: ValueExtent, values: Parameters<typeof toNumbers>[0] | undefined) => {
    if (values) extend(extent, toNumbers(values));
  };
  switch (series.mark) {
    case 'box':
    case 'strip':
      for (const group of series.groups) {
        take(x, [group.x]);
        take(y, group.values);
        if (series.mark === 'box') extend(y, Float64Array.from(quartiles(toNumbers(group.values))));
      }
      return;
    case 'heat':
      for (const [extent, centres] of [[x, series.x], [y, series.y]] as const) extend(extent, Float64Array.from(cellEdges(centres)));
      return;
    case 'bars':
      take(x, series.x);
      take(y, [...series.y, ...(series.low ?? []), ...(series.high ?? [])]);
      // Bars grow from zero.
      if (y.low > 0) y.low = 0;
      if (y.high < 0) y.high = 0;
      return;
    case 'points':
      take(x, series.xLow);
      take(x, series.xHigh);
      break;
    default:
  }
  take(x, series.x);
  take(y, series.y);
  if (series.mark !== 'front') {
    take(y, series.low);
    take(y, series.high);
  }
  if (series.mark === 'line') take(y, series.raw);
} // prettier-ignore

/** A reference just outside the data is worth seeing; one far away would flatten them. */
function takeInNear(extent: ValueExtent, at: number, type: FigureAxis['scale']): void {
  const range = extent.high - extent.low;
  const near =
    type === 'log'
      ? at > 0 && at > extent.leastPositive / 10 && at < extent.high * 10
      : at < extent.high + 0.25 * range && at > extent.low - 0.25 * range;
  if (near) extend(extent, Float64Array.of(at));
}

/** Edges of the cells around ascending centres: halfway between them, and as far outside as inside. */
export function cellEdges(centres: readonly number[]): number[] {
  const n = centres.length;
  if (n === 1) return [centres[0] - 0.5, centres[0] + 0.5];
  const edges = [centres[0] - (centres[1] - centres[0]) / 2];
  for (let i = 1; i < n; i++) edges.push((centres[i - 1] + centres[i]) / 2);
  edges.push(centres[n - 1] + (centres[n - 1] - centres[n - 2]) / 2);
  return edges;
}
