import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { provenanceSchema, type DatasetInfo, type Provenance } from '@shared/datasets';
import { toProblem } from '@shared/errors';
import { storeError, writeFileAtomic } from './atomic';
import { asFloats, encodeArrays, readArrayFile, type ArrayFile } from './datasetFile';
import { describeArray, type NdArray } from './ndarray';
import { checkBounds, checkFinite, checkShapes, checkSplits, splitNames, type SplitName } from './datasetChecks';

export { splitByOrder, splitNames, type SplitName } from './datasetChecks';

/**
 * A labelled family of QCQPs: minimise ½yᵀQy + pᵀy subject to Ay = x, yᵀH_i y + G_iᵀy ≤ h_i (no ½ on H), of which x varies.
 * All arrays are float64, row-major.
 */
export interface Dataset {
  family: 'qcqp';
  /** Variables y, inequality rows, equality rows, instances. */
  n: number;
  m: number;
  e: number;
  N: number;
  /** [n, n] */
  Q: Float64Array;
  /** [n] */
  p: Float64Array;
  /** [e, n] */
  A: Float64Array;
  /** [m, n] */
  G: Float64Array;
  /** [m, n] when `diagonal` (row i is the diagonal of H_i), otherwise [m, n, n]. All 0 where the rows are linear: the file has none. */
  H: Float64Array;
  diagonal: boolean;
  /** [m] */
  h: Float64Array;
  /** Bounds lower ≤ y ≤ upper [n], ±∞ where a variable has none; absent where no variable has one. */
  lower?: Float64Array;
  upper?: Float64Array;
  /** [N, e] */
  X: Float64Array;
  /** [N, n], the labels. */
  Y: Float64Array;
  /** Optimal multipliers of the inequality rows [N, m], the equality rows [N, e] and the bounds [N, n], where the file has them. */
  multipliers: {
    inequality: Float64Array | null;
    equality: Float64Array | null;
    lower?: Float64Array | null;
    upper?: Float64Array | null;
  };
  /** Instances of each split. A file without splits is split 83.3 / 8.3 / 8.3 % by order. */
  splits: Record<SplitName, Int32Array>;
  /** Where a generated dataset comes from. */
  provenance?: Provenance;
}

/**
 * Reads and checks a .npz or .pkl dataset: every array there, every shape in agreement, no NaN or infinity, splits in range
 * and disjoint.
 *
 * @throws AdjointError `invalid-dataset` naming the arrays and the entry (all disagreements are among the findings),
 *   `unsafe-pickle`, `not-found`, `bad-request`
 */
export function readDataset(path: string): Dataset {
  return datasetFrom(readArrayFile(path), path);
}

function datasetFrom(file: ArrayFile, path: string): Dataset {
  const { arrays } = file;
  const { n, m, e, N, diagonal } = checkShapes(file, path);
  const floats = (name: string): Float64Array => {
    const array = arrays.get(name)!;
    const values = asFloats(array);
    checkFinite(name, values, array.shape, path);
    return values;
  };
  const optional = (name: string) => (arrays.has(name) ? floats(name) : null);
  const bounds = checkBounds(file, n, path);
  const provenance = provenanceOf(file);
  return {
    family: 'qcqp',
    ...{ n, m, e, N, diagonal },
    Q: floats('Q'),
    p: floats('p'),
    A: floats('A'),
    G: floats('G'),
    H: optional('H') ?? new Float64Array(m * n),
    h: floats('h'),
    ...bounds,
    X: floats('X'),
    Y: floats('Y'),
    multipliers: {
      inequality: optional('lambda'),
      equality: optional('nu'),
      ...(bounds.lower || bounds.upper ? { lower: optional('lambda_lower'), upper: optional('lambda_upper') } : {}),
    },
    splits: checkSplits(file, N, path),
    ...(provenance && { provenance }),
  };
}

