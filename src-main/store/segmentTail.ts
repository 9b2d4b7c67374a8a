import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RecordBatchReader, type Data, type RecordBatch } from 'apache-arrow';
import { indexColumns, type IndexColumn } from '@shared/run';
import { storeError } from './atomic';
import { crc32c } from './crc32c';
import { columnWidth, metricColumns, type MetricColumn } from './metricSchema';
import { decodeSum, segmentFile, sumFile, sumRecordBytes, type SegmentName, type SumRecord } from './segment';

/** One metric in some rows. */
export interface MetricValues {
  kind: MetricColumn['kind'];
  unit: string;
  /** Numbers a row: 1 for a scalar, n for a vector, for n bins n + 1 edges followed by n counts. */
  width: number;
  /** [rows × width], row-major. NaN where not measured, and where NaN was recorded: `valid` tells. */
  values: Float64Array;
  /** [rows], 1 = measured. */
  valid: Uint8Array;
}

/** Rows as they were written, by column. */
export interface MetricChunk {
  attempt: number;
  rows: number;
  /** Each [rows]. */
  index: Record<IndexColumn, Float64Array>;
  columns: Map<string, MetricValues>;
}

/**
 * Follows one segment while it grows. Only batches whose sum verifies are given out; a batch that does not is left out and
 * named in `findings`, and those after it still count, because a sum knows where its batch begins.
 */
export class SegmentTail {
  readonly name: SegmentName;
  /** What is damaged, in words. */
  readonly findings: string[] = [];
  private readonly path: string;
  private readonly sumPath: string;
  private readonly label: string;
  private consumed = 0;
  private schema: Uint8Array | null = null;
  private finished = false;

  constructor(directory: string, name: SegmentName) {
    this.name = name;
    this.path = join(directory, segmentFile(name));
    this.sumPath = join(directory, sumFile(name));
    this.label = `metrics/${segmentFile(name)}`;
  }

  /** The end marker was seen: nothing follows. */
  get ended(): boolean {
    return this.finished;
  }

  /** Verified batches that came since the last poll. Costs one stat when there are none. */
  poll(): MetricChunk[] {
    if (this.finished) return [];
    const size = statSync(this.sumPath, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      this.note(`${this.label}: its .sum file is missing, so its rows do not count until it is repaired`);
      return [];
    }
    const whole = size - (size % sumRecordBytes);
    if (whole <= this.consumed) return [];
    const bytes = readPart(this.sumPath, this.consumed, whole - this.consumed);
    const records: SumRecord[] = [];
    for (let at = 0; at < bytes.length; at += sumRecordBytes) {
      const record = decodeSum(bytes.subarray(at, at + sumRecordBytes));
      if (record) records.push(record);
      else this.note(`${this.label}: sum ${(this.consumed + at) / sumRecordBytes} is damaged, its batch is left out`);
    }
    this.consumed += bytes.length;
    return records.length > 0 ? this.take(records) : [];
  }

  private take(records: SumRecord[]): MetricChunk[] {
    const start = records[0].offset;
    const last = records[records.length - 1];
    const bytes = readPart(this.path, start, last.offset + last.length - start);
    const good: Uint8Array[] = [];
    for (const record of records) {
      const message = bytes.subarray(record.offset - start, record.offset - start + record.length);
      if (message.length === record.length && crc32c(message) === record.crc) {
        if (record.kind === 'schema') this.schema = message;
        else if (record.kind === 'batch') good.push(message);
      } else if (record.kind === 'schema') this.note(`${this.label}: the schema is damaged, its rows cannot be read`);
      else if (record.kind === 'batch')
        this.note(
          `${this.label}: the ${record.rows} rows up to sequence ${record.lastSequence} (byte ${record.offset}) ` +
            `${message.length < record.length ? 'are cut off' : 'fail their checksum'} and are left out`,
        );
      if (record.kind === 'end') this.finished = true;
    }
    if (good.length === 0 || !this.schema) return [];
    try {
      return decodeBatches(this.schema, good).map((batch) => chunkOf(batch, this.name.attempt));
    } catch (error) {
      this.note(`${this.label}: verified batches cannot be decoded (${(error as Error).message})`);
      return [];
    }
  }

