import type { Comparison, ComparisonSpec, RunContext, TradeOffPoint } from '@shared/comparisons';
import { metricDefinition } from '@shared/metrics/catalogue';
import type { RunSummary } from '@shared/run';

/** Saved comparisons of the made-up engine, and what it knows of runs for them. */
export class FakeComparisons {
  readonly saved = new Map<string, Comparison>();
  /** SHA-256 of the dataset of a run, where it is not the usual one. */
  readonly hashes = new Map<string, string>();
  readonly handlers: Record<string, (input: never) => unknown>;

  constructor(runs: ReadonlyMap<string, RunSummary>) {
    const known = (ids: string[]) => ids.flatMap((id) => runs.get(id) ?? []);
    this.handlers = {
      'comparisons.list': () => [...this.saved.values()].map(({ id, name, updatedAt }) => ({ id, name, updatedAt, problem: null })),
      'comparisons.get': ({ id }: { id: string }) => {
        const found = this.saved.get(id);
        if (!found) throw new Error(`There is no saved comparison "${id}".`);
        return found;
      },
      'comparisons.save': ({ id, name, spec }: { id?: string; name: string; spec: ComparisonSpec }) => this.put(id ?? `saved-${this.saved.size + 1}`, name, spec),
      'comparisons.rename': ({ id, name }: { id: string; name: string }) => this.put(id, name, this.saved.get(id)!.spec),
      'comparisons.remove': ({ id }: { id: string }) => {
        this.saved.delete(id);
        return {};
      },
      'comparisons.context': ({ ids }: { ids: string[] }): RunContext[] =>
        known(ids).map(({ id, dataset, metrics }) => {
          const recorded: RunContext['recorded'] = {};
          for (const key of Object.keys(metrics)) (recorded[metricDefinition(key).clock] ??= []).push(key);
          return { id, dataset: dataset === null ? null : { name: dataset, sha256: this.hashes.get(id) ?? 'a4f1c0de'.repeat(8) }, recorded, metrics };
        }),
      'comparisons.tradeOff': ({ ids, x, y, at }: { ids: string[]; x: string; y: string; at: string }): TradeOffPoint[] =>
        known(ids).map(({ id, metrics }) => ({ id, x: metrics[x]?.last ?? null, y: metrics[y]?.last ?? null, epoch: at === 'last' ? 79 : 40 })),
    };
  } // prettier-ignore

  private put(id: string, name: string, spec: ComparisonSpec): Comparison {
    const at = '2026-11-24T10:00:00.000Z';
    const comparison: Comparison = { format: 'adjoint-comparison/1', id, name, createdAt: at, updatedAt: at, spec };
    this.saved.set(id, comparison);
    return comparison;
  }
}
