import type { Scale, ScaleType } from '@shared/charts/scale';
import { data } from '@shared/figures/datum';
import type { FigureInput } from '@shared/figures/spec';
import { indexWindow, makeChartModel, type ChartInput, type ChartSeries, type Domain } from '../charts/chartModel';
import { smooth } from '../charts/smoothing';

type Panel = FigureInput['panels'][number];

export interface ChartFigure extends ChartInput {
  title: string;
  /** KaTeX source of the y axis, and its unit, `1` for none. */
  symbol: string;
  unit: string;
  xTitle: string;
  /** What the bands are, in words. */
  interval?: string;
}

/** A chart as it is shown, with zoom, scale, smoothing and reference lines, as a panel of a figure. */
export function chartPanel(chart: ChartFigure): Panel {
  const { scale } = makeChartModel(chart);
  const { domain } = chart;
  const unit = chart.unit === '1' ? '' : ` (${chart.unit})`;
  const title = chart.title.length <= mostInAxisTitle ? `${chart.title}, $${chart.symbol}$${unit}` : `$${chart.symbol}$${unit}`;
  return {
    title: chart.title.length <= mostInAxisTitle ? '' : chart.title,
    x: { label: capital(chart.xTitle), domain: domain.to > domain.from ? [domain.from, domain.to] : undefined },
    y: {
      label: title,
      scale: chart.scaleType,
      domain: valueDomain(chart, scale),
    },
    series: chart.series.map((series) => line(series, chart)),
    annotations: [
      ...chart.thresholds
        .filter((at) => chart.scaleType === 'linear' || at > 0)
        .map((at) => ({ kind: 'horizontal' as const, at })),
      ...chart.marks
        .filter(({ kind, x }) => kind === 'resume' && x >= domain.from && x <= domain.to)
        .map(({ x }) => ({ kind: 'vertical' as const, at: x, label: 'resumed' })),
    ],
  };
} // prettier-ignore

export interface HeatFigure {
  series: readonly ChartSeries[];
  scaleType: ScaleType;
  domain: Domain;
  diverging: boolean;
  title: string;
  symbol: string;
  unit: string;
  xTitle: string;
}

/** A heat map as it is shown, the first row at the top. */
export function heatPanel(heat: HeatFigure): Panel {
  const { domain, scaleType, title } = heat;
  const rows = heat.series.toReversed().map(({ label, part }) => {
    const { first, end } = indexWindow(part.x, domain);
    return { label, x: part.x.subarray(first, end), y: part.y.subarray(first, end) };
  });
  const unit = heat.unit === '1' ? '' : ` (${heat.unit})`;
  return {
    title,
    x: { label: capital(heat.xTitle), domain: domain.to > domain.from ? [domain.from, domain.to] : undefined },
    y: { categories: rows.map(({ label }) => label) },
    series: [
      {
        mark: 'heat',
        label: `$${heat.symbol}$${unit}`,
        x: [...(rows[0]?.x ?? [])],
        y: rows.map((_, i) => i),
        z: rows.flatMap(({ y }) => data(y)),
        scale: scaleType,
        palette: heat.diverging ? 'diverging' : 'cividis',
      },
    ],
  };
}

/** Longer titles stand above the panel. */
const mostInAxisTitle = 32;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * A linear axis may leave out the beginning of a curve, as on the screen. A logarithmic one follows its data, unless panels beside each other share
 * an axis.
 */
function valueDomain({ scaleType, scaledTo }: ChartFigure, scale: Scale): [number, number] | undefined {
  if (scaleType === 'linear') return [scale.low, scale.high];
  if (!scaledTo) return undefined;
  const low = scale.floor === null ? scale.low : Math.min(...scale.ticks, ...scale.minorTicks);
  return [10 ** low, 10 ** scale.high];
}

/** Only what is in sight, with a sample on each side so that lines run to the edge; smoothed with what lies before it. */
function line({ label, colour, part, interval: ofRuns }: ChartSeries, chart: ChartFigure): Panel['series'][number] {
  const { smoothing, domain, interval } = chart;
  const { first, end } = indexWindow(part.x, domain);
  const inSight = (values: Float64Array) => data(values.subarray(first, end));
  const smoothed = (values: Float64Array) => inSight(smoothing > 0 ? smooth(values, smoothing) : values);
  // The extremes of buckets would not fit a smoothed line; an interval over runs is smoothed with it.
  const banded = part.min && part.max && (smoothing === 0 || ofRuns) ? { low: smoothed(part.min), high: smoothed(part.max), interval } : {};
  const raw = smoothing > 0 ? { raw: inSight(part.y) } : {};
  return { mark: 'line', label, colour, x: inSight(part.x), y: smoothed(part.y), ...raw, ...banded };
} // prettier-ignore
