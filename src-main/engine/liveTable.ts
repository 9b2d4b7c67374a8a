import { indexColumns, type Clock, type IndexColumn } from '@shared/run';
import { findEntry, MetricReader, type MetricChunk } from '../store/metricReader';
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
  private readonly wanted = new Set<string>();
  private started = false;
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

  /** Adds metrics to what is kept. They are read with the next `load`: the panels of a dashboard ask one by one. */
  want(keys: readonly string[]): void {
    for (const key of keys) if (!this.metrics.has(key)) this.wanted.add(key);
  }

  /** True while something that was wanted has not been read. */
  get isStale(): boolean {
    return !this.started || this.wanted.size > 0;
  }

  /** Reads what is wanted and not there yet; what is there stays, and so does what clients got of it. */
  load(): void {
    const fresh = [...this.wanted];
    this.wanted.clear();
    if (this.started) this.backfill(fresh);
    else for (const key of fresh) this.metrics.set(key, new Pyramid());
    this.started = true;
    this.poll();
    this.version++;
    this.wake();
  }

  /** Fills new metrics for the rows that the table has; the next poll goes on for all together. */
  private backfill(keys: readonly string[]): void {
    const { rows } = this;
    const { chunks } = new MetricReader(this.run, this.clock).poll();
    const pyramids = keys.map((key) => [key, new Pyramid()] as const);
    let read = 0;
    for (const chunk of chunks) {
      const count = Math.min(chunk.rows, rows - read);
      for (const [key, pyramid] of pyramids) pushMetric(pyramid, chunk, key, count);
      read += count;
    }
    for (const [key, pyramid] of pyramids) this.metrics.set(key, pyramid);
    if (read === rows) return;
    // History was rewritten in this moment: begin anew, with everything.
    this.forget();
    this.reader = new MetricReader(this.run, this.clock);
  }

  /** Takes in what was written since the last call. */
  poll(): void {
    const { reset, chunks } = this.reader.poll();
    if (reset) this.forget();
    for (const chunk of chunks) {
      for (const name of indexColumns) this.index[name].append(chunk.index[name], chunk.rows);
      for (const [key, pyramid] of this.metrics) pushMetric(pyramid, chunk, key, chunk.rows);
    }
    if (reset || chunks.length > 0) this.version++;
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

function pushMetric(pyramid: Pyramid, chunk: MetricChunk, key: string, rows: number): void {
  pyramid.reserve(rows);
  const found = findEntry(chunk.columns, key);
  if (!found) {
    for (let i = 0; i < rows; i++) pyramid.push(null);
    return;
  }
  const { valid, values, width } = found.column;
  for (let i = 0; i < rows; i++) pyramid.push(valid[i] === 1 ? values[i * width + found.entry] : null);
}
