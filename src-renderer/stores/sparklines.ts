import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { RunSummary } from '@shared/run';
import { useConnection } from './connection';

/** Values of a table cell's sparkline; `count` tells how many samples the run had when it was read. */
interface Sparkline {
  count: number;
  values: (number | null)[];
}

const mostPerRequest = 200;
/** A live run's sparkline is read again when it has this much more data. */
const growth = 1.05;

/** Sparklines of the rows in sight: asked for in batches, kept, and read again as a run grows. */
export const useSparklines = defineStore('sparklines', () => {
  const connection = useConnection();
  const cache = shallowRef(new Map<string, Sparkline>());
  const wanted = new Map<string, Map<string, number>>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const keyOf = (id: string, metric: string) => `${id}\n${metric}`;
  const get = (id: string, metric: string): (number | null)[] | null =>
    cache.value.get(keyOf(id, metric))?.values ?? null;

  /** Says that these cells are in sight. */
  function want(runs: readonly RunSummary[], metrics: readonly string[]): void {
    for (const metric of metrics)
      for (const run of runs) {
        const count = run.metrics[metric]?.count ?? 0;
        if (count < 2) continue;
        const known = cache.value.get(keyOf(run.id, metric));
        if (known && count <= known.count * growth) continue;
        const ofMetric = wanted.get(metric) ?? new Map<string, number>();
        ofMetric.set(run.id, count);
        wanted.set(metric, ofMetric);
      }
    if (wanted.size > 0) timer ??= setTimeout(() => void fetchWanted(), 120);
  }

  async function fetchWanted(): Promise<void> {
    const batches = [...wanted].map(([metric, runs]) => ({ metric, runs: [...runs].slice(0, mostPerRequest) }));
    wanted.clear();
    await Promise.all(
      batches.map(async ({ metric, runs }) => {
        // A sparkline that cannot be read stays away; the number beside it is what counts.
        const read = await connection
          .client()
          .runs.sparklines({ ids: runs.map(([id]) => id), metric, points: 40 })
          .catch(() => null);
        if (!read) return;
        for (const [id, count] of runs) cache.value.set(keyOf(id, metric), { count, values: read[id] ?? [] });
      }),
    );
    timer = undefined;
    triggerRef(cache);
    if (wanted.size > 0) timer = setTimeout(() => void fetchWanted(), 120);
  }

  return { cache, get, want };
});
