import { area, curveLinear, curveStepAfter, line } from 'd3-shape';
import { thin } from '../charts/placement';
import { paretoFront } from '../statistics/pareto';
import type { Axis } from './axes';
import { toNumber, toNumbers, type Datum } from './datum';
import { cross, ink, marker, type SeriesInk } from './ink';
import { textRuns } from './mathText';
import { circle, rectangle, segment, type Box, type SceneItem, type Stroke } from './scene';
import { boxSummary } from './samples';
import type { FigureSeries } from './spec';

/** A panel's plotting area with its axes. */
export interface Plot {
  box: Box;
  x: Axis;
  y: Axis;
  /** Font size in points: markers and gaps are in proportion. */
  size: number;
  /** How many series of bars, boxes and strips share a category. */
  dodged: number;
}

type Of<M extends FigureSeries['mark']> = Extract<FigureSeries, { mark: M }>;

export const placeX = ({ box, x }: Plot, value: number): number => box.x + x.place(value) * box.width;
export const placeY = ({ box, y }: Plot, value: number): number => box.y + (1 - y.place(value)) * box.height;

const round = { digits: 2 };

/** What is drawn inside the panel's clip. */
export function drawSeries(
  series: Exclude<FigureSeries, { mark: 'heat' }>,
  plot: Plot,
  own: SeriesInk,
  slot: number,
): SceneItem[] {
  switch (series.mark) {
    case 'line':
      return drawLine(series, plot, own);
    case 'points':
      return drawPoints(series, plot, own);
    case 'front':
      return drawFront(series, plot, own);
    case 'bars':
      return drawBars(series, plot, own, slot);
    case 'box':
    case 'strip':
      return series.groups.flatMap((group) => {
        const centre = dodge(plot, group.x, slot);
        const values = toNumbers(group.values);
        return series.mark === 'box' ? drawBox(values, centre, plot, own) : drawStrip(values, centre, plot, own);
      });
  }
}

function strokeOf(own: SeriesInk): Stroke {
  return { colour: own.colour, width: ink.line, dash: own.dash };
}

function drawLine(series: Of<'line'>, plot: Plot, own: SeriesInk): SceneItem[] {
  const xs = toNumbers(series.x).map((x) => placeX(plot, x));
  const ys = (values: readonly Datum[]) => toNumbers(values).map((y) => (Number.isFinite(y) ? placeY(plot, y) : NaN));
  const y = ys(series.y);
  const indices = Array.from(xs.keys());
  const drawn = (at: Float64Array) => (i: number) => Number.isFinite(xs[i]) && Number.isFinite(at[i]);
  const curve = series.shape === 'step' ? curveStepAfter : curveLinear;
  const path = (at: Float64Array) => line<number>().digits(round.digits).curve(curve).x((i) => xs[i]).y((i) => at[i]).defined(drawn(at))(indices); // prettier-ignore
  const items: SceneItem[] = [];
  if (series.low && series.high) {
    const [low, high] = [ys(series.low), ys(series.high)];
    const band = area<number>().digits(round.digits).curve(curve).x((i) => xs[i]).y0((i) => low[i]).y1((i) => high[i]).defined((i) => drawn(low)(i) && drawn(high)(i))(indices); // prettier-ignore
    if (band) items.push({ kind: 'path', d: band, fill: own.colour, opacity: ink.bandOpacity });
  }
  if (series.raw) {
    const raw = path(ys(series.raw));
    if (raw) items.push({ kind: 'path', d: raw, stroke: { colour: own.colour, width: 0.6 }, opacity: ink.rawOpacity });
  }
  const d = path(y);
  if (d) items.push({ kind: 'path', d, stroke: strokeOf(own) });
  items.push(
    ...lonely(xs, y, own),
    ...atFloor(series.x, series.y, plot, own),
    ...notNumbers(series.x, series.y, plot, own),
  );
  return items;
}

/** A sample between two gaps has no line to be seen by. */
function lonely(xs: Float64Array, ys: Float64Array, own: SeriesInk): SceneItem[] {
  const is = (i: number) => Number.isFinite(xs[i]) && Number.isFinite(ys[i]);
  const d = Array.from(xs.keys())
    .filter((i) => is(i) && !is(i - 1) && !is(i + 1))
    .map((i) => circle(xs[i], ys[i], 1.2))
    .join('');
  return d ? [{ kind: 'path', d, fill: own.colour }] : [];
}

