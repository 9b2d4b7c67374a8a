import type { AdjointError } from '@shared/errors';
import { byteCount, decodeArray, describeArray, parseDtype, transposeArray, type Dtype, type NdArray } from './ndarray';

/** What a pickle can hold here. Lists and tuples are arrays; integers beyond 2⁵³ are bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleArray
  | PickleDtype
  | PickleGlobal;

/** An array under construction: `_reconstruct` makes it empty, BUILD fills it. */
export class PickleArray {
  value: NdArray = { dtype: 'float64', shape: [0], data: new Float64Array(0) };
}

/** A numpy type: made from its code, given its byte order by BUILD. */
export class PickleDtype {
  code: string;
  order = '|';

  constructor(code: string) {
    this.code = code;
  }

  get parsed(): Dtype | null {
    return parseDtype(`${this.order}${this.code}`);
  }
}

/** One of the few functions and classes that a pickle may name. */
export class PickleGlobal {
  readonly name: string;
  readonly call: (args: PickleValue[], context: PickleContext) => PickleValue;

  constructor(name: string, call: PickleGlobal['call']) {
    this.name = name;
    this.call = call;
  }
}

/** What calls need of the reader: errors that say where, and a budget against amplification. */
export interface PickleContext {
  malformed(what: string): AdjointError;
  /** What is whole and harmless, but not read. */
  unsupported(what: string, fix: string): AdjointError;
  unsafe(name: string): AdjointError;
  /** Accounts for memory that a call makes; small pickles must not become large. */
  spend(bytes: number): void;
}

function latin1(text: string, context: PickleContext): Uint8Array {
  context.spend(text.length);
  if (/[^\x00-\xff]/.test(text)) throw context.malformed('bytes that are not Latin-1');
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** Bytes as Python 3 writes them, or the text that Python 2 wrote instead. */
function asBytes(value: PickleValue, context: PickleContext): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') throw context.malformed('array data that are not bytes');
  return latin1(value, context);
}

function asShape(value: PickleValue, context: PickleContext): number[] {
  const sizes = Array.isArray(value) ? value : [value];
  if (sizes.length > 32 || !sizes.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0))
    throw context.malformed('an array shape that is not a tuple of sizes');
  return sizes as number[];
}

const plainArrays = "Save plain numbers: array.astype('float64').";

function asDtype(value: PickleValue, context: PickleContext): Dtype {
  const dtype = value instanceof PickleDtype ? value.parsed : null;
  if (dtype) return dtype;
  if (value instanceof PickleDtype && value.code.startsWith('O')) throw context.unsafe('an array of Python objects');
  if (!(value instanceof PickleDtype)) throw context.malformed('an array without a dtype');
  throw context.unsupported(`an array of type ${value.code}`, plainArrays);
}

function makeArray(
  shape: number[],
  dtype: Dtype,
  fortran: boolean,
  bytes: Uint8Array,
  context: PickleContext,
): NdArray {
  const expected = byteCount(dtype, shape);
  if (expected !== bytes.length)
    throw context.malformed(
      `${describeArray({ dtype: dtype.name, shape })} with ${bytes.length} bytes of data instead of ${expected}`,
    );
  // The copy, the values, and for text the strings.
  context.spend(expected * (dtype.code.startsWith('U') || dtype.code.startsWith('S') ? 8 : 2));
  return decodeArray(dtype, shape, fortran, bytes);
}

function reconstruct(_args: PickleValue[], _context: PickleContext): PickleValue {
  return new PickleArray();
}

/** `_frombuffer(data, dtype, shape, order, axes)`: how protocol 5 writes an array. */
function fromBuffer(args: PickleValue[], context: PickleContext): PickleValue {
  const [data, type, sizes, order, axes] = args;
  const result = new PickleArray();
  const shape = asShape(sizes, context);
  result.value = makeArray(shape, asDtype(type, context), order === 'F', asBytes(data, context), context);
  if (order !== 'K' || axes === undefined || axes === null) return result;
  const order0 = asShape(axes, context);
  if (order0.length !== shape.length || order0.toSorted((a, b) => a - b).some((axis, i) => axis !== i))
    throw context.malformed('an axis order that is not a permutation');
  context.spend(data instanceof Uint8Array ? data.length * 2 : 0);
  result.value = transposeArray(result.value, order0);
  return result;
}

