import type { RunIndex } from '../store/runIndex';
import type { Workspace } from '../store/workspace';
import { sparkline } from './seriesQueries';

const capacity = 5000;

/** Sparklines by run and metric, made when a table shows them and kept until the run changes. */
export class SparklineCache {
  private readonly made = new Map<string, { fingerprint: string; values: (number | null)[] }>();
  private readonly workspace: Workspace;
  private readonly index: RunIndex;

  constructor(workspace: Workspace, index: RunIndex) {
    this.workspace = workspace;
    this.index = index;
  }

  async get(ids: readonly string[], metric: string, points: number): Promise<Record<string, (number | null)[]>> {
    const result: Record<string, (number | null)[]> = {};
    for (const id of ids) {
      const summary = this.index.get(id);
      if (!summary) continue;
      const fingerprint = `${summary.attempts} ${summary.metrics[metric]?.count ?? 0}`;
      const key = `${id} ${metric} ${points}`;
      const kept = this.made.get(key);
      if (kept && kept.fingerprint === fingerprint) {
        result[id] = kept.values;
        continue;
      }
      const values = this.make(id, metric, points);
      this.made.delete(key);
      this.made.set(key, { fingerprint, values });
      if (this.made.size > capacity) this.made.delete(this.made.keys().next().value!);
      result[id] = values;
      // Reading a long run takes milliseconds: let live streams have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return result;
  }

  private make(id: string, metric: string, points: number): (number | null)[] {
    try {
      return sparkline(this.workspace.run(id), metric, points);
    } catch {
      // A damaged run is reported where it is listed; its cell stays empty.
      return [];
    }
  }
}
