import { metricCatalogue } from '@shared/metrics/catalogue';
import type { Clock } from '@shared/run';
import type { MetricColumn } from '../store/metricWriter';

/** Columns of a clock's table: every metric of the catalogue that belongs to the clock and that `wanted` picks; vectors and histograms of the lengths given. */
export function catalogueColumns(
  clock: Clock,
  wanted: (key: string) => boolean = () => true,
  lengthOf: (key: string) => number | undefined = () => undefined,
): MetricColumn[] {
  return metricCatalogue
    .filter((metric) => metric.clock === clock && wanted(metric.key))
    .map(({ key, kind, unit }) => ({ key, kind, unit, ...(kind === 'scalar' ? {} : { length: lengthOf(key) }) }));
}
