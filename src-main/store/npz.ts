import { crc32, inflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { AdjointError } from '@shared/errors';
import type { NdArray } from './ndarray';
import { readNpy, writeNpy } from './npy';

interface Entry {
  name: string;
  method: number;
  crc: number;
  compressed: number;
  size: number;
  localHeader: number;
}

const endRecord = 0x06054b50;
const zip64Locator = 0x07064b50;
const zip64End = 0x06064b50;
const centralHeader = 0x02014b50;
const localHeader = 0x04034b50;
const all32 = 0xffffffff;
/** Deflate cannot shrink more than this, so a larger promise is a lie. */
const largestRatio = 1032;

const damaged = (what: string, at: number): AdjointError =>
  new AdjointError('invalid-dataset', `The .npz file ${what} (byte ${at}).`, {
    fix: 'Write the file again; it was probably not written or copied to its end.',
  });

/** Is this a .npz file? Those are zip archives. */
export const isNpz = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/**
 * Reads a .npz file: a zip archive of .npy files, stored or deflated. Every entry's CRC-32 is verified.
 *
 * @throws AdjointError `invalid-dataset` naming array and byte
 */
export function readNpz(bytes: Uint8Array): Map<string, NdArray> {
  const arrays = new Map<string, NdArray>();
  for (const entry of readDirectory(bytes)) {
    if (!entry.name.endsWith('.npy')) continue;
    const name = entry.name.slice(0, -'.npy'.length);
    arrays.set(name, readNpy(readEntry(bytes, entry, name), name));
  }
  return arrays;
}

/** A .npz file as numpy.savez writes it: not compressed, the same bytes for the same arrays. */
export function writeNpz(arrays: ReadonlyMap<string, NdArray>): Uint8Array {
  const files = Object.fromEntries([...arrays].map(([name, array]) => [`${name}.npy`, writeNpy(array)]));
  return zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** APPNOTE.TXT 4.3.16: the end record lies in the last 64 kB + 22 bytes. */
function readDirectory(bytes: Uint8Array): Entry[] {
  const view = viewOf(bytes);
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 22 - 65_536 && view.getUint32(end, true) !== endRecord) end--;
  if (end < 0 || view.getUint32(end, true) !== endRecord)
    throw damaged('is truncated or not a zip archive: its directory is missing', bytes.length);
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if ((count === 0xffff || at === all32) && end >= 20 && view.getUint32(end - 20, true) === zip64Locator) {
    const place = Number(view.getBigUint64(end - 12, true));
    if (place + 56 > bytes.length || view.getUint32(place, true) !== zip64End)
      throw damaged('has a damaged directory', end - 20);
    count = Number(view.getBigUint64(place + 32, true));
    at = Number(view.getBigUint64(place + 48, true));
  }
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== centralHeader)
      throw damaged('has a damaged directory', at);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged('has a damaged directory', at);
    const entry: Entry = {
      name: Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString('utf8'),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      localHeader: view.getUint32(at + 42, true),
    };
    if (view.getUint16(at + 8, true) & 1) throw damaged(`is encrypted ("${entry.name}")`, at);
    readZip64(entry, bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    entries.push(entry);
    at = next;
  }
  return entries;
}

/** APPNOTE.TXT 4.5.3: 64-bit sizes for the fields that are all ones, in this order. */
function readZip64(entry: Entry, extra: Uint8Array): void {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    for (const key of ['size', 'compressed', 'localHeader'] as const) {
      if (entry[key] !== all32) continue;
      if (field + 8 > extra.length) return;
      entry[key] = Number(view.getBigUint64(field, true));
      field += 8;
    }
    return;
  }
}

function readEntry(bytes: Uint8Array, entry: Entry, name: string): Uint8Array {
  const at = entry.localHeader;
  const refuse = (what: string) =>
    new AdjointError('invalid-dataset', `Array "${name}" ${what} (byte ${at}).`, {
      where: name,
      fix: 'Write the file again; it was probably not written or copied to its end.',
    });
  const view = viewOf(bytes);
  if (at + 30 > bytes.length || view.getUint32(at, true) !== localHeader)
    throw refuse('is not where the directory says');
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + entry.compressed > bytes.length) throw refuse('is truncated');
  const packed = bytes.subarray(start, start + entry.compressed);
  let data: Uint8Array;
  if (entry.method === 0) data = packed;
  else if (entry.method === 8) {
    if (entry.size > packed.length * largestRatio + 1024) throw refuse('promises more bytes than it can hold');
    try {
      data = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
    } catch {
      throw refuse('cannot be decompressed');
    }
  } else throw refuse(`is compressed by method ${entry.method}, which numpy does not write`);
  if (data.length !== entry.size) throw refuse(`has ${data.length} bytes where ${entry.size} were promised`);
  if (crc32(data) !== entry.crc) throw refuse('fails its checksum');
  return data;
}
