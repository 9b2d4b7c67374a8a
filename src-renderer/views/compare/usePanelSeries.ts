import { computed, onBeforeUnmount, watch, type ComputedRef } from 'vue';
import { metricDefinition } from '@shared/metrics/catalogue';
import type { ScaleType } from '@shared/charts/scale';
import { shortened } from '../../components/charts/chartLayout';
import type { ChartSeries, Domain } from '../../components/charts/chartModel';
import type { PanelDefinition, PanelMetric } from '../../components/charts/panels';
import { comparedMetric, hasRecorded } from './comparedPanels';
import { injectComparison, sourceOf } from './useComparison';

export interface PanelSeries {
  metric: ComputedRef<PanelMetric>;
  scaleType: ComputedRef<ScaleType>;
  /** One for each visible entry that recorded the metric, in the order of the entries. */
  series: ComputedRef<ChartSeries[]>;
  loading: ComputedRef<boolean>;
  problem: ComputedRef<string | null>;
}

const nothing = { x: new Float64Array(0), y: new Float64Array(0), min: null, max: null };

/** What one panel shows of all entries. Fetches it once the panel has come into sight. */
export function usePanelSeries(panel: () => PanelDefinition, inSight: () => boolean): PanelSeries {
  const { pool, detailed, link, spec, entries, visible, contexts, colourOf } = injectComparison();
  const id = Symbol('panel');
  const metric = computed(() => comparedMetric(panel(), spec.value));
  const scaleType = computed(() => spec.value.scales[panel().id] ?? metricDefinition(metric.value.key).scale);
  const recording = computed(() =>
    entries.value.filter((entry) => hasRecorded(entry, panel().clock, metric.value.key, contexts.value)),
  );

  const wanted = computed(() =>
    inSight() ? JSON.stringify([metric.value.key, recording.value.map((entry) => sourceOf(entry))]) : null,
  );
  watch(
    wanted,
    (text) => {
      if (text === null) return;
      for (const entry of recording.value) pool.want(sourceOf(entry), panel().clock, [metric.value.key]);
    },
    { immediate: true },
  );

  const series = computed<ChartSeries[]>(() => {
    void wanted.value;
    const { key } = metric.value;
    const shown = visible.value.filter((entry) => recording.value.includes(entry));
    return shown.map((entry): ChartSeries => {
      const part = pool.part(entry.id, key, detailed.value) ?? nothing;
      return {
        id: entry.id,
        label: shortened(entry.label),
        colour: colourOf(entry.id),
        // The extremes of buckets of many runs would cover each other; a group's band is what it is looked at for.
        part: entry.group ? part : { ...part, min: null, max: null },
        interval: entry.group,
      };
    });
  });
  const loading = computed(() => recording.value.some(({ id: source }) => !pool.isLoaded(source, metric.value.key)));
  const problem = computed(() => {
    for (const entry of recording.value) {
      const why = pool.problem(entry.id, metric.value.key);
      if (why) return `${entry.name}: ${why.what}`;
    }
    return null;
  });

  watch(series, (list) => {
    if (link.viewport.value) return;
    const extent = extentOf(list);
    link.report(id, extent);
  });
  watch(
    () => spec.value.xAxis,
    () => link.report(id, null),
  );
  onBeforeUnmount(() => link.report(id, null));

  return { metric, scaleType, series, loading, problem };
}

function extentOf(list: readonly ChartSeries[]): Domain | null {
  let from = Infinity;
  let to = -Infinity;
  for (const { part } of list) {
    if (part.x.length === 0) continue;
    from = Math.min(from, part.x[0]);
    to = Math.max(to, part.x[part.x.length - 1]);
  }
  return to >= from ? { from, to } : null;
}
