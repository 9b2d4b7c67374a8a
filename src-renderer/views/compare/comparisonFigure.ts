import type { FigureInput } from '@shared/figures/spec';
import { data } from '@shared/figures/datum';
import { confidence, resampleCount } from '@shared/statistics/bootstrap';
import type { ChartSeries } from '../../components/charts/chartModel';
import type { PanelDefinition, PanelMetric } from '../../components/charts/panels';
import { chartPanel, type ChartFigure } from '../../components/figures/chartFigure';
import type { Entry } from './entries';
import type { PlacedEntry, TradeOffAxis, TradeOffModel } from './tradeOff';

type Panel = FigureInput['panels'][number];

/** What bands and whiskers are, in words. */
export const intervalWords = `${100 * confidence} % bootstrap interval of the mean over runs`;

/** Names of the entries in legends of figures: whole, and no two alike, since series of one name are one series there. */
export function figureLabels(entries: readonly Entry[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    entries.map(({ id, label, runs }) => {
      const choices = [label, ...(runs.length === 1 ? [`${label} (seed ${runs[0].seed})`] : []), `${label} (${id})`];
      const name = choices.find((choice) => !taken.has(choice)) ?? id;
      taken.add(name);
      return [id, name];
    }),
  );
}

/** One panel of a comparison as it is shown. */
export interface ComparedChart {
  panel: PanelDefinition;
  metric: PanelMetric;
  /** With names and colours of paper. */
  series: readonly ChartSeries[];
  scaleType: ChartFigure['scaleType'];
  domain: ChartFigure['domain'];
  smoothing: number;
  wholeRange: boolean;
  xTitle: string;
}

/** All lines over each other. */
export function overlaid({ panel, metric, ...chart }: ComparedChart): Panel {
  return chartPanel({
    ...chart,
    title: metric.definition.title,
    symbol: metric.definition.symbol,
    unit: metric.definition.unit,
    thresholds: panel.thresholds,
    marks: [],
    interval: intervalWords,
  });
}

/** As one of many charts: there is no room for its title along the axis. */
export function titled(chart: ComparedChart): Panel {
  const panel = overlaid(chart);
  const { title, symbol, unit } = chart.metric.definition;
  return { ...panel, title, y: { ...panel.y, label: `$${symbol}$${unit === '1' ? '' : ` (${unit})`}` } };
}

/** A panel a line, beside each other on one axis. */
export const besideEachOther = (chart: ComparedChart): Panel[] =>
  chart.series.map((one) => ({
    ...overlaid({ ...chart, series: [one], scaledTo: chart.series } as ComparedChart),
    title: one.label,
  }));

/** How the curves came about, where they are not the samples themselves. */
export function curveNotes(entries: readonly Entry[], labels: ReadonlyMap<string, string>, how: { smoothing: number; samplesPerPoint: number }): string[] {
  const groups = entries.filter(({ group }) => group);
  return [
    ...groups.map(({ id, runs }) => `${labels.get(id) ?? id}: ${runs.length === 1 ? 'one run' : `mean of ${runs.length} runs`}, ${runs.map((run) => run.id).join(', ')}.`),
    ...(groups.length > 0
      ? [`Means are over the runs that reach an x, interpolated linearly between their samples; bands are their ${100 * confidence} % percentile bootstrap intervals (${resampleCount} resamples over runs).`]
      : []),
    ...(how.samplesPerPoint > 1 ? [`Each point is the mean of up to ${how.samplesPerPoint} samples.`] : []),
    ...(how.smoothing > 0
      ? [`Smoothed by an exponential moving average with weight ${how.smoothing}${groups.length > 0 ? ', bands with their means' : ''}; raw values are beside.`]
      : []),
  ];
} // prettier-ignore

/** The trade-off plot: a named marker an entry, its intervals, and the Pareto front. */
export function tradeOffFigure(
  { x, y, entries, front }: TradeOffModel,
  look: { labels: ReadonlyMap<string, string>; colourOf: (id: string) => string },
): Panel {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const along = front.flatMap((id) => byId.get(id) ?? []);
  const shownNames = entries.map(({ id }) => look.labels.get(id) ?? id);
  // Long names would lie over each other: the legend has room for them.
  const named = shownNames.every(({ length }) => length <= mostInName);
  const points = entries.map((entry, i): Panel['series'][number] => {
    const label = shownNames[i];
    return {
      mark: 'points', label, ...(named ? { names: [label] } : {}), colour: look.colourOf(entry.id), x: data([entry.x]), y: data([entry.y]), ...whiskers(entry),
      ...(entry.xInterval || entry.yInterval ? { interval: intervalWords } : {}),
    };
  }); // prettier-ignore
  const line: Panel['series'][number] = {
    mark: isStaircase(x) && isStaircase(y) ? 'front' : 'line',
    label: 'Pareto front',
    colour: frontColour,
    x: data(along.map((entry) => entry.x)),
    y: data(along.map((entry) => entry.y)),
  };
  return { x: axis(x), y: axis(y), series: along.length > 1 ? [line, ...points] : points };
}

const mostInName = 14;
const frontColour = '#5c616b';

/** Only where less is better lies what a point dominates above and to the right of it. */
const isStaircase = ({ definition, absolute }: TradeOffAxis) => definition.better === 'lower' || absolute;

const whiskers = ({ xInterval, yInterval }: PlacedEntry) => ({
  ...(xInterval ? { xLow: data([xInterval.low]), xHigh: data([xInterval.high]) } : {}),
  ...(yInterval ? { low: data([yInterval.low]), high: data([yInterval.high]) } : {}),
});

function axis({ definition: { title, symbol, unit }, scaleType, absolute }: TradeOffAxis): Panel['x'] {
  const written = absolute ? `\\lvert ${symbol} \\rvert` : symbol;
  return { label: `${title}, $${written}$${unit === '1' ? '' : ` (${unit})`}`, scale: scaleType };
}
