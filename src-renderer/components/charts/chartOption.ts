import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams, CustomSeriesRenderItemReturn } from 'echarts';
import type { EChartsCoreOption } from 'echarts/core';
import { formatNumber } from '@shared/format';
import { fonts, type Tokens } from '../../theme/tokens';
import { spreadLabels, thin } from '@shared/charts/placement';
import { marginsOf, type ChartFrame } from './chartLayout';
import { mostDirectLabels, type ChartModel } from './chartModel';
import { formatX, linearTicks, tickLabel } from '@shared/charts/scale';

export interface OptionInput {
  model: ChartModel;
  tokens: Tokens;
  frame: ChartFrame;
  /** Labels at the ends of lines; more than one series only. */
  directLabels: boolean;
  xTitle?: string;
  /** Written into the picture: exports have no page around them. */
  title?: string;
}

const labelFont = 11;

type Element = NonNullable<CustomSeriesRenderItemReturn>;
type ToPixel = (x: number, y: number) => [number, number];
interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The ECharts option that draws a model. Pure: the same for the screen, for PNG and for SVG. */
export function makeChartOption(input: OptionInput): EChartsCoreOption {
  const { model, tokens, frame, title, xTitle } = input;
  const { scale, domain } = model;
  const margins = marginsOf(input);
  const plotWidth = Math.max(1, frame.width - margins.left - margins.right);
  const xTicks = linearTicks(domain.from, domain.to, Math.max(2, Math.min(8, Math.floor(plotWidth / 80))));
  const line = (id: string, data: Float64Array, colour: string, width: number, opacity: number, z: number) => ({
    id,
    type: 'line',
    data,
    dimensions: ['x', 'y'],
    showSymbol: false,
    symbol: 'none',
    silent: true,
    z,
    lineStyle: { width, color: colour, opacity, join: 'round' },
    emphasis: { disabled: true },
  });
  const layer = (id: string, z: number, draw: (area: Area, toPixel: ToPixel) => Element[], clip: boolean) => ({
    id,
    type: 'custom',
    data: [[domain.from, scale.low]],
    silent: true,
    clip,
    z,
    renderItem: (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => ({
      type: 'group',
      // ECharts leaves the old children where there are none now: the empty one at the end makes it look.
      children: [
        ...draw(params.coordSys as unknown as Area, (x, y) => api.coord([x, y]) as [number, number]),
        { type: 'group', children: [] },
      ],
    }),
  });
  const label = { color: tokens.text3, fontFamily: fonts.ui, fontSize: labelFont };
  return {
    animation: false,
    backgroundColor: title ? tokens.surface : 'transparent',
    title: title ? { text: title, left: 12, top: 10, textStyle: { color: tokens.text, fontFamily: fonts.ui, fontSize: 13, fontWeight: 600 } } : undefined,
    grid: { ...margins, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      min: domain.from,
      max: domain.to,
      name: xTitle,
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: label,
      axisLine: { show: true, onZero: false, lineStyle: { color: tokens.axis, width: 1 } },
      axisTick: { show: true, length: 4, customValues: xTicks, lineStyle: { color: tokens.axis } },
      axisLabel: { ...label, customValues: xTicks, margin: 7, hideOverlap: true, formatter: (value: number) => formatX(value) },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: scale.low,
      max: scale.high,
      axisLine: { show: false },
      axisTick: { show: false, customValues: scale.ticks },
      axisLabel: { ...label, customValues: scale.ticks, margin: 8, formatter: (value: number) => tickLabel(scale, value) },
      splitLine: { show: true, showMinLine: true, showMaxLine: true, lineStyle: { color: tokens.grid, width: 1 } },
    },
    series: [
      layer('under', 1, (area, toPixel) => under(input, area, toPixel), true),
      ...model.series.flatMap((series) => [
        ...(series.raw ? [line(`${series.id}:raw`, series.raw, series.colour, 1, 0.35, 2)] : []),
        line(series.id, series.line, series.colour, 1.5, 1, 3),
      ]),
      layer('over', 4, (area, toPixel) => over(input, area, toPixel), false),
    ],
  }; // prettier-ignore
}

function under({ model, tokens }: OptionInput, area: Area, toPixel: ToPixel): Element[] {
  const elements: Element[] = [];
  for (const { y } of model.thresholds) {
    const [, at] = toPixel(model.domain.from, y);
    elements.push(horizontal(area, at, { stroke: tokens.text3, lineWidth: 1, lineDash: [3, 3], opacity: 0.8 }));
  }
  if (model.scale.floor !== null) {
    const [, at] = toPixel(model.domain.from, model.scale.floor);
    elements.push(horizontal(area, at, { stroke: tokens.axis, lineWidth: 1, lineDash: [1, 3] }));
  }
  for (const { band, colour } of model.series) {
    if (!band) continue;
    for (const points of bandPolygons(band, toPixel))
      elements.push({ type: 'polygon', shape: { points }, style: { fill: colour, opacity: 0.15 } });
  }
  return elements;
}

/** One polygon for each stretch without a gap. */
function bandPolygons(band: Float64Array, toPixel: ToPixel): [number, number][][] {
  const polygons: [number, number][][] = [];
  let upper: [number, number][] = [];
  let lower: [number, number][] = [];
  const close = () => {
    if (upper.length > 1) polygons.push([...upper, ...lower.reverse()]);
    upper = [];
    lower = [];
  };
  for (let k = 0; k < band.length; k += 3) {
    if (Number.isFinite(band[k + 1]) && Number.isFinite(band[k + 2])) {
      lower.push(toPixel(band[k], band[k + 1]));
      upper.push(toPixel(band[k], band[k + 2]));
    } else close();
  }
  close();
  return polygons;
}

function over(input: OptionInput, area: Area, toPixel: ToPixel): Element[] {
  const { model, tokens } = input;
  const { scale, domain } = model;
  const bottom = area.y + area.height;
  const elements: Element[] = [];
  const yOf = (y: number) => toPixel(domain.from, y)[1];
  const xOf = (x: number) => toPixel(x, scale.low)[0];
  const inside = (x: number) => x >= domain.from && x <= domain.to;

  for (const tick of scale.minorTicks) elements.push(stroke(area.x - 4, yOf(tick), area.x, yOf(tick), tokens.axis));
  if (scale.floor !== null)
    elements.push(text('≤ 0', area.x - 8, yOf(scale.floor), { fill: tokens.text3, align: 'right' }));

  for (const series of model.series) {
    const floorY = scale.floor === null ? bottom : yOf(scale.floor);
    for (const x of thin(series.atFloor.filter(inside).map(xOf), 7))
      elements.push({ type: 'circle', shape: { cx: x, cy: floorY, r: 2.5 }, style: { fill: tokens.surface, stroke: series.colour, lineWidth: 1.25 } });
    for (const [x, y] of series.alone)
      if (inside(x) && y >= scale.low && y <= scale.high) elements.push({ type: 'circle', shape: { cx: xOf(x), cy: yOf(y), r: 2 }, style: { fill: series.colour } });
    for (const x of thin(series.gaps.filter(inside).map(xOf), 8)) elements.push(cross(x, bottom - 6, series.colour));
  } // prettier-ignore

  for (const mark of model.marks) {
    const x = xOf(mark.x);
    if (mark.kind === 'resume') {
      elements.push(stroke(x, area.y, x, bottom, tokens.text3, [2, 3], 0.7));
      elements.push({ type: 'polygon', shape: { points: [[x - 3.5, bottom + 1], [x + 3.5, bottom + 1], [x, bottom - 5]] }, style: { fill: tokens.text2 } });
    } else elements.push(stroke(x, bottom, x, bottom - 4, tokens.text3));
  } // prettier-ignore

  const { above, below } = model.beyond;
  if (above !== null)
    elements.push(text(`↑ ${formatNumber(above)}`, area.x + 8, area.y + 8, { fill: tokens.text3, align: 'left' }));
  if (below !== null)
    elements.push(text(`↓ ${formatNumber(below)}`, area.x + 8, bottom - 8, { fill: tokens.text3, align: 'left' }));
  elements.push(...endLabels(input, area, toPixel));
  return elements;
}

function endLabels({ model, tokens, directLabels }: OptionInput, area: Area, toPixel: ToPixel): Element[] {
  const labelled = model.series.filter((series) => series.end !== null);
  if (!directLabels || model.series.length < 2 || model.series.length > mostDirectLabels) return [];
  const right = area.x + area.width;
  const { low, high } = model.scale;
  const wanted = labelled.map(({ end }) => toPixel(model.domain.to, Math.min(high, Math.max(low, end?.y ?? 0)))[1]);
  const placed = spreadLabels(wanted, 13, area.y + 4, area.y + area.height - 4);
  return labelled.flatMap(({ label, colour }, i) => [
    ...(Math.abs(placed[i] - wanted[i]) > 2 ? [stroke(right + 1, wanted[i], right + 6, placed[i], colour, undefined, 0.6)] : []),
    text(label, right + 8, placed[i], { fill: tokens.text2, align: 'left' }),
    { type: 'circle', shape: { cx: right + 3, cy: wanted[i], r: 2 }, style: { fill: colour } } as Element,
  ]); // prettier-ignore
}

const horizontal = (area: Area, y: number, style: object): Element => ({
  type: 'line',
  shape: { x1: area.x, y1: y, x2: area.x + area.width, y2: y },
  style,
});

const stroke = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour: string,
  lineDash?: number[],
  opacity = 1,
): Element => ({
  type: 'line',
  shape: { x1, y1, x2, y2 },
  style: { stroke: colour, lineWidth: 1, lineDash, opacity },
});

const cross = (x: number, y: number, colour: string): Element => ({
  type: 'path',
  shape: { pathData: `M${x - 3} ${y - 3}L${x + 3} ${y + 3}M${x - 3} ${y + 3}L${x + 3} ${y - 3}` },
  style: { stroke: colour, fill: 'none', lineWidth: 1.25 },
});

const text = (content: string, x: number, y: number, style: { fill: string; align: 'left' | 'right' }): Element => ({
  type: 'text',
  x,
  y,
  style: { text: content, fontFamily: fonts.ui, fontSize: labelFont, verticalAlign: 'middle', ...style },
});
