import type { RunContext, TradeOffMoment, TradeOffPoint } from '@shared/comparisons';
import { AdjointError } from '@shared/errors';
import { clocks, type RunSummary } from '@shared/run';
import { recordedMetrics } from '../store/recorded';
import type { RunDirectory } from '../store/runDirectory';
import type { Workspace } from '../store/workspace';
import { tradeOffPoint } from './tradeOff';

/** What the comparison view asks of many runs at once. A run that is gone or damaged does not spoil the others. */
export class ComparisonQueries {
  private readonly workspace: Workspace;
  private readonly summary: (id: string) => RunSummary | null;

  constructor(workspace: Workspace, summary: (id: string) => RunSummary | null) {
    this.workspace = workspace;
    this.summary = summary;
  }

  context(ids: readonly string[]): Promise<RunContext[]> {
    return this.each(ids, (run) => {
      const { dataset } = run.manifest();
      return {
        id: run.id,
        dataset: dataset ? { name: dataset.name, sha256: dataset.sha256 } : null,
        metrics: this.summary(run.id)?.metrics ?? {},
        recorded: Object.fromEntries(clocks.map((clock) => [clock, recordedMetrics(run, clock)])),
      };
    });
  }

  tradeOff(ids: readonly string[], x: string, y: string, at: TradeOffMoment): Promise<TradeOffPoint[]> {
    return this.each(ids, (run) => tradeOffPoint(run, x, y, at));
  }

  private async each<T>(ids: readonly string[], read: (run: RunDirectory) => T): Promise<T[]> {
    const answers: T[] = [];
    for (const id of ids) {
      try {
        answers.push(read(this.workspace.run(id)));
      } catch (error) {
        if (!(error instanceof AdjointError) || error.code === 'bad-request') throw error;
      }
      // Reading a long run takes milliseconds: let live streams have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return answers;
  }
}
