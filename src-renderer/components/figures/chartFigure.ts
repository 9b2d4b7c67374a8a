import { data } from '@shared/figures/datum';
import type { FigureInput } from '@shared/figures/spec';
import { indexWindow, makeChartModel, type ChartInput, type ChartSeries } from '../charts/chartModel';
import type { SeriesPart } from '../charts/seriesFrame';
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
  const { domain, smoothing } = chart;
  const unit = chart.unit === '1' ? '' : ` (${chart.unit})`;
  const title = chart.title.length <= mostInAxisTitle ? `${chart.title}, $${chart.symbol}$${unit}` : `$${chart.symbol}$${unit}`;
  return {
    title: chart.title.length <= mostInAxisTitle ? '' : chart.title,
    x: { label: capital(chart.xTitle), domain: domain.to > domain.from ? [domain.from, domain.to] : undefined },
    y: {
      label: title,
      scale: chart.scaleType,
      // A linear axis may leave out the beginning of a curve, as on the screen.
      domain: chart.scaleType === 'linear' ? [scale.low, scale.high] : undefined,
    },
    series: chart.series.map((series) => line(series, windowed(series.part, chart), smoothing, chart.interval)),
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

/** Longer titles stand above the panel. */
const mostInAxisTitle = 32;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Only what is in sight, with a sample on each side so that lines run to the edge. */
function windowed(part: SeriesPart, { domain }: ChartFigure): SeriesPart {
  const { first, end } = indexWindow(part.x, domain);
  return {
    x: part.x.subarray(first, end),
    y: part.y.subarray(first, end),
    min: part.min?.subarray(first, end) ?? null,
    max: part.max?.subarray(first, end) ?? null,
  };
}

function line(series: ChartSeries, part: SeriesPart, smoothing: number, interval?: string): Panel['series'][number] {
  const { label, colour } = series;
  const x = data(part.x);
  if (smoothing > 0) return { mark: 'line', label, colour, x, y: data(smooth(part.y, smoothing)), raw: data(part.y) };
  const band = part.min && part.max ? { low: data(part.min), high: data(part.max), interval } : {};
  return { mark: 'line', label, colour, x, y: data(part.y), ...band };
}
