import { mkdirSync } from 'node:fs';
import type { Schema } from 'apache-arrow';
import { AdjointError } from '@shared/errors';
import { clocks, type Clock, type MetricSummary } from '@shared/run';
import { storeError, syncDirectory } from './atomic';
import { readClock } from './metricReader';
import { metricSchema, type MetricColumn } from './metricSchema';
import { MetricTable } from './metricTable';
import type { RunDirectory } from './runDirectory';
import { listSegments, nextSegmentNumber } from './segment';
import { lastSequence } from './segmentTail';
import { SegmentWriter } from './segmentWriter';
import { areaAxis, SummaryAccumulator } from './summaries';

export type { MetricColumn } from './metricSchema';
export type { MetricTable, MetricValue, RowIndex } from './metricTable';

/** Highest sequence number of each clock that is on disk, fdatasync done. */
export type Acknowledged = Partial<Record<Clock, number>>;

export interface MetricWriterOptions {
  /** A segment closes at this size … */
  maxBytes?: number;
  /** … or at this age. */
  maxSeconds?: number;
  /** Seconds of a clock that never runs backwards. */
  clock?: () => number;
}

/** One clock's table and the segment it goes to. */
interface ClockState {
  table: MetricTable;
  schema: Schema;
  segment: SegmentWriter | null;
  /** Highest sequence number that was written, not yet necessarily durable; −1 before the first. */
  written: number;
}

/**
 * Writes the metrics of one attempt of a run. Everything is synchronous: when a call returns, it is done.
 *
 * `append` keeps rows in memory (they are written by themselves once 1 MB waits), `flush` makes them visible to readers,
 * `sync` makes them safe and says up to where. Hold the run's lock while a writer is open.
 */
export class MetricWriter {
  private readonly run: RunDirectory;
  private readonly attempt: number;
  private readonly maxBytes: number;
  private readonly maxSeconds: number;
  private readonly now: () => number;
  private readonly states = new Map<Clock, ClockState>();
  private readonly accumulators = new Map<string, SummaryAccumulator>();
  private readonly safe: Acknowledged = {};
  private newFiles = false;
  /** Why nothing more can be acknowledged. */
  private broken: unknown = null;

  private constructor(run: RunDirectory, attempt: number, options: MetricWriterOptions) {
    this.run = run;
    this.attempt = attempt;
    this.maxBytes = options.maxBytes ?? 8e6;
    this.maxSeconds = options.maxSeconds ?? 60;
    this.now = options.clock ?? (() => performance.now() / 1000);
  }

  /**
   * Call after `beginAttempt`, which says where the attempt resumes. Summaries start from what the earlier attempts recorded
   * before that step; sequence numbers go on where this attempt left off, should it have written before.
   */
  static open(run: RunDirectory, attempt: number, options: MetricWriterOptions = {}): MetricWriter {
    try {
      mkdirSync(run.metricsDirectory, { recursive: true });
    } catch (error) {
      throw storeError(error, run.metricsDirectory);
    }
    const writer = new MetricWriter(run, attempt, options);
    writer.seedSummaries();
    return writer;
  }

  /**
   * Declares the columns of a clock. Declaring a clock again with other columns closes its segment; earlier rows keep theirs.
   *
   * @throws AdjointError `internal` when a key appears twice
   */
  table(clock: Clock, columns: readonly MetricColumn[]): MetricTable {
    const before = this.states.get(clock);
    if (before) {
      this.flushClock(clock);
      this.closeSegment(before);
    }
    const keys = new Set(columns.map(({ key }) => key));
    if (keys.size !== columns.length)
      throw new AdjointError('internal', `A metric of clock "${clock}" is declared twice.`);
    const written = before?.written ?? this.lastWritten(clock);
    const backend = {
      flush: () => this.flushClock(clock),
      summaryOf: (key: string) => this.accumulator(key),
      axis: areaAxis[clock],
    };
    const table = new MetricTable(columns, written + 1, backend);
    const schema = metricSchema(this.run.id, this.attempt, clock, columns);
    this.states.set(clock, { table, schema, segment: null, written });
    return table;
  }

  /**
   * Appends the waiting rows of every clock, one record batch each, with a plain write: readers see them at once.
   *
   * @throws AdjointError `disk-full`: the segment ends with its last good batch and the rows go on waiting
   */
  flush(): void {
    for (const clock of this.states.keys()) this.flushClock(clock);
  }

  /** `flush`, then fdatasync; what it returns survives a power failure. */
  sync(): Acknowledged {
    if (this.broken) throw this.broken;
    this.flush();
    if (this.newFiles) {
      syncDirectory(this.run.metricsDirectory);
      this.newFiles = false;
    }
    for (const [clock, state] of this.states) {
      state.segment?.sync();
      if (state.written >= 0) this.safe[clock] = state.written;
    }
    return this.acknowledged;
  }

  get acknowledged(): Acknowledged {
    return { ...this.safe };
  }

  /** Aggregates of everything recorded so far, earlier attempts and waiting rows included, by metric key. */
  summaries(): Record<string, MetricSummary> {
    const result: Record<string, MetricSummary> = {};
    for (const [key, accumulator] of this.accumulators) {
      const summary = accumulator.summary();
      if (summary) result[key] = summary;
    }
    return result;
  }

  /** Writes everything, ends every segment with its marker and makes it durable. */
  close(): Acknowledged {
    const acknowledged = this.sync();
    for (const state of this.states.values()) this.closeSegment(state);
    this.states.clear();
    return acknowledged;
  }

  private flushClock(clock: Clock): void {
    const state = this.states.get(clock);
    if (!state || state.table.rows === 0) return;
    state.segment ??= this.openSegment(clock, state.schema);
    state.segment.append(state.table, state.schema);
    state.written = state.table.sequence - 1;
    state.table.clear();
    if (state.segment.bytes >= this.maxBytes || this.now() - state.segment.openedAt >= this.maxSeconds)
      this.closeSegment(state);
  }

  private openSegment(clock: Clock, schema: Schema): SegmentWriter {
    const number = nextSegmentNumber(this.run.metricsDirectory, clock, this.attempt);
    this.newFiles = true;
    return new SegmentWriter(this.run.metricsDirectory, { clock, attempt: this.attempt, number }, schema, this.now());
  }

  private closeSegment(state: ClockState): void {
    const segment = state.segment;
    if (!segment) return;
    state.segment = null;
    try {
      segment.close();
    } catch (error) {
      // Rows that may not be on disk must never be acknowledged later. A missing end marker alone does no harm.
      if (!segment.durable) this.broken ??= error;
      throw error;
    }
  }

  private lastWritten(clock: Clock): number {
    const used = listSegments(this.run.metricsDirectory, clock).filter(({ attempt }) => attempt === this.attempt);
    return Math.max(-1, ...used.map((name) => lastSequence(this.run.metricsDirectory, name)));
  }

  private accumulator(key: string): SummaryAccumulator {
    let found = this.accumulators.get(key);
    if (!found) this.accumulators.set(key, (found = new SummaryAccumulator()));
    return found;
  }

  private seedSummaries(): void {
    for (const clock of clocks) {
      const { index, columns } = readClock(this.run, clock);
      const x = index[areaAxis[clock]];
      for (const [key, { values, valid, width }] of columns) {
        if (width !== 1) continue;
        const accumulator = this.accumulator(key);
        for (let i = 0; i < values.length; i++) if (valid[i]) accumulator.add(x[i], values[i]);
      }
    }
  }
}
