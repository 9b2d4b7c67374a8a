import fs from 'node:fs';
import { join } from 'node:path';
import type { Schema } from 'apache-arrow';
import { storeError, writeFully } from './atomic';
import { crc32c } from './crc32c';
import { endOfStream, MessageEncoder, type MetricTable } from './metricTable';
import { encodeSum, segmentFile, sumFile, sumRecordBytes, type SegmentName, type SumKind } from './segment';

/**
 * One segment and its sums, being written. Bytes of a message go into the segment first and their sum after them, so that a
 * sum always speaks of bytes that were written. A write that fails half-way is taken back.
 */
export class SegmentWriter {
  readonly name: SegmentName;
  /** When it was opened, in the writer's own seconds. */
  readonly openedAt: number;
  private readonly path: string;
  private readonly data: number;
  private readonly sums: number;
  private readonly encoder = new MessageEncoder();
  private size = 0;
  private sumSize = 0;
  private dirty = false;

  constructor(directory: string, name: SegmentName, schema: Schema, openedAt: number) {
    this.name = name;
    this.openedAt = openedAt;
    this.path = join(directory, segmentFile(name));
    let sums: number | null = null;
    try {
      // The sums first: a segment without a sums file is then never the trace of a crash, but of a deleted file.
      sums = fs.openSync(join(directory, sumFile(name)), 'wx');
      this.sums = sums;
      this.data = fs.openSync(this.path, 'wx');
    } catch (error) {
      if (sums !== null) fs.closeSync(sums);
      throw storeError(error, this.path);
    }
    try {
      this.put('schema', this.encoder.schema(schema), 0, 0);
    } catch (error) {
      this.abandon();
      fs.rmSync(this.path, { force: true });
      fs.rmSync(join(directory, sumFile(name)), { force: true });
      throw error;
    }
  }

  get bytes(): number {
    return this.size;
  }

  /** Appends the table's waiting rows as one record batch. @throws AdjointError `disk-full`; nothing is then appended */
  append(table: MetricTable, schema: Schema): void {
    const message = this.encoder.batch(table.batch(schema));
    this.put('batch', message, table.rows, table.sequence - 1);
  }

  /** fdatasync of segment and sums. */
  sync(): void {
    if (!this.dirty) return;
    try {
      fs.fdatasyncSync(this.data);
      fs.fdatasyncSync(this.sums);
      this.dirty = false;
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /** Whether everything appended so far survives a power failure. */
  get durable(): boolean {
    return !this.dirty;
  }

  /** Makes the batches durable, then writes the end marker. */
  close(): void {
    try {
      this.sync();
      this.put('end', endOfStream, 0, 0);
      this.sync();
    } finally {
      this.abandon();
    }
  }

  /** Closes the files as they are; repair finishes the segment. */
  abandon(): void {
    fs.closeSync(this.data);
    fs.closeSync(this.sums);
  }

  private put(kind: SumKind, message: Uint8Array, rows: number, lastSequence: number): void {
    const sum = encodeSum({
      kind,
      offset: this.size,
      length: message.length,
      crc: crc32c(message),
      rows,
      lastSequence,
    });
    try {
      writeFully(this.data, message, this.size);
      writeFully(this.sums, sum, this.sumSize);
    } catch (error) {
      this.takeBack();
      throw storeError(error, this.path);
    }
    this.size += message.length;
    this.sumSize += sumRecordBytes;
    this.dirty = true;
  }

  private takeBack(): void {
    try {
      fs.ftruncateSync(this.sums, this.sumSize);
      fs.ftruncateSync(this.data, this.size);
    } catch {
      // The next write goes to the same place, and readers believe only what the sums say.
    }
  }
}
