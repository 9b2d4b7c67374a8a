import { statSync } from 'node:fs';
import { parseEntryKey } from '@shared/metrics/vectors';
import { indexColumns, type Clock, type IndexColumn } from '@shared/run';
import type { RunDirectory } from './runDirectory';
import { listSegments, segmentFile } from './segment';
import { SegmentTail, type MetricChunk, type MetricValues } from './segmentTail';

export type { MetricChunk, MetricValues } from './segmentTail';

export interface MetricUpdate {
  /** A new attempt rewrote history: forget everything given out before, `chunks` starts again from the beginning. */
  reset: boolean;
  /** New verified rows in order; superseded ones are left out. */
  chunks: MetricChunk[];
}

/**
 * Follows one clock of a run across segments and attempts.
 *
 * A resumed attempt supersedes the rows of earlier attempts whose `step` is at or after the step that it resumed from, so no
 * sample counts twice: the key of a sample is (run, attempt, clock, sequence). An attempt that resumed from nothing
 * supersedes everything. Where attempt.json is lost, the first row that the attempt wrote says where it began.
 */
export class MetricReader {
  private readonly run: RunDirectory;
  private readonly clock: Clock;
  private readonly attemptsStamp: DirectoryStamp;
  private readonly segmentsStamp: DirectoryStamp;
  private tails = new Map<string, SegmentTail>();
  private open: SegmentTail[] = [];
  /** Step at which each attempt began; absent while unknown. */
  private readonly starts = new Map<number, number>();
  /** Attempts whose attempt.json could not be read yet. */
  private unresolved: number[] = [];
  /** Highest step given out, by attempt. */
  private readonly highest = new Map<number, number>();

  constructor(run: RunDirectory, clock: Clock) {
    this.run = run;
    this.clock = clock;
    this.attemptsStamp = new DirectoryStamp(run.file('attempts'));
    this.segmentsStamp = new DirectoryStamp(run.metricsDirectory);
  }

  /** What is damaged in the segments read so far, in words. */
  get cut(): string[] {
    return [...this.tails.values()].flatMap((tail) => tail.findings);
  }

  /** Rows that came since the last poll. Costs three stats when there are none. */
  poll(): MetricUpdate {
    let reset = false;
    this.learnStarts();
    if (this.isRewritten()) {
      reset = true;
      this.rewind();
    }
    for (;;) {
      const chunks = this.collect();
      // A first row of an attempt with a lost attempt.json may only now tell that what it supersedes was given out.
      if (!this.isRewritten()) return { reset, chunks };
      reset = true;
      this.rewind();
    }
  }

  private learnStarts(): void {
    const changed = this.attemptsStamp.changed();
    if (!changed && this.unresolved.length === 0) return;
    const open = changed ? this.run.attempts().filter((k) => !this.starts.has(k)) : this.unresolved;
    this.unresolved = [];
    for (const k of open) {
      const attempt = this.run.attempt(k);
      if (attempt) this.starts.set(k, attempt.resumedFrom?.step ?? 0);
      else if (!this.starts.has(k)) this.unresolved.push(k);
    }
  }

  /** First step that does not belong to the attempt any more. */
  private limit(attempt: number): number {
    let limit = Number.POSITIVE_INFINITY;
    for (const [k, start] of this.starts) if (k > attempt) limit = Math.min(limit, start);
    return limit;
  }

  private isRewritten(): boolean {
    for (const [attempt, step] of this.highest) if (step >= this.limit(attempt)) return true;
    return false;
  }

  private rewind(): void {
    this.tails.clear();
    this.open = [];
    this.highest.clear();
    this.segmentsStamp.forget();
  }

  private collect(): MetricChunk[] {
    // List first, then read: a segment is closed before its successor appears, so the order of rows is kept.
    if (this.segmentsStamp.changed()) this.findSegments();
    const chunks: MetricChunk[] = [];
    for (const tail of this.open) for (const chunk of tail.poll()) this.accept(chunk, chunks);
    this.open = this.open.filter((tail) => !tail.ended);
    return chunks;
  }

  private findSegments(): void {
    for (const name of listSegments(this.run.metricsDirectory, this.clock)) {
      const file = segmentFile(name);
      if (this.tails.has(file)) continue;
      const tail = new SegmentTail(this.run.metricsDirectory, name);
      this.tails.set(file, tail);
      this.open.push(tail);
    }
  }

  private accept(chunk: MetricChunk, chunks: MetricChunk[]): void {
    const { attempt } = chunk;
    if (!this.starts.has(attempt)) this.starts.set(attempt, chunk.index.step[0]);
    const kept = before(chunk, this.limit(attempt));
    if (kept.rows === 0) return;
    chunks.push(kept);
    const highest = kept.index.step.reduce((a, b) => Math.max(a, b), this.highest.get(attempt) ?? 0);
    this.highest.set(attempt, highest);
  }
}