/** Writes a dataset as the extension says, .npz or .pkl. @throws AdjointError `bad-request`, `disk-full`, `not-writable` */
export function writeDataset(path: string, dataset: Dataset): void {
  const arrays = arraysOf(dataset);
  const { provenance } = dataset;
  const texts = new Map<string, string>();
  if (provenance) texts.set('provenance', JSON.stringify({ ...provenance, sha256: digestOf(arrays) }));
  writeFileAtomic(path, encodeArrays(path, arrays, texts), { sync: true });
}

function arraysOf(dataset: Dataset): Map<string, NdArray> {
  const { n, m, e, N, multipliers } = dataset;
  const arrays = new Map<string, NdArray>();
  const put = (name: string, data: Float64Array | null | undefined, ...shape: number[]) => {
    if (data) arrays.set(name, { dtype: 'float64', shape, data });
  };
  put('Q', dataset.Q, n, n);
  put('p', dataset.p, n);
  put('A', dataset.A, e, n);
  put('G', dataset.G, m, n);
  // Without H the rows are linear.
  if (dataset.H.some((value) => value !== 0)) put('H', dataset.H, ...(dataset.diagonal ? [m, n] : [m, n, n]));
  put('h', dataset.h, m);
  put('lower', dataset.lower, n);
  put('upper', dataset.upper, n);
  put('X', dataset.X, N, e);
  put('Y', dataset.Y, N, n);
  put('lambda', multipliers.inequality, N, m);
  put('nu', multipliers.equality, N, e);
  put('lambda_lower', multipliers.lower, N, n);
  put('lambda_upper', multipliers.upper, N, n);
  for (const name of splitNames) {
    const data = BigInt64Array.from(dataset.splits[name], BigInt);
    arrays.set(`splits.${name}`, { dtype: 'int64', shape: [data.length], data });
  }
  return arrays;
}

/** SHA-256 over names, types, shapes and bytes of the arrays in the order of their names: the same for a copy in the other format. */
function digestOf(arrays: ReadonlyMap<string, NdArray>): string {
  const hash = createHash('sha256');
  for (const name of [...arrays.keys()].sort()) {
    const array = arrays.get(name)!;
    hash.update(`${name} ${describeArray(array)}\n`);
    if (Array.isArray(array.data)) hash.update(array.data.join('\n'));
    else hash.update(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength));
  }
  return hash.digest('hex');
}

/** What the file says of its origin; null where it says nothing that we understand. */
function provenanceOf({ texts }: ArrayFile): Provenance | null {
  const text = texts.get('provenance');
  if (text === undefined) return null;
  try {
    return provenanceSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** What a file holds, checked. Never throws for a bad file: `problem` says what is wrong, and the rest what could be read. */
export function inspectDataset(path: string): DatasetInfo {
  const info: DatasetInfo = {
    name: basename(path).replace(/\.(npz|pkl|pickle)$/i, ''),
    path,
    bytes: 0,
    modifiedAt: null,
    builtIn: false,
    family: null,
    dims: {},
    arrays: [],
    splits: {},
    provenance: null,
    labels: null,
    problem: null,
  };
  try {
    const { size, mtime } = statSync(path);
    info.bytes = size;
    info.modifiedAt = mtime.toISOString();
    const file = readArrayFile(path);
    const { arrays } = file;
    info.arrays = [...arrays].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    for (const name of splitNames) {
      const split = arrays.get(`splits.${name}`);
      if (split) info.splits[name] = split.shape[0] ?? 0;
    }
    const { n, m, e, N, splits, provenance } = datasetFrom(file, path);
    info.family = provenance?.family ?? 'qcqp';
    if (provenance) info.provenance = { ...provenance, intact: digestOf(arrays) === provenance.sha256 };
    info.dims = { n, m, e, N };
    info.splits = Object.fromEntries(splitNames.map((name) => [name, splits[name].length]));
  } catch (error) {
    info.problem = toProblem(error, path);
  }
  return info;
}

/** SHA-256 of a file's bytes, hexadecimal: how a run remembers the dataset it used. @throws AdjointError as the system says */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw storeError(error, path);
  }
  return hash.digest('hex');
}
