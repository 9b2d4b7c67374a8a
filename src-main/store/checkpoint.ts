import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { AdjointError } from '@shared/errors';
import { storeError, writeFileAtomic } from './atomic';
import { crc32c } from './crc32c';
import { encodeSafetensors, layOutTensors, tensorArrays, type TensorData, type TensorEntry } from './safetensors';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Checkpoints are safetensors files. `__metadata__` carries the state that is not a tensor as JSON, and a CRC-32C, so that any
 * reader of the format opens the weights and ours notices a flipped bit.
 */
export interface Checkpoint {
  tensors: Map<string, TensorData>;
  /** What is not a tensor: step, epoch, states of the random generators, place in the data. Finite numbers only. */
  state: Json;
}

interface Header {
  entries: Map<string, TensorEntry>;
  metadata: Record<string, string>;
  /** Where the data block begins. */
  dataStart: number;
  dataBytes: number;
}

const format = 'adjoint-checkpoint/1';
/** The format's own limit, so that a damaged length does not ask for gigabytes. */
const longestHeader = 100_000_000;

/**
 * Writes the file atomically and durably.
 *
 * @throws AdjointError `internal` when a shape and its data disagree, `disk-full`, `not-writable`
 */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  const block = layOutTensors(checkpoint.tensors, path);
  const crc = block.parts.reduce((sum, part) => crc32c(part, sum), 0);
  const state = JSON.stringify(checkpoint.state);
  const file = encodeSafetensors(block, { format, state, crc32c: checksum(crc, block.entries, state) });
  writeFileAtomic(path, file, { sync: true });
}

/**
 * Reads and verifies a checkpoint.
 *
 * @throws AdjointError `corrupt` when the file is torn or its checksum is wrong, `not-found`
 */
export function readCheckpoint(path: string): Checkpoint {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const file = readFileSync(path);
    // A copy of its own: typed tensorArrays need an aligned start, and a small file comes from a shared pool.
    bytes = new Uint8Array(file);
  } catch (error) {
    throw storeError(error, path);
  }
  const header = parseHeader(bytes.subarray(0, 8), (length) => bytes.subarray(8, 8 + length), bytes.length, path);
  const block = bytes.subarray(header.dataStart);
  const expected = header.metadata.crc32c;
  const found = checksum(crc32c(block), Object.fromEntries(header.entries), header.metadata.state);
  if (expected !== found)
    throw corrupt(path, `The checkpoint's checksum is ${found}, but ${expected ?? 'none'} was written.`);
  const tensors = new Map<string, TensorData>();
  for (const [name, { dtype, shape, data_offsets }] of header.entries) {
    const type = tensorArrays[dtype as keyof typeof tensorArrays];
    const slice = bytes.slice(header.dataStart + data_offsets[0], header.dataStart + data_offsets[1]);
    tensors.set(name, { dtype: dtype as TensorData['dtype'], shape, data: new type(slice.buffer) });
  }
  return { tensors, state: parseState(header, path) };
}

/** What a listing needs, from the header alone. `valid` = header and length agree; the checksum is verified when loading. */
export function inspectCheckpoint(path: string): { valid: boolean; bytes: number; state: Json } {
  let file: number | null = null;
  let bytes = 0;
  try {
    file = openSync(path, 'r');
    const handle = file;
    bytes = fstatSync(handle).size;
    const read = (start: number, length: number) => {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, readSync(handle, buffer, 0, length, start));
    };
    const header = parseHeader(read(0, 8), (length) => read(8, length), bytes, path);
    return { valid: true, bytes, state: parseState(header, path) };
  } catch {
    return { valid: false, bytes, state: null };
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Of the data block, continued over names, shapes and state: a flipped bit anywhere that matters changes it. */
function checksum(block: number, entries: Record<string, TensorEntry>, state: string): string {
  const ordered = Object.entries(entries).map(([name, { dtype, shape, data_offsets }]) => [
    name,
    dtype,
    shape,
    data_offsets,
  ]);
  const crc = crc32c(Buffer.from(JSON.stringify([ordered, state])), block);
  return crc.toString(16).padStart(8, '0');
}

const elements = (shape: number[]): number => shape.reduce((product, size) => product * size, 1);

function corrupt(path: string, what: string, cause?: unknown): AdjointError {
  return new AdjointError('corrupt', what, {
    where: path,
    fix: 'Resume from an earlier checkpoint, or delete this file.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function parseState(header: Header, path: string): Json {
  try {
    return JSON.parse(header.metadata.state ?? 'null') as Json;
  } catch (error) {
    throw corrupt(path, "The checkpoint's state is torn.", error);
  }
}

function parseHeader(
  prefix: Uint8Array,
  read: (length: number) => Uint8Array,
  fileBytes: number,
  path: string,
): Header {
  if (prefix.length < 8) throw corrupt(path, 'The checkpoint is torn: it has no header.');
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > Math.min(longestHeader, fileBytes - 8))
    throw corrupt(path, `The checkpoint is torn: its header of ${length} bytes does not fit into ${fileBytes}.`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(read(length)).toString('utf8'));
  } catch (error) {
    throw corrupt(path, "The checkpoint's header is torn.", error);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw corrupt(path, "The checkpoint's header is not an object.");
  const { __metadata__: metadata = {}, ...rest } = json as Record<string, unknown>;
  const entries = new Map<string, TensorEntry>();
  let dataBytes = 0;
  for (const [name, value] of Object.entries(rest)) {
    const entry = value as Partial<TensorEntry> | null;
    const type = tensorArrays[entry?.dtype as keyof typeof tensorArrays];
    const [start, end] = entry?.data_offsets ?? [0, -1];
    if (!type || !Array.isArray(entry?.shape) || end - start !== elements(entry.shape) * type.BYTES_PER_ELEMENT)
      throw corrupt(path, `The checkpoint's tensor "${name}" has a size that does not match its shape.`);
    entries.set(name, entry as TensorEntry);
    dataBytes = Math.max(dataBytes, end);
  }
  if (8 + length + dataBytes !== fileBytes)
    throw corrupt(path, `The checkpoint has ${fileBytes} bytes where ${8 + length + dataBytes} were written.`);
  return { entries, metadata: metadata as Record<string, string>, dataStart: 8 + length, dataBytes };
}
