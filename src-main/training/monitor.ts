import { z } from 'zod';
import { metricCatalogue } from '@shared/metrics/catalogue';

// What watches a validation metric and acts when it stops improving: schedules on plateau and early stopping.

const epochMetrics = metricCatalogue.filter(
  ({ clock, kind, better }) => clock === 'epoch' && kind === 'scalar' && better !== null,
);
const betterOf = new Map(epochMetrics.map(({ key, better }) => [key, better]));

/** The settings of whoever watches a metric. */
export const monitorSettings = (metric: string, patience: number) => ({
  metric: z
    .enum(epochMetrics.map(({ key }) => key))
    .default(metric)
    .describe(
      'The validation metric that is watched. Better is what the metric catalogue says: lower, higher, or nearer to zero.',
    ),
  patience: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(patience)
    .describe('Validations in a row without improvement that are borne.'),
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-4)
    .describe('Relative improvement on the best value so far that counts as one.')
    .meta({ scale: 'log' }),
});

export interface MonitorSettings {
  metric: string;
  threshold: number;
}

/** The best value so far (absent before the first), and the validations since it. */
export interface MonitorState {
  best?: number;
  stale: number;
}

/**
 * Counts the validations without improvement. A value s, lower is better (for metrics that should be high its negative, for those
 * that should be zero its magnitude), improves on the best b if s < b − threshold·|b|. What was not measured is passed over; NaN
 * is no improvement.
 */
export function observeMonitor(
  { metric, threshold }: MonitorSettings,
  state: { best?: number; stale?: number },
  metrics: Readonly<Record<string, number | null>>,
): MonitorState & { improved: boolean } {
  const { best, stale = 0 } = state;
  const value = metrics[metric];
  if (value === null || value === undefined) return { ...(best === undefined ? {} : { best }), stale, improved: false };
  const better = betterOf.get(metric);
  const score = better === 'zero' ? Math.abs(value) : better === 'higher' ? -value : value;
  const improved = Number.isFinite(score) && (best === undefined || score < best - threshold * Math.abs(best));
  if (improved) return { best: score, stale: 0, improved };
  return { ...(best === undefined ? {} : { best }), stale: stale + 1, improved };
}
