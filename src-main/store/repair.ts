import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { indexColumns } from '@shared/run';
import { storeError, writeFileAtomic, writeFully } from './atomic';
import { crc32c } from './crc32c';
import { frameAt } from './ipcFrame';
import type { Lock } from './lock';
import { endOfStream } from './metricTable';
import type { RunDirectory } from './runDirectory';
import { encodeSum, listSegments, segmentFile, sumFile, type SegmentName, type SumRecord } from './segment';
import { decodeBatches, readSums } from './segmentTail';

/**
 * Repair of a run whose process died.
 *
 * Each segment is cut after its last good message and gets its end marker. A batch is good when its sum verifies. A batch
 * without a sum (the process died between the two, or the sums file was damaged) is kept when it is whole, decodes and its
 * sequence numbers continue the ones before; its sum is then computed anew. A batch that fails its sum but has good ones
 * after it stays where it is: readers leave it out and name it. Nothing that was acknowledged is ever cut, because an
 * acknowledged batch is on disk with its sum. Repairing twice changes nothing.
 */
export function repairRun(run: RunDirectory, held?: Lock): { cut: string[] } {
  const lock = held ?? run.lock();
  try {
    const cut = listSegments(run.metricsDirectory).flatMap((name) => repairSegment(run.metricsDirectory, name));
    if (cut.length > 0) run.recordRepair(cut);
    return { cut };
  } finally {
    if (!held) lock.release();
  }
}

/** What a segment turned out to consist of. */
interface Survey {
  /** Sums to keep, in order, those of damaged batches between good ones included. */
  records: SumRecord[];
  /** Messages that had no valid sum and got one. */
  adopted: number;
  /** Where the good part ends. */
  end: number;
  finished: boolean;
  /** Highest sequence number in the good part, −1 when it has no rows. */
  lastSequence: number;
  /** Sums beyond the good part. */
  lost: SumRecord[];
}

function repairSegment(directory: string, name: SegmentName): string[] {
  const path = join(directory, segmentFile(name));
  const label = `metrics/${segmentFile(name)}`;
  try {
    const bytes = new Uint8Array(readFileSync(path));
    const written = readSums(join(directory, sumFile(name)));
    const survey = surveySegment(bytes, written);
    if (survey === 'no schema') {
      // Died while writing the very first message: no row was ever in it.
      rmSync(path);
      rmSync(join(directory, sumFile(name)), { force: true });
      return [];
    }
    if (survey === 'unreadable') return [];
    const unchanged = survey.finished && survey.end === bytes.length && survey.adopted === 0;
    if (unchanged && written.length === survey.records.length) return [];
    finish(path, join(directory, sumFile(name)), survey);
    return describe(label, bytes.length, survey);
  } catch (error) {
    throw storeError(error, path);
  }
}

function describe(label: string, size: number, survey: Survey): string[] {
  const found: string[] = [];
  const after = survey.lastSequence < 0 ? 'before its first row' : `after sequence ${survey.lastSequence}`;
  const batches = survey.lost.filter(({ kind }) => kind === 'batch');
  if (size > survey.end) found.push(`${label}: cut ${size - survey.end} bytes ${after}`);
  if (batches.length > 0) {
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    found.push(
      `${label}: ${batches.length} damaged or missing batches ${after} are gone: ${rows} rows up to sequence ${batches[batches.length - 1].lastSequence}`,
    );
  }
  if (survey.adopted > 0)
    found.push(
      `${label}: ${survey.adopted} messages had no valid sum; they are whole, and their sums were computed anew`,
    );
  return found;
}

function finish(path: string, sums: string, survey: Survey): void {
  const file = openSync(path, 'r+');
  const records = [...survey.records];
  try {
    ftruncateSync(file, survey.end);
    if (!survey.finished) {
      writeFully(file, endOfStream, survey.end);
      records.push(sumOf('end', survey.end, endOfStream, 0, 0));
    }
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  writeFileAtomic(sums, Buffer.concat(records.map(encodeSum)), { sync: true });
}

function sumOf(kind: SumRecord['kind'], offset: number, message: Uint8Array, rows: number, last: number): SumRecord {
  return { kind, offset, length: message.length, crc: crc32c(message), rows, lastSequence: last };
}

function surveySegment(bytes: Uint8Array, written: (SumRecord | null)[]): Survey | 'no schema' | 'unreadable' {
  const byOffset = new Map<number, SumRecord>();
  for (const record of written) if (record) byOffset.set(record.offset, record);
  const offsets = [...byOffset.keys()].sort((a, b) => a - b);

  const first = frameAt(bytes, 0);
  if (!first) return byOffset.size > 1 ? 'unreadable' : 'no schema';
  const schema = bytes.subarray(0, first.length);
  const schemaSum = byOffset.get(0);
  if (first.kind !== 'schema' || (schemaSum && schemaSum.crc !== crc32c(schema))) return 'unreadable';

  const survey: Survey = {
    records: [schemaSum ?? sumOf('schema', 0, schema, 0, 0)],
    adopted: schemaSum ? 0 : 1,
    end: schema.length,
    finished: false,
    lastSequence: -1,
    lost: [],
  };
  /** Damaged batches since the last good message: kept when a good one follows, lost otherwise. */
  let pending: SumRecord[] = [];
  const accept = (record: SumRecord) => {
    survey.records.push(...pending, record);
    pending = [];
    survey.end = record.offset + record.length;
    survey.finished = record.kind === 'end';
    if (record.kind === 'batch') survey.lastSequence = record.lastSequence;
  };
  let at = schema.length;
  while (!survey.finished) {
    const sum = byOffset.get(at);
    if (sum) {
      const message = bytes.subarray(at, at + sum.length);
      if (message.length === sum.length && crc32c(message) === sum.crc) accept(sum);
      else pending.push(sum);
      at += sum.length;
      continue;
    }
    const next = offsets.find((offset) => offset > at) ?? Number.POSITIVE_INFINITY;
    const adopted = adopt(bytes, at, schema, pending.length > 0 ? null : survey.lastSequence);
    if (adopted && at + adopted.length <= next) {
      accept(adopted);
      survey.adopted += adopted.kind === 'batch' ? 1 : 0;
      at += adopted.length;
    } else if (Number.isFinite(next)) at = next;
    else break;
  }
  survey.lost = pending;
  return survey;
}

/** The message at `at`, if it is whole, decodes, and continues the sequence (`after` null: any later one will do). */
function adopt(bytes: Uint8Array, at: number, schema: Uint8Array, after: number | null): SumRecord | null {
  const frame = frameAt(bytes, at);
  if (!frame) return null;
  const message = bytes.subarray(at, at + frame.length);
  if (frame.kind === 'end') return at + frame.length === bytes.length ? sumOf('end', at, message, 0, 0) : null;
  if (frame.kind !== 'batch') return null;
  try {
    const [batch] = decodeBatches(schema, [message]);
    const column = batch.schema.fields.findIndex(({ name }) => name === indexColumns[0]);
    const sequence = (batch.data.children[column].values as Uint32Array).subarray(0, batch.numRows);
    if (sequence.length === 0 || (after !== null && after >= 0 && sequence[0] !== after + 1)) return null;
    for (let i = 1; i < sequence.length; i++) if (sequence[i] !== sequence[0] + i) return null;
    return sumOf('batch', at, message, batch.numRows, sequence[sequence.length - 1]);
  } catch {
    return null;
  }
}