/** Tells whether a directory's entries may have changed, by its modification time. */
class DirectoryStamp {
  private readonly path: string;
  private seen: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  changed(): boolean {
    const mtime = statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    if (mtime === this.seen) return false;
    // A second change within the clock's resolution would leave the same time: believe it only once it is old.
    this.seen = Date.now() - mtime > 100 ? mtime : null;
    return true;
  }

  forget(): void {
    this.seen = null;
  }
}

function before(chunk: MetricChunk, limit: number): MetricChunk {
  const { step } = chunk.index;
  const rows: number[] = [];
  for (let row = 0; row < chunk.rows; row++) if (step[row] < limit) rows.push(row);
  if (rows.length === chunk.rows) return chunk;
  const index = {} as MetricChunk['index'];
  for (const name of indexColumns) index[name] = Float64Array.from(rows, (row) => chunk.index[name][row]);
  const columns = new Map<string, MetricValues>();
  for (const [key, column] of chunk.columns) {
    const { width } = column;
    const values = new Float64Array(rows.length * width);
    rows.forEach((row, i) => values.set(column.values.subarray(row * width, (row + 1) * width), i * width));
    columns.set(key, { ...column, values, valid: Uint8Array.from(rows, (row) => column.valid[row]) });
  }
  return { attempt: chunk.attempt, rows: rows.length, index, columns };
}

/** A scalar metric, one entry of a vector, or the count of one bin of a histogram. */
export interface ColumnEntry {
  /** Value of row i: `values[i * width + entry]`. */
  column: MetricValues;
  entry: number;
}

/** What a key means among these columns: a scalar by its own name, an entry of a vector or histogram by the vector's; null where there is neither. */
export function findEntry(columns: ReadonlyMap<string, MetricValues>, key: string): ColumnEntry | null {
  const own = columns.get(key);
  if (own) return own.kind === 'scalar' ? { column: own, entry: 0 } : null;
  const parsed = parseEntryKey(key);
  const column = parsed && columns.get(parsed.vector);
  if (!column || !parsed || column.kind === 'scalar') return null;
  const first = firstEntry(column);
  return parsed.entry < column.width - first ? { column, entry: first + parsed.entry } : null;
}

/** Where the entries begin in a row: a histogram lies there as its edges and then its counts. */
export const firstEntry = ({ kind, width }: MetricValues): number => (kind === 'histogram' ? (width + 1) / 2 : 0);

/** A clock's whole history. */
export interface ClockData {
  rows: number;
  /** Each [rows]. */
  index: Record<IndexColumn, Float64Array>;
  /** [rows]: the attempt that wrote each row. */
  attempt: Float64Array;
  columns: Map<string, MetricValues>;
  /** What is damaged, in words. */
  cut: string[];
}

/** Everything recorded on a clock, or only the metrics named; rows of different segments may have different metrics. */
export function readClock(run: RunDirectory, clock: Clock, keys?: readonly string[]): ClockData {
  const reader = new MetricReader(run, clock);
  const { chunks } = reader.poll();
  return { ...joinChunks(chunks, keys), cut: reader.cut };
}

/** Joins chunks end to end; a metric that a chunk does not have was not measured there. */
export function joinChunks(chunks: readonly MetricChunk[], keys?: readonly string[]): Omit<ClockData, 'cut'> {
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const index = {} as ClockData['index'];
  for (const name of indexColumns) index[name] = new Float64Array(rows);
  const attempt = new Float64Array(rows);
  const columns = new Map<string, MetricValues>();
  for (const chunk of chunks)
    for (const [key, { kind, unit, width }] of chunk.columns)
      if (!keys || keys.includes(key))
        // The newest declaration wins; a vector that changed its length keeps only the rows of the new one.
        columns.set(key, { kind, unit, width, values: new Float64Array(0), valid: new Uint8Array(0) });
  for (const column of columns.values()) {
    column.values = new Float64Array(rows * column.width).fill(Number.NaN);
    column.valid = new Uint8Array(rows);
  }
  let at = 0;
  for (const chunk of chunks) {
    for (const name of indexColumns) index[name].set(chunk.index[name], at);
    attempt.fill(chunk.attempt, at, at + chunk.rows);
    for (const [key, column] of columns) {
      const part = chunk.columns.get(key);
      if (part?.width !== column.width) continue;
      column.values.set(part.values, at * column.width);
      column.valid.set(part.valid, at);
    }
    at += chunk.rows;
  }
  return { rows, index, attempt, columns };
}
