import { AdjointError } from '@shared/errors';

export type NdValues =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | string[];

/** An array of numpy: always in C order and the machine's byte order, whatever the file had. */
export interface NdArray {
  /** numpy's name: `float64`, `int64`, `bool`, `str` … */
  dtype: string;
  shape: number[];
  /** Row-major, as many entries as the shape says. */
  data: NdValues;
}

interface Item {
  name: string;
  bytes: number;
  /** Reads one entry. Absent for text, which is decoded by length. */
  make?: (length: number) => Exclude<NdValues, string[]>;
}

const items: Record<string, Item | undefined> = {
  f8: { name: 'float64', bytes: 8, make: (n) => new Float64Array(n) },
  f4: { name: 'float32', bytes: 4, make: (n) => new Float32Array(n) },
  f2: { name: 'float16', bytes: 2, make: (n) => new Uint16Array(n) },
  i8: { name: 'int64', bytes: 8, make: (n) => new BigInt64Array(n) },
  i4: { name: 'int32', bytes: 4, make: (n) => new Int32Array(n) },
  i2: { name: 'int16', bytes: 2, make: (n) => new Int16Array(n) },
  i1: { name: 'int8', bytes: 1, make: (n) => new Int8Array(n) },
  u8: { name: 'uint64', bytes: 8, make: (n) => new BigUint64Array(n) },
  u4: { name: 'uint32', bytes: 4, make: (n) => new Uint32Array(n) },
  u2: { name: 'uint16', bytes: 2, make: (n) => new Uint16Array(n) },
  u1: { name: 'uint8', bytes: 1, make: (n) => new Uint8Array(n) },
  b1: { name: 'bool', bytes: 1, make: (n) => new Uint8Array(n) },
};

/** A numpy type: byte order, kind and size, as in `<f8`. */
export interface Dtype {
  bigEndian: boolean;
  /** Without byte order: `f8`, `U12`. */
  code: string;
  name: string;
  /** Bytes of one entry. */
  itemBytes: number;
}

/** Parses a type description such as `<f8`, `|b1` or `U7`; null for what is not plain numbers or text. */
export function parseDtype(description: string): Dtype | null {
  const match = /^([<>|=]?)([a-zA-Z?])(\d{0,9})$/.exec(description);
  if (!match) return null;
  const [, order, kind, size] = match;
  const code = kind === '?' ? 'b1' : `${kind}${size}`;
  const bigEndian = order === '>';
  if (kind === 'U') return { bigEndian, code, name: 'str', itemBytes: Number(size) * 4 };
  if (kind === 'S') return { bigEndian, code, name: 'bytes', itemBytes: Number(size) };
  const item = items[code];
  return item ? { bigEndian, code, name: item.name, itemBytes: item.bytes } : null;
}

/** Entries of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** `float64[20, 10]` */
export const describeArray = ({ dtype, shape }: Pick<NdArray, 'dtype' | 'shape'>): string =>
  `${dtype}[${shape.join(', ')}]`;

/** What a type and a shape ask for; `Infinity` when no file could hold it. */
export function byteCount(dtype: Dtype, shape: readonly number[]): number {
  const count = elementCount(shape) * dtype.itemBytes;
  return shape.every((size) => Number.isSafeInteger(size) && size >= 0) && Number.isSafeInteger(count)
    ? count
    : Infinity;
}

