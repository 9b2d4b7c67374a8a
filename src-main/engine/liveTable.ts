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
  /** Counts every change; `epoch` counts rewrites, after which nothing sent before is valid. */
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
    for (const key of [...this.metrics.keys(), ...fresh]) this.metrics.set(key, new Pyramid());
    this.index = this.emptyIndex();
    this.reader = new MetricReader(this.run, this.clock);
    this.rewrites++;
    this.version++;
  }

  /** Takes in what was written since the last call; true when there was anything. */
  poll(): boolean {
    let changed = false;
    for (const block of this.reader.poll([...this.metrics.keys()])) {
      changed = true;
      if (block.keepRows < this.rows) {
        // A resumed attempt overwrites what came after its checkpoint.
        for (const column of Object.values(this.index)) column.truncate(block.keepRows);
        for (const pyramid of this.metrics.values()) pyramid.truncate(block.keepRows);
        this.rewrites++;
      }
      for (const name of indexColumns) {
        const column = this.index[name];
        const values = block.index[name];
        for (let i = 0; i < block.rows; i++) column.push(values[i]);
      }
      for (const [key, pyramid] of this.metrics) {
        const column = block.columns.get(key);
        for (let i = 0; i < block.rows; i++) pyramid.push(column && column.valid[i] === 1 ? column.values[i] : null);
      }
    }
    if (changed) {
      this.version++;
      this.wake();
    }
    return changed;
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