/** Values ≤ 0 on a log axis: hollow circles on the floor. */
function atFloor(xs: readonly Datum[], ys: readonly Datum[], plot: Plot, own: SeriesInk): SceneItem[] {
  const { floor } = plot.y;
  if (floor === null) return [];
  const at = plot.box.y + (1 - floor) * plot.box.height;
  const places = xs.filter((_, i) => ys[i] !== null && toNumber(ys[i]) <= 0).map((x) => placeX(plot, toNumber(x)));
  const d = thin(places, 4.5).map((x) => circle(x, at, 1.5)).join(''); // prettier-ignore
  return d ? [{ kind: 'path', d, fill: ink.paper, stroke: { colour: own.colour, width: 0.8 } }] : [];
}

/** Samples that were measured and are not finite: crosses at the bottom. */
function notNumbers(xs: readonly Datum[], ys: readonly Datum[], { box, ...plot }: Plot, own: SeriesInk): SceneItem[] {
  const places = xs.filter((_, i) => typeof ys[i] === 'string').map((x) => placeX({ box, ...plot }, toNumber(x)));
  const d = thin(places, 5).map((x) => cross(x, box.y + box.height - 4, 1.6)).join(''); // prettier-ignore
  return d ? [{ kind: 'path', d, stroke: { colour: own.colour, width: 0.8 } }] : [];
}

function drawPoints(series: Of<'points'>, plot: Plot, own: SeriesInk): SceneItem[] {
  const radius = 0.24 * plot.size;
  const items: SceneItem[] = [];
  const bars: string[] = [];
  const shapes: string[] = [];
  const hollow: string[] = [];
  series.x.forEach((datum, i) => {
    const [x, y] = [toNumber(datum), toNumber(series.y[i])];
    const [px, py] = [placeX(plot, x), placeY(plot, y)];
    if (!Number.isFinite(px) || !Number.isFinite(py)) return;
    bars.push(...whisker(plot, px, py, series.low?.[i], series.high?.[i], 'y'), ...whisker(plot, px, py, series.xLow?.[i], series.xHigh?.[i], 'x'));
    const floored = (plot.y.floor !== null && y <= 0) || (plot.x.floor !== null && x <= 0);
    (floored ? hollow : shapes).push(marker(own.marker, px, py, radius));
    const name = series.names?.[i];
    if (name) items.push(pointName(name, px, py, plot));
  }); // prettier-ignore
  return [
    ...(bars.length > 0
      ? [{ kind: 'path', d: bars.join(''), stroke: { colour: own.colour, width: 0.7 } } as const]
      : []),
    ...(shapes.length > 0
      ? [{ kind: 'path', d: shapes.join(''), fill: own.colour, stroke: { colour: ink.paper, width: 0.4 } } as const]
      : []),
    ...(hollow.length > 0
      ? [{ kind: 'path', d: hollow.join(''), fill: ink.paper, stroke: { colour: own.colour, width: 0.8 } } as const]
      : []),
    ...items,
  ];
}

function pointName(name: string, x: number, y: number, { box, size }: Plot): SceneItem {
  const leftwards = x > box.x + 0.75 * box.width;
  return {
    kind: 'text',
    x: leftwards ? x - 0.45 * size : x + 0.45 * size,
    y: y - 0.2 * size,
    anchor: leftwards ? 'end' : 'start',
    size: 0.8 * size,
    colour: ink.quiet,
    runs: textRuns(name),
  };
}

/** An interval through (px, py), with short ends; nothing where a bound is missing. */
function whisker(plot: Plot, px: number, py: number, low: Datum | undefined, high: Datum | undefined, along: 'x' | 'y'): string[] {
  if (low === undefined || high === undefined) return [];
  const place = along === 'y' ? placeY : placeX;
  const [a, b] = [place(plot, toNumber(low)), place(plot, toNumber(high))];
  if (!Number.isFinite(a) || !Number.isFinite(b)) return [];
  const cap = 0.18 * plot.size;
  return along === 'y'
    ? [segment(px, a, px, b), segment(px - cap, a, px + cap, a), segment(px - cap, b, px + cap, b)]
    : [segment(a, py, b, py), segment(a, py - cap, a, py + cap), segment(b, py - cap, b, py + cap)];
} // prettier-ignore

