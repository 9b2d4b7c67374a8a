import type { Clock, MetricSummary, RunSummary } from '@shared/run';
import type { Setting } from '@shared/settings';
import type { StudyRun } from './study';

/** A finished run made up for tests: final values, and series by clock. */
export function madeUpRun(parts: {
  seed: number;
  settings: Record<string, Setting>;
  final?: Record<string, number>;
  series?: Partial<Record<Clock, { epoch: number[]; values: Record<string, number[]> }>>;
}): StudyRun {
  const metric = (value: number): MetricSummary => ({
    ...{ last: value, min: value, max: value, count: 10, tailMean: value, area: value },
  });
  const metrics = Object.fromEntries(Object.entries(parts.final ?? {}).map(([key, value]) => [key, metric(value)]));
  const summary = {
    id: `run-${parts.seed}`,
    name: `seed ${parts.seed}`,
    kind: 'training',
    state: 'done',
    seed: parts.seed,
    dataset: 'made-up',
    settings: parts.settings,
    metrics,
  } as unknown as RunSummary;
  return {
    summary,
    series(clock, keys) {
      const table = parts.series?.[clock];
      const rows = table?.epoch.length ?? 0;
      return {
        epoch: Float64Array.from(table?.epoch ?? []),
        values: Object.fromEntries(
          keys.map((key) => [key, Float64Array.from(table?.values[key] ?? new Array<number>(rows).fill(NaN))]),
        ),
      };
    },
  };
}
