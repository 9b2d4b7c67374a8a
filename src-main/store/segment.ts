import { clocks, type Clock } from '@shared/run';
import { names } from './atomic';
import { crc32c } from './crc32c';

/**
 * Metric segments: `<clock>-a<attempt>-<nnnnn>.arrows`, each an Arrow IPC stream (schema, record batches, end marker), and
 * beside each a `.sum` with one record per message, appended after the message's bytes.
 *
 * A sum record has 32 bytes, little endian: offset u64 · length u32 · CRC-32C of the message u32 · rows u32 · last sequence
 * u32 · kind u32 (1 schema, 2 batch, 3 end marker) · CRC-32C of the record's first 28 bytes u32.
 */
export const sumRecordBytes = 32;
const kinds = { schema: 1, batch: 2, end: 3 } as const;
export type SumKind = keyof typeof kinds;

export interface SumRecord {
  kind: SumKind;
  /** Bytes from the start of the segment. */
  offset: number;
  length: number;
  crc: number;
  rows: number;
  /** Sequence number of the batch's last row; 0 for schema and end marker. */
  lastSequence: number;
}

export function encodeSum(record: SumRecord): Uint8Array {
  const bytes = new Uint8Array(sumRecordBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(record.offset), true);
  view.setUint32(8, record.length, true);
  view.setUint32(12, record.crc, true);
  view.setUint32(16, record.rows, true);
  view.setUint32(20, record.lastSequence, true);
  view.setUint32(24, kinds[record.kind], true);
  view.setUint32(28, crc32c(bytes.subarray(0, 28)), true);
  return bytes;
}

/** One record, or null where its own checksum fails. */
export function decodeSum(bytes: Uint8Array): SumRecord | null {
  if (bytes.length < sumRecordBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, sumRecordBytes);
  if (view.getUint32(28, true) !== crc32c(bytes.subarray(0, 28))) return null;
  const kind = (Object.keys(kinds) as SumKind[]).find((name) => kinds[name] === view.getUint32(24, true));
  if (!kind) return null;
  return {
    kind,
    offset: Number(view.getBigUint64(0, true)),
    length: view.getUint32(8, true),
    crc: view.getUint32(12, true),
    rows: view.getUint32(16, true),
    lastSequence: view.getUint32(20, true),
  };
}

export interface SegmentName {
  clock: Clock;
  attempt: number;
  number: number;
}

const extension = '.arrows';
const pattern = /^([a-z]+)-a(\d+)-(\d{5,})\.arrows$/;

export const segmentFile = ({ clock, attempt, number }: SegmentName): string =>
  `${clock}-a${attempt}-${String(number).padStart(5, '0')}${extension}`;
export const sumFile = (name: SegmentName): string => `${segmentFile(name).slice(0, -extension.length)}.sum`;

export function parseSegmentFile(file: string): SegmentName | null {
  const match = pattern.exec(file);
  if (!match || !(clocks as readonly string[]).includes(match[1])) return null;
  return { clock: match[1] as Clock, attempt: Number(match[2]), number: Number(match[3]) };
}

/** The first number that no segment of this clock and attempt has used, with or without its sums. */
export function nextSegmentNumber(directory: string, clock: Clock, attempt: number): number {
  const numbers = names(directory)
    .map((file) => parseSegmentFile(file.replace(/\.sum$/, extension)))
    .map((name) => (name?.clock === clock && name.attempt === attempt ? name.number : -1));
  return Math.max(-1, ...numbers) + 1;
}

/** Segments of a metrics directory in the order in which they were written; a directory that is not there has none. */
export function listSegments(directory: string, clock?: Clock): SegmentName[] {
  return names(directory)
    .map(parseSegmentFile)
    .filter((name): name is SegmentName => name !== null && (clock === undefined || name.clock === clock))
    .sort((a, b) => a.attempt - b.attempt || a.number - b.number);
}
