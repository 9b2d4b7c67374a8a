import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatasetInfo } from '@shared/contract';
import { toProblem } from '@shared/errors';
import { storeError, writeFileAtomic } from './atomic';
import { asFloats, encodeArrays, readArrayFile, type ArrayFile } from './datasetFile';
import type { NdArray } from './ndarray';
import { checkFinite, checkShapes, checkSplits, splitNames, type SplitName } from './datasetChecks';

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
  /** [m, n] when `diagonal` (row i is the diagonal of H_i), otherwise [m, n, n]. */
  H: Float64Array;
  diagonal: boolean;
  /** [m] */
  h: Float64Array;
  /** [N, e] */
  X: Float64Array;
  /** [N, n], the labels. */
  Y: Float64Array;
  /** Optimal multipliers of the inequality rows [N, m] and the equality rows [N, e], where the file has them. */
  multipliers: { inequality: Float64Array | null; equality: Float64Array | null };
  /** Instances of each split. A file without splits is split 83.3 / 8.3 / 8.3 % by order. */
  splits: Record<SplitName, Int32Array>;
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
  return {
    family: 'qcqp',
    ...{ n, m, e, N, diagonal },
    Q: floats('Q'),
    p: floats('p'),
    A: floats('A'),
    G: floats('G'),
    H: floats('H'),
    h: floats('h'),
    X: floats('X'),
    Y: floats('Y'),
    multipliers: { inequality: optional('multipliers.inequality'), equality: optional('multipliers.equality') },
    splits: checkSplits(file, N, path),
  };
}

/** Writes a dataset as the extension says, .npz or .pkl. @throws AdjointError `bad-request`, `disk-full`, `not-writable` */
export function writeDataset(path: string, dataset: Dataset): void {
  const { n, m, e, N } = dataset;
  const arrays = new Map<string, NdArray>();
  const put = (name: string, data: Float64Array | null, ...shape: number[]) => {
    if (data) arrays.set(name, { dtype: 'float64', shape, data });
  };
  put('Q', dataset.Q, n, n);
  put('p', dataset.p, n);
  put('A', dataset.A, e, n);
  put('G', dataset.G, m, n);
  put('H', dataset.H, ...(dataset.diagonal ? [m, n] : [m, n, n]));
  put('h', dataset.h, m);
  put('X', dataset.X, N, e);
  put('Y', dataset.Y, N, n);
  put('multipliers.inequality', dataset.multipliers.inequality, N, m);
  put('multipliers.equality', dataset.multipliers.equality, N, e);
  for (const name of splitNames) {
    const data = BigInt64Array.from(dataset.splits[name], BigInt);
    arrays.set(`splits.${name}`, { dtype: 'int64', shape: [data.length], data });
  }
  writeFileAtomic(path, encodeArrays(path, arrays), { sync: true });
}

/** What a file holds, checked. Never throws for a bad file: `problem` says what is wrong, and the rest what could be read. */
export function inspectDataset(path: string): DatasetInfo {
  const info: DatasetInfo = {
    name: basename(path).replace(/\.(npz|pkl|pickle)$/i, ''),
    path,
    bytes: 0,
    family: null,
    dims: {},
    arrays: [],
    splits: {},
    problem: null,
  };
  try {
    info.bytes = statSync(path).size;
    const file = readArrayFile(path);
    const { arrays } = file;
    info.arrays = [...arrays].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    for (const name of splitNames) {
      const split = arrays.get(`splits.${name}`);
      if (split) info.splits[name] = split.shape[0] ?? 0;
    }
    const { n, m, e, N, splits } = datasetFrom(file, path);
    info.family = 'qcqp';
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
