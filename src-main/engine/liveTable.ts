import { indexColumns, type Clock, type IndexColumn } from '@shared/run';
import { MetricReader } from '../store/metricReader';
import type { RunDirectory } from '../store/runDirectory';
import { Column, Pyramid } from './pyramid';

/**
 * One clock of one run as it grows: index columns and a pyramid for each metric that somebody looks at. Shared by all
 * streams of the same run and clock.
 */
export class LiveTable {
  readonly run: RunDirectory;
  readonly clock: Clock;
  readonly metrics = new Map<string, Pyramid>();
  /** Counts every change; `rewrites` those after which nothing sent before is valid. */
  version = 0;
  rewrites = 0;
  private index = this.emptyIndex();
  private reader: MetricReader;
  private waiting: (() => void)[] = [];

  constructor(run: RunDirectory, clock: Clock) {
    this.run = run;
    this.clock = clock;
    this.reader = new MetricReader(run, clock);
  }

  private emptyIndex(): Record<IndexColumn, Column> {
    return Object.fromEntries(indexColumns.map((name) => [name, new Column()])) as Record<IndexColumn, Column>;
  }

  get rows(): number {
    return this.index.step.length;
  }

  axis(name: IndexColumn): Column {
    return this.index[name];
  }

  /** Adds metrics to what is kept; when any is new the table is read again from the start. */
  want(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !this.metrics.has(key));
    if (fresh.length === 0) return;
    for (const key of fresh) this.metrics.set(key, new Pyramid());
    this.forget();
    this.reader = new MetricReader(this.run, this.clock);
    this.version++;
  }

  /** Takes in what was written since the last call; true when there was anything. */
  poll(): boolean {
    const { reset, chunks } = this.reader.poll();
    if (reset) this.forget();
    for (const chunk of chunks) {
      for (const name of indexColumns) {
        const column = this.index[name];
        const values = chunk.index[name];
        for (let i = 0; i < chunk.rows; i++) column.push(values[i]);
      }
      for (const [key, pyramid] of this.metrics) {
        const column = chunk.columns.get(key);
        for (let i = 0; i < chunk.rows; i++) pyramid.push(column && column.valid[i] === 1 ? column.values[i] : null);
      }
    }
    if (!reset && chunks.length === 0) return false;
    this.version++;
    this.wake();
    return true;
  }

  /** A resumed attempt has rewritten history: nothing that was sent before stays. */
  private forget(): void {
    this.index = this.emptyIndex();
    for (const key of this.metrics.keys()) this.metrics.set(key, new Pyramid());
    this.rewrites++;
  }

  wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves at the next change (or `wake`). */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
