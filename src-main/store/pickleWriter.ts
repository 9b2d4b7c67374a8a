import { elementCount, encodeArray, type NdArray } from './ndarray';

export type PickleOutput = number | string | boolean | null | NdArray | ReadonlyMap<string, PickleOutput>;

/**
 * Pickles strings, numbers, dicts and arrays in protocol 4. Arrays ask for `numpy.core.multiarray._reconstruct`, the name
 * that both numpy 1 and numpy 2 load.
 */
export function writePickle(value: PickleOutput): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x80, 4)];
  put(value, parts);
  parts.push(op('.'));
  return new Uint8Array(Buffer.concat(parts));
}

const op = (text: string, ...rest: number[]): Uint8Array => Uint8Array.of(text.charCodeAt(0), ...rest);

function put(value: PickleOutput, out: Uint8Array[]): void {
  if (value === null) out.push(op('N'));
  else if (typeof value === 'boolean') out.push(op(value ? '\x88' : '\x89'));
  else if (typeof value === 'string') putString(value, out);
  else if (typeof value === 'number') putNumber(value, out);
  else if (value instanceof Map) {
    out.push(op('}'), op('('));
    for (const [key, entry] of value) {
      putString(key, out);
      put(entry, out);
    }
    out.push(op('u'));
  } else putArray(value as NdArray, out);
}

function putString(text: string, out: Uint8Array[]): void {
  const bytes = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(5);
  head.write('X', 'latin1');
  head.writeUInt32LE(bytes.length, 1);
  out.push(head, bytes);
}

function putNumber(value: number, out: Uint8Array[]): void {
  const integer = Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0);
  const head = Buffer.alloc(integer ? 5 : 9);
  head.write(integer ? 'J' : 'G', 'latin1');
  if (integer) head.writeInt32LE(value, 1);
  else head.writeDoubleBE(value, 1);
  out.push(head);
}

function putBytes(bytes: Uint8Array, out: Uint8Array[]): void {
  const head = Buffer.alloc(9);
  head.write('\x8e', 'latin1');
  head.writeBigUInt64LE(BigInt(bytes.length), 1);
  out.push(head, bytes);
}

/** A count that may exceed 31 bits. */
function putSize(value: number, out: Uint8Array[]): void {
  if (value < 2 ** 31) return putNumber(value, out);
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64LE(BigInt(value));
  out.push(op('\x8a', 9), bytes);
}

function putGlobal(module: string, name: string, out: Uint8Array[]): void {
  putString(module, out);
  putString(name, out);
  out.push(op('\x93'));
}

/** The state that numpy's own __reduce__ gives: (1, shape, dtype, is Fortran, bytes) over an empty array. */
function putArray(array: NdArray, out: Uint8Array[]): void {
  const { description, bytes } = encodeArray(array);
  putGlobal('numpy.core.multiarray', '_reconstruct', out);
  putGlobal('numpy', 'ndarray', out);
  putNumber(0, out);
  out.push(op('\x85'));
  out.push(op('C', 1, 0x62), op('\x87'), op('R'));
  out.push(op('('));
  putNumber(1, out);
  out.push(op('('));
  for (const size of array.shape) putSize(size, out);
  out.push(op('t'));
  putDtype(description, elementCount(array.shape) === 0 ? 0 : bytes.length / elementCount(array.shape), out);
  out.push(op('\x89'));
  putBytes(bytes, out);
  out.push(op('t'), op('b'));
}

/** dtype(code, False, True), then its state (3, byte order, None, None, None, size, alignment, flags); −1 = by itself. */
function putDtype(description: string, itemBytes: number, out: Uint8Array[]): void {
  const code = description.slice(1);
  const text = code.startsWith('U');
  putGlobal('numpy', 'dtype', out);
  putString(code, out);
  out.push(op('\x89'), op('\x88'), op('\x87'), op('R'));
  out.push(op('('));
  putNumber(3, out);
  putString(description[0], out);
  for (let i = 0; i < 3; i++) out.push(op('N'));
  putNumber(text ? itemBytes : -1, out);
  putNumber(text ? 4 : -1, out);
  putNumber(text ? 8 : 0, out);
  out.push(op('t'), op('b'));
}