/** A numpy number becomes a plain one. */
function scalar(args: PickleValue[], context: PickleContext): PickleValue {
  const { data, dtype } = makeArray([], asDtype(args[0], context), false, asBytes(args[1], context), context);
  const value = data[0];
  if (dtype === 'bool') return value === 1;
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function makeDtype(args: PickleValue[], context: PickleContext): PickleValue {
  const [code] = args;
  if (typeof code !== 'string' || code.length > 40) throw context.malformed('a dtype without a code');
  return new PickleDtype(code);
}

/** `_codecs.encode(text, 'latin1')`: how Python 3 writes bytes in protocol 2. */
function encode(args: PickleValue[], context: PickleContext): PickleValue {
  const [text, codec] = args;
  if (typeof text !== 'string' || codec !== 'latin1') throw context.malformed('bytes in an unknown encoding');
  return latin1(text, context);
}

function makeBytes(args: PickleValue[], context: PickleContext): PickleValue {
  if (args.length === 0) return new Uint8Array(0);
  if (args.length === 1 && args[0] instanceof Uint8Array) return args[0];
  return encode(args, context);
}

function makeSet(args: PickleValue[], context: PickleContext): PickleValue {
  const entries = args[0] ?? [];
  if (!Array.isArray(entries)) throw context.malformed('a set that is not made of a list');
  context.spend(entries.length * 16);
  return new Set(entries);
}

/** Only a class: it is named as an argument of `_reconstruct` and never called. */
const arrayClass = (_args: PickleValue[], context: PickleContext): PickleValue => {
  throw context.unsafe('a call of numpy.ndarray');
};

const calls: Record<string, PickleGlobal['call'] | undefined> = Object.assign(Object.create(null), {
  'numpy ndarray': arrayClass,
  'numpy dtype': makeDtype,
  '_codecs encode': encode,
});
for (const core of ['numpy.core', 'numpy._core']) {
  calls[`${core}.multiarray _reconstruct`] = reconstruct;
  calls[`${core}.multiarray scalar`] = scalar;
  calls[`${core}.numeric _frombuffer`] = fromBuffer;
}
for (const builtins of ['builtins', '__builtin__']) {
  calls[`${builtins} set`] = makeSet;
  calls[`${builtins} frozenset`] = makeSet;
  calls[`${builtins} bytes`] = makeBytes;
  calls[`${builtins} bytearray`] = makeBytes;
}

/** The function or class of this name. @throws AdjointError `unsafe-pickle` naming it unless it is on the list above */
export function findGlobal(module: string, name: string, context: PickleContext): PickleGlobal {
  const call = calls[`${module} ${name}`];
  if (!call) throw context.unsafe(`"${printable(module)}.${printable(name)}"`);
  return new PickleGlobal(`${module}.${name}`, call);
}

const printable = (text: string): string => text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');

/** BUILD: gives an array or a dtype its state; nothing else has one here. */
export function buildState(target: PickleValue, state: PickleValue, context: PickleContext): void {
  if (!Array.isArray(state)) throw context.malformed('a state that is not a tuple');
  if (target instanceof PickleDtype) {
    // (3, byte order, subtype, names, fields, size, alignment, flags)
    const [, order, subtype, names] = state;
    if (typeof order !== 'string' || !/^[<>|=]$/.test(order)) throw context.malformed('a dtype without a byte order');
    if (subtype != null || names != null)
      throw context.unsupported('a structured array', 'Save each of its fields as an array of its own.');
    target.order = order;
  } else if (target instanceof PickleArray) {
    const [, sizes, type, fortran, data] = state;
    if (Array.isArray(data)) throw context.unsafe('an array of Python objects');
    const shape = asShape(sizes, context);
    target.value = makeArray(
      shape,
      asDtype(type, context),
      fortran === true || fortran === 1,
      asBytes(data, context),
      context,
    );
  } else throw context.unsafe('to set the state of something that is neither array nor dtype');
}
