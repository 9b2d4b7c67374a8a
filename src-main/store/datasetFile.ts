import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { AdjointError } from '@shared/errors';
import { storeError } from './atomic';
import { elementCount, type NdArray } from './ndarray';
import { readNpz, writeNpz } from './npz';
import { PickleArray, pickleKind, readPickle, type PickleValue } from './pickle';
import { writePickle, type PickleOutput } from './pickleWriter';

/** Groups of arrays: a nested dict in a pickle (`splits` → `train`), a prefix in an .npz (`splits_train`). */
const groups = ['splits', 'multipliers'];

/** What the first version called the multipliers. */
const earlierNames = new Map([
  ['multipliers.inequality', 'lambda'],
  ['multipliers.equality', 'nu'],
]);

/**
 * The arrays of a .npz or .pkl file by name; groups are written with a dot (`splits.train`). Lists of numbers count as
 * arrays, everything else that is plain data is passed over.
 *
 * @throws AdjointError `invalid-dataset`, `unsafe-pickle`, `not-found`, `bad-request` for another kind of file
 */
export function readArrays(path: string): Map<string, NdArray> {
  return readArrayFile(path).arrays;
}

export interface ArrayFile {
  arrays: Map<string, NdArray>;
  /** What else the file has, in words by name: it may be what somebody misses among the arrays. */
  others: Map<string, string>;
  /** Single texts by name. */
  texts: Map<string, string>;
}

/** `readArrays`, and what was passed over. */
export function readArrayFile(path: string): ArrayFile {
  const kind = extname(path).toLowerCase();
  if (kind !== '.npz' && kind !== '.pkl' && kind !== '.pickle') throw unknownKind(path);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw storeError(error, path);
  }
  try {
    const file = kind === '.npz' ? arraysOfNpz(bytes) : arraysOfPickle(readPickle(bytes));
    for (const [before, name] of earlierNames) {
      const array = file.arrays.get(before);
      if (!array || file.arrays.has(name)) continue;
      file.arrays.delete(before);
      file.arrays.set(name, array);
    }
    return file;
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { code, what, fix, findings } = error.problem;
    throw new AdjointError(code, what, { where: path, fix, findings, cause: error });
  }
}

/** Encodes arrays as the file's extension says. @throws AdjointError `bad-request` for another kind of file */
export function encodeArrays(
  path: string,
  arrays: ReadonlyMap<string, NdArray>,
  texts: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const kind = extname(path).toLowerCase();
  if (kind === '.npz') {
    const named = [...arrays].map(([name, array]): [string, NdArray] => [name.replace('.', '_'), array]);
    for (const [name, text] of texts) named.push([name, { dtype: 'str', shape: [], data: [text] }]);
    return writeNpz(new Map(named));
  }
  if (kind !== '.pkl' && kind !== '.pickle') throw unknownKind(path);
  const root = new Map<string, PickleOutput>(texts);
  for (const [name, array] of arrays) {
    const [group, member] = name.split('.');
    if (member === undefined) root.set(name, array);
    else {
      const nested = (root.get(group) as Map<string, PickleOutput> | undefined) ?? new Map<string, PickleOutput>();
      root.set(group, nested.set(member, array));
    }
  }
  return writePickle(root);
}

function unknownKind(path: string): AdjointError {
  return new AdjointError('bad-request', 'Datasets are .npz or .pkl files.', {
    where: path,
    fix: 'Give the file one of these extensions.',
  });
}

function arraysOfNpz(bytes: Uint8Array): ArrayFile {
  const prefix = new RegExp(`^(${groups.join('|')})_`);
  const file: ArrayFile = { arrays: new Map(), others: new Map(), texts: new Map() };
  for (const [name, array] of readNpz(bytes)) {
    if (array.dtype === 'str' && array.shape.length === 0) file.texts.set(name, String(array.data[0]));
    else file.arrays.set(name.replace(prefix, '$1.'), array);
  }
  return file;
}

function arraysOfPickle(value: PickleValue): ArrayFile {
  if (!(value instanceof Map))
    throw new AdjointError('invalid-dataset', `The pickle holds ${inWords(value)}, not a dict of arrays.`, {
      fix: "Save a dict with the keys Q, p, A, G, H, h, X, Y and 'splits'.",
    });
  const arrays = new Map<string, NdArray>();
  const others = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const [key, entry] of value) {
    if (typeof key !== 'string') continue;
    if (typeof entry === 'string') texts.set(key, entry);
    const members = entry instanceof Map && groups.includes(key) ? entry : new Map([[null, entry]]);
    for (const [member, item] of members) {
      const array = asArray(item);
      const name = member === null ? key : `${key}.${String(member)}`;
      if (array) arrays.set(name, array);
      else others.set(name, inWords(item));
    }
  }
  return { arrays, others, texts };
}

function inWords(value: PickleValue): string {
  const kind = pickleKind(value);
  if (kind === 'None') return kind;
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

function asArray(value: PickleValue): NdArray | null {
  if (value instanceof PickleArray) return value.value;
  if (!Array.isArray(value)) return null;
  const shape: number[] = [];
  for (let at: PickleValue | undefined = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  const stacked = stack(value);
  if (stacked) return stacked;
  const flat: number[] = [];
  const collect = (item: PickleValue, level: number): boolean => {
    if (typeof item === 'number') return level === shape.length && flat.push(item) > 0;
    if (item instanceof PickleArray || !Array.isArray(item) || item.length !== shape[level]) return false;
    return item.every((child) => collect(child, level + 1));
  };
  // Lists that share their parts could be walked for ever: the size is known before the walk.
  if (elementCount(shape) > 1e8 || !collect(value, 0)) return null;
  return { dtype: 'float64', shape, data: Float64Array.from(flat) };
}

/** A list of arrays of one shape as the array that numpy.stack makes of it, such as the matrices H_i. */
function stack(list: PickleValue[]): NdArray | null {
  const parts = list.flatMap((item) => (item instanceof PickleArray ? [item.value] : []));
  if (parts.length === 0 || parts.length !== list.length) return null;
  const { shape, dtype } = parts[0];
  const size = elementCount(shape);
  const alike = parts.every((part) => part.shape.length === shape.length && part.shape.every((n, i) => n === shape[i]));
  if (!alike || dtype === 'str' || dtype === 'bytes' || size * parts.length > 1e8) return null;
  const data = new Float64Array(size * parts.length);
  parts.forEach((part, i) => data.set(asFloats(part), i * size));
  return { dtype: 'float64', shape: [parts.length, ...shape], data };
}

/** The entries as float64; text has none and gives NaN. */
export function asFloats(array: NdArray): Float64Array {
  return array.data instanceof Float64Array ? array.data : Float64Array.from(array.data as Int32Array, Number);
}
