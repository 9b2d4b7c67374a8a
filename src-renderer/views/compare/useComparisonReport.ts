import type { Provenance } from '@shared/figures/spec';
import { metricDefinition } from '@shared/metrics/catalogue';
import type { Report } from '@shared/reports/report';
import { fileName } from '../../components/charts/saveFile';
import type { PanelDefinition } from '../../components/charts/panels';
import { useConnection } from '../../stores/connection';
import { comparedMetric } from './comparedPanels';
import { figureLabels, overlaid } from './comparisonFigure';
import { comparisonReport } from './comparisonReport';
import { configLines, datasetFinding } from './configDiff';
import { finalCell, finalValue } from './finals';
import { finalsCsv } from './finalsCsv';
import type { Entry } from './entries';
import { injectComparison } from './useComparison';
import { useComparisonFigures } from './useComparisonFigures';

/** Makes a report of what the comparison shows, charts below the fold included. */
export function useComparisonReport() {
  const comparison = injectComparison();
  const figures = useComparisonFigures();
  const connection = useConnection();

  return async function makeReport(panels: readonly PanelDefinition[]): Promise<Report> {
    const { spec, saved, visible, baseline, contexts, resolution } = comparison;
    const charts = await figures.gather(panels);
    const entries = visible.value;
    const labels = figureLabels(comparison.entries.value);
    const { runs, notes } = figures.origin(charts);
    // The value of a series that is nearest to zero is not among the aggregates that are here.
    const statistic = spec.value.statistic === 'best' ? 'last' : spec.value.statistic;
    const metrics = panels
      .map((panel) => comparedMetric(panel, spec.value).key)
      .filter((key) => metricDefinition(key).better !== null && metricDefinition(key).clock !== 'system');
    const cell = (entry: Entry, metric: string) =>
      finalCell(entry, baseline.value, (run) => finalValue(run, metric, statistic, () => null));
    const table = { entries, labels, baseline: baseline.value, statistic, metrics, cell } as const;
    const finding = datasetFinding(entries, contexts.value);
    return comparisonReport({
      ...table,
      title: saved.value?.name ?? 'Comparison',
      csv: finalsCsv(table),
      figures: charts.map((chart) => ({
        name: fileName(chart.metric.definition.title),
        caption: `${chart.metric.definition.title}. ${chart.metric.definition.description}`,
        panel: overlaid(chart),
      })),
      config: configLines(entries, contexts.value, false),
      warnings: [
        ...(finding ? [finding.what] : []),
        ...(resolution.value.dropped > 0 ? [`${resolution.value.dropped} more are not shown.`] : []),
        ...entries.flatMap(({ runs: own }) => own.filter(({ state }) => state !== 'done').map(({ name, state }) => `${name} is ${state}: its numbers are not final.`)),
      ],
      provenance: provenanceOf(entries, runs, notes),
    });
  }; // prettier-ignore

  function provenanceOf(entries: readonly Entry[], ids: readonly string[], notes: string[]): Provenance {
    const shown = entries.flatMap(({ runs }) => runs).filter(({ id }) => ids.includes(id));
    const datasets = shown.flatMap(({ id }) => comparison.contexts.value.get(id)?.dataset ?? []);
    return {
      adjoint: connection.info?.version ?? '',
      commit: connection.info?.commit ?? null,
      created: new Date().toISOString(),
      runs: shown.map(({ id, name, seed }) => ({ id, name, seed })),
      datasets: [...new Map(datasets.map((dataset) => [dataset.sha256, dataset])).values()],
      notes,
    };
  }
}