  private note(finding: string): void {
    if (!this.findings.includes(finding)) this.findings.push(finding);
  }
}

/** Sequence number of the last row of a segment according to its sums, −1 when it has none. */
export function lastSequence(directory: string, name: SegmentName): number {
  const records = readSums(join(directory, sumFile(name)));
  return Math.max(-1, ...records.map((record) => (record?.kind === 'batch' ? record.lastSequence : -1)));
}

/** All records of a sums file, null where one is damaged; a torn last one is left out. No file, no records. */
export function readSums(path: string): (SumRecord | null)[] {
  if (!statSync(path, { throwIfNoEntry: false })) return [];
  const bytes = readFileSync(path);
  return Array.from({ length: Math.floor(bytes.length / sumRecordBytes) }, (_, i) =>
    decodeSum(bytes.subarray(i * sumRecordBytes, (i + 1) * sumRecordBytes)),
  );
}

/** Up to `length` bytes from `start`; fewer where the file is shorter, none where it is missing. */
function readPart(path: string, start: number, length: number): Uint8Array {
  if (!statSync(path, { throwIfNoEntry: false })) return new Uint8Array(0);
  const file = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(file, buffer, filled, length - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    throw storeError(error, path);
  } finally {
    closeSync(file);
  }
}

/** Decodes messages of one stream; columns stay where they lie in the messages. @throws Error when one is not what its schema says */
export function decodeBatches(schema: Uint8Array, messages: Uint8Array[]): RecordBatch[] {
  return [...RecordBatchReader.from([schema, ...messages])];
}

function chunkOf(batch: RecordBatch, attempt: number): MetricChunk {
  const rows = batch.numRows;
  const byName = new Map(batch.schema.fields.map((field, i) => [field.name, batch.data.children[i]]));
  const index = {} as Record<IndexColumn, Float64Array>;
  for (const name of indexColumns) {
    const data = byName.get(name);
    if (!data) throw new Error(`column "${name}" is missing`);
    index[name] = new Float64Array((data.values as Float64Array | Uint32Array).subarray(0, rows));
  }
  const columns = new Map<string, MetricValues>();
  for (const column of metricColumns(batch.schema)) {
    const data = byName.get(column.key);
    if (data) columns.set(column.key, valuesOf(column, data, rows));
  }
  return { attempt, rows, index, columns };
}

function valuesOf(column: MetricColumn, data: Data, rows: number): MetricValues {
  const width = columnWidth(column);
  const valid = new Uint8Array(rows).fill(1);
  let values = flatValues(column, data, rows);
  if (data.nullCount > 0) {
    values = values.slice();
    for (let row = 0; row < rows; row++) {
      if (data.nullBitmap[row >> 3] & (1 << (row & 7))) continue;
      valid[row] = 0;
      values.fill(Number.NaN, row * width, (row + 1) * width);
    }
  }
  return { kind: column.kind, unit: column.unit, width, values, valid };
}

function flatValues(column: MetricColumn, data: Data, rows: number): Float64Array {
  const floats = (of: Data, size: number) => (of.children[0].values as Float64Array).subarray(0, rows * size);
  const length = column.length ?? 0;
  if (column.kind === 'scalar') return (data.values as Float64Array).subarray(0, rows);
  if (column.kind === 'vector') return floats(data, length);
  const edges = floats(data.children[0], length + 1);
  const counts = floats(data.children[1], length);
  const flat = new Float64Array(rows * (2 * length + 1));
  for (let row = 0; row < rows; row++) {
    flat.set(edges.subarray(row * (length + 1), (row + 1) * (length + 1)), row * (2 * length + 1));
    flat.set(counts.subarray(row * length, (row + 1) * length), row * (2 * length + 1) + length + 1);
  }
  return flat;
}
