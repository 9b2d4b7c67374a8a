import type { RunDetail } from '@shared/contract';
import { metricDefinition } from '@shared/metrics/catalogue';
import { isFinalState, type RunSummary } from '@shared/run';

/** What an ended run recorded without the scalars of which it never had a value, as a gap to an optimum that nobody knows. */
export function measured(run: Pick<RunSummary, 'state' | 'metrics'> | undefined, recorded: RunDetail['recorded']): RunDetail['recorded'] {
  if (!run || !isFinalState(run.state) || Object.keys(run.metrics).length === 0) return recorded;
  const hasValue = (key: string): boolean =>
    metricDefinition(key).kind !== 'scalar' || (run.metrics[key]?.count ?? 0) > 0;
  return Object.fromEntries(Object.entries(recorded).map(([clock, keys]) => [clock, keys.filter(hasValue)]));
} // prettier-ignore