/** Decodes raw bytes, exactly `byteCount(dtype, shape)` of them, into a C-ordered array of its own memory. */
export function decodeArray(dtype: Dtype, shape: number[], fortranOrder: boolean, bytes: Uint8Array): NdArray {
  const count = elementCount(shape);
  const item = items[dtype.code];
  const own = bytes.slice();
  if (!item?.make)
    return { dtype: dtype.name, shape, data: inCOrder(decodeText(dtype, count, own), shape, fortranOrder) };
  if (dtype.bigEndian) swapBytes(own, item.bytes);
  let data = item.make(count);
  new Uint8Array(data.buffer).set(own);
  if (dtype.code === 'f2') data = Float32Array.from(data as Uint16Array, halfToNumber);
  if (dtype.code === 'b1') data = (data as Uint8Array).map((value) => (value ? 1 : 0));
  return { dtype: dtype.name, shape, data: inCOrder(data, shape, fortranOrder) };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

function decodeText(dtype: Dtype, count: number, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unit = dtype.code.startsWith('U') ? 4 : 1;
  return Array.from({ length: count }, (_, i) => {
    const points: number[] = [];
    for (let at = i * dtype.itemBytes; at < (i + 1) * dtype.itemBytes; at += unit) {
      const point = unit === 1 ? bytes[at] : view.getUint32(at, !dtype.bigEndian);
      points.push(point <= 0x10ffff ? point : 0xfffd);
    }
    return points
      .map((point) => String.fromCodePoint(point))
      .join('')
      .replace(/\0+$/, '');
  });
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function inCOrder<T extends NdValues>(data: T, shape: readonly number[], fortranOrder: boolean): T {
  if (!fortranOrder || shape.length < 2) return data;
  return permuted(data, strided(shape, fortranStrides(shape))) as T;
}

function fortranStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape) {
    strides.push(stride);
    stride *= size;
  }
  return strides;
}

function cStrides(shape: readonly number[]): number[] {
  return fortranStrides(shape.toReversed()).reverse();
}

/** Transposes: axis k of the result is axis `axes[k]` of the array. */
export function transposeArray(array: NdArray, axes: readonly number[]): NdArray {
  const shape = axes.map((axis) => array.shape[axis]);
  const strides = cStrides(array.shape);
  const from = axes.map((axis) => strides[axis]);
  return { ...array, shape, data: permuted(array.data, strided(shape, from)) };
}

/** Offsets of the entries of an array with these strides, in C order. */
function strided(shape: readonly number[], strides: readonly number[]): Float64Array {
  const offsets = new Float64Array(elementCount(shape));
  const place = shape.map(() => 0);
  let offset = 0;
  for (let i = 0; i < offsets.length; i++) {
    offsets[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++place[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return offsets;
}

function permuted(data: NdValues, offsets: Float64Array): NdValues {
  if (Array.isArray(data)) return Array.from(offsets, (offset) => data[offset]);
  const next = data.slice();
  for (let i = 0; i < offsets.length; i++) next[i] = data[offsets[i]];
  return next;
}

/** Code and bytes to write an array with, little endian; text becomes UTF-32. */
export function encodeArray(array: NdArray): { description: string; bytes: Uint8Array } {
  const { data } = array;
  if (Array.isArray(data)) {
    const points = data.map((text) => [...text]);
    const width = Math.max(1, ...points.map(({ length }) => length));
    const view = new DataView(new ArrayBuffer(data.length * width * 4));
    points.forEach((text, i) =>
      text.forEach((char, k) => view.setUint32((i * width + k) * 4, char.codePointAt(0) ?? 0, true)),
    );
    return { description: `<U${width}`, bytes: new Uint8Array(view.buffer) };
  }
  const code = Object.keys(items).find((key) => items[key]?.name === array.dtype);
  if (!code || code === 'f2')
    throw new AdjointError('internal', `Arrays of ${array.dtype} are not written.`, { fix: 'Convert it to float64.' });
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { description: `${items[code]?.bytes === 1 ? '|' : '<'}${code}`, bytes };
}

/** The entries as nested lists of numbers, as JSON has them; what is not finite is null. No digit of a float64 is lost. */
export function nestedNumbers({ shape, data }: NdArray): unknown {
  const numbers = Array.from(data as ArrayLike<number | bigint>, (value) => {
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  });
  return shape.length === 0 ? numbers[0] : nest(numbers, shape);
}

function nest(values: unknown[], [length, ...rest]: number[]): unknown[] {
  if (rest.length === 0) return values;
  const size = values.length / Math.max(1, length);
  return Array.from({ length }, (_, i) => nest(values.slice(i * size, (i + 1) * size), rest));
}