/** The staircase runs from the top of the panel through the front to its right edge. */
function drawFront(series: Of<'front'>, plot: Plot, own: SeriesInk): SceneItem[] {
  const points = series.x.map((x, i) => ({ x: toNumber(x), y: toNumber(series.y[i]) }));
  const corners = paretoFront(points).map((i) => ({ x: placeX(plot, points[i].x), y: placeY(plot, points[i].y) }));
  if (corners.length === 0) return [];
  const [first] = corners;
  const last = corners[corners.length - 1];
  const stairs = [{ x: first.x, y: plot.box.y }, ...corners, { x: plot.box.x + plot.box.width, y: last.y }];
  const d = line<{ x: number; y: number }>().digits(round.digits).curve(curveStepAfter).x(({ x }) => x).y(({ y }) => y)(stairs); // prettier-ignore
  return d ? [{ kind: 'path', d, stroke: { ...strokeOf(own), width: 0.8 } }] : [];
}

const share = 0.8;

/** Centre of a series' slot in a category, in points. */
function dodge(plot: Plot, category: number, slot: number): number {
  return placeX(plot, category + (share * (slot + 0.5)) / plot.dodged - share / 2);
}

/** Width of a slot in points. */
function slotWidth(plot: Plot): number {
  return Math.abs(placeX(plot, share / plot.dodged) - placeX(plot, 0));
}

function drawBars(series: Of<'bars'>, plot: Plot, own: SeriesInk, slot: number): SceneItem[] {
  const width = 0.9 * slotWidth(plot);
  const ground = plot.box.y + plot.box.height;
  const base = plot.y.scale.type === 'log' ? ground : Math.min(ground, Math.max(plot.box.y, placeY(plot, 0)));
  const fills: string[] = [];
  const bars: string[] = [];
  series.x.forEach((category, i) => {
    const centre = dodge(plot, toNumber(category), slot);
    const top = placeY(plot, toNumber(series.y[i]));
    if (!Number.isFinite(centre) || !Number.isFinite(top)) return;
    fills.push(rectangle({ x: centre - width / 2, y: Math.min(top, base), width, height: Math.abs(base - top) }));
    bars.push(...whisker(plot, centre, top, series.low?.[i], series.high?.[i], 'y'));
  });
  return [
    { kind: 'path', d: fills.join(''), fill: own.colour, opacity: own.fillOpacity },
    { kind: 'path', d: fills.join(''), stroke: { colour: own.colour, width: 0.7 } },
    ...(bars.length > 0 ? [{ kind: 'path', d: bars.join(''), stroke: { colour: ink.text, width: 0.7 } } as const] : []),
  ];
}

function drawBox(values: Float64Array, centre: number, plot: Plot, own: SeriesInk): SceneItem[] {
  const box = boxSummary(values);
  if (!box) return [];
  const width = Math.min(0.7 * slotWidth(plot), 2.5 * plot.size);
  const [q1, q2, q3] = box.quartiles.map((value) => placeY(plot, value));
  const [low, high] = box.whiskers.map((value) => placeY(plot, value));
  const body = rectangle({ x: centre - width / 2, y: q3, width, height: q1 - q3 });
  const stems = segment(centre, q3, centre, high) + segment(centre, q1, centre, low) + segment(centre - width / 4, high, centre + width / 4, high) + segment(centre - width / 4, low, centre + width / 4, low); // prettier-ignore
  const outliers = box.outliers.map((value) => circle(centre, placeY(plot, value), 1.3)).join('');
  return [
    { kind: 'path', d: body, fill: own.colour, opacity: own.fillOpacity },
    { kind: 'path', d: body + stems, stroke: { colour: own.colour, width: 0.7 } },
    {
      kind: 'path',
      d: segment(centre - width / 2, q2, centre + width / 2, q2),
      stroke: { colour: ink.text, width: 1.2 },
    },
    ...(outliers ? [{ kind: 'path', d: outliers, stroke: { colour: own.colour, width: 0.6 } } as const] : []),
  ];
}

/** Spread over the slot by the golden ratio: even, without chance. */
function drawStrip(values: Float64Array, centre: number, plot: Plot, own: SeriesInk): SceneItem[] {
  const width = Math.min(0.6 * slotWidth(plot), 2.5 * plot.size);
  const d = Array.from(values, (value, i) => ({ y: placeY(plot, value), shift: ((i + 0.5) * 0.6180339887498949) % 1 }))
    .filter(({ y }) => Number.isFinite(y))
    .map(({ y, shift }) => marker(own.marker, centre + (shift - 0.5) * width, y, 0.17 * plot.size))
    .join('');
  return d ? [{ kind: 'path', d, fill: own.colour, opacity: 0.75 }] : [];
}
