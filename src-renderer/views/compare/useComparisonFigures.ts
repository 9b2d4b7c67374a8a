import { watch } from 'vue';
import { metricDefinition } from '@shared/metrics/catalogue';
import { clocks } from '@shared/run';
import { fileName } from '../../components/charts/saveFile';
import type { ChartSeries } from '../../components/charts/chartModel';
import { axisTitles } from '../../components/charts/axisTitles';
import type { PanelDefinition } from '../../components/charts/panels';
import { useFigureExport, type FigureSource } from '../../components/figures/figureExport';
import { useConnection } from '../../stores/connection';
import { usePreferences } from '../../stores/preferences';
import { comparedMetric, hasRecorded } from './comparedPanels';
import {
  besideEachOther,
  curveNotes,
  figureLabels,
  overlaid,
  titled,
  tradeOffFigure,
  type ComparedChart,
} from './comparisonFigure';
import { momentWord, type TradeOffModel } from './tradeOff';
import { kindsOf } from './entries';
import { injectComparison, sourceOf } from './useComparison';

/** How long data of charts that were not in sight yet are waited for. */
const patienceMilliseconds = 20_000;

/** Hands what the comparison shows over to the export of figures. */
export function useComparisonFigures() {
  const { spec, saved, entries, visible, contexts, pool, detailed, link, paperColourOf } = injectComparison();
  const connection = useConnection();
  const preferences = usePreferences();
  const figureExport = useFigureExport();

  const title = () => saved.value?.name ?? 'Comparison';
  const recording = (panel: PanelDefinition) =>
    visible.value.filter((entry) =>
      hasRecorded(entry, panel.clock, comparedMetric(panel, spec.value).key, contexts.value),
    );

  function chartOf(panel: PanelDefinition, wholeRange: boolean): ComparedChart {
    const metric = comparedMetric(panel, spec.value);
    const labels = figureLabels(entries.value);
    const series = recording(panel).flatMap((entry): ChartSeries[] => {
      const part = pool.part(entry.id, metric.key, detailed.value);
      if (!part || part.x.length === 0) return [];
      return [{
        id: entry.id, label: labels.get(entry.id) ?? entry.label, colour: paperColourOf(entry.id), interval: entry.group,
        part: entry.group ? part : { ...part, min: null, max: null },
      }];
    }); // prettier-ignore
    return {
      panel, metric, series, wholeRange, scaleType: spec.value.scales[panel.id] ?? metricDefinition(metric.key).scale,
      domain: link.domain.value, smoothing: preferences.smoothing, xTitle: axisTitles(kindsOf(entries.value))[spec.value.xAxis].title,
    }; // prettier-ignore
  }

  /** Every sample of every run, a file for each run and clock. */
  async function samplesOf(keys: readonly string[]) {
    const files: { name: string; csv: string }[] = [];
    for (const { id, name } of visible.value.flatMap(({ runs }) => runs))
      for (const clock of clocks) {
        const metrics = (contexts.value.get(id)?.recorded[clock] ?? []).filter((key) => keys.includes(key));
        if (metrics.length === 0) continue;
        const { csv } = await connection.client().runs.exportSeries({ id, clock, metrics });
        files.push({ name: `${fileName(name, id, clock)}.csv`, csv });
      }
    return files;
  }

  function open(name: string, charts: readonly ComparedChart[], panels: FigureSource['panels']): void {
    figureExport.open({ name, panels, ...origin(charts), allSamples: () => samplesOf(charts.map(({ metric }) => metric.key)) });
  } // prettier-ignore

  /** The runs that charts show, and how their curves came about. */
  function origin(charts: readonly ComparedChart[]): { runs: string[]; notes: string[] } {
    const shown = new Set(charts.flatMap(({ series }) => series.map(({ id }) => id)));
    const involved = visible.value.filter(({ id }) => shown.has(id));
    const levels = charts.flatMap(({ series, metric }) => series.map(({ id }) => pool.level(id, metric.key, detailed.value)));
    return {
      runs: involved.flatMap(({ runs }) => runs.map(({ id }) => id)),
      notes: curveNotes(involved, figureLabels(entries.value), { smoothing: preferences.smoothing, samplesPerPoint: Math.max(1, ...levels) }),
    };
  } // prettier-ignore

  function exportPanel(panel: PanelDefinition, wholeRange: boolean): void {
    const chart = chartOf(panel, wholeRange);
    const panels = spec.value.layout === 'columns' ? besideEachOther(chart) : [overlaid(chart)];
    open(`${title()} ${chart.metric.definition.title}`, [chart], panels);
  }

  /** All charts that have something to show, once their data are there. */
  async function gather(panels: readonly PanelDefinition[]): Promise<ComparedChart[]> {
    const wanted = panels.flatMap((panel) =>
      recording(panel).map((entry) => ({ source: sourceOf(entry), clock: panel.clock, key: comparedMetric(panel, spec.value).key })),
    );
    for (const { source, clock, key } of wanted) pool.want(source, clock, [key]);
    await until(() => wanted.every(({ source, key }) => pool.isLoaded(source.id, key)));
    return panels.map((panel) => chartOf(panel, false)).filter(({ series }) => series.length > 0);
  } // prettier-ignore

  /** One figure of all charts, those below the fold included. */
  async function exportAll(panels: readonly PanelDefinition[]): Promise<void> {
    const charts = await gather(panels);
    open(title(), charts, charts.map(titled));
  }

  function exportTradeOff(model: TradeOffModel): void {
    const placed = new Set(model.entries.map(({ id }) => id));
    const involved = visible.value.filter(({ id }) => placed.has(id));
    const { x, y } = model;
    const row = momentWord(kindsOf(involved));
    const moment = {
      last: `their last ${row}`,
      bestX: `the ${row} that is best in ${x.definition.title}`,
      bestY: `the ${row} that is best in ${y.definition.title}`,
    };
    figureExport.open({
      name: `${title()} ${y.definition.title} against ${x.definition.title}`,
      panels: [tradeOffFigure(model, { labels: figureLabels(entries.value), colourOf: paperColourOf })],
      runs: involved.flatMap(({ runs }) => runs.map(({ id }) => id)),
      notes: [`Runs stand where they were at ${moment[spec.value.tradeOff.at]}.`, ...curveNotes(involved, figureLabels(entries.value), { smoothing: 0, samplesPerPoint: 1 })],
      allSamples: () => samplesOf([x.definition.key, y.definition.key]),
    });
  } // prettier-ignore

  return { exportPanel, exportAll, exportTradeOff, gather, origin };
}

/** Resolves when the condition holds, or when waiting for it is no use any more. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, patienceMilliseconds);
    const stop = watch(condition, (holds) => holds && done());
    function done(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
    if (condition()) done();
  });
}
