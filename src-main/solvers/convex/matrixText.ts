import { AdjointError, type Finding } from '@shared/errors';
import { nestedNumbers, type NdArray } from '../../store/ndarray';
import { isNpz, readNpz } from '../../store/npz';

/** Arrays of a .npz file by name: how many dimensions each may have. */
const dimensionsOf: Record<string, readonly number[] | undefined> = {
  ...{ Q: [1, 2], p: [1], A: [2], b: [1], G: [2], h: [1], H: [2, 3], lower: [1], upper: [1] },
  ...{ cotangent: [1], b_samples: [2], h_samples: [2] },
};
const bounds = ['lower', 'upper'];

/** A problem file as a text of the format matrix-problem/1: itself, or made from the arrays of a .npz file named as there. */
export const matrixTextOf = (bytes: Uint8Array, where: string, name?: string): string =>
  isNpz(bytes) ? textOfArrays(bytes, where, name) : new TextDecoder().decode(bytes);

/**
 * @throws AdjointError `invalid-dataset` for a file that is damaged, `bad-request` naming arrays that are unknown, or have another shape, or
 *   hold what is no number
 */
function textOfArrays(bytes: Uint8Array, where: string, name?: string): string {
  const arrays = readNpz(bytes);
  const findings = [...arrays].flatMap(([key, array]) => findingsOf(key, array));
  const n = variablesOf(arrays);
  if (n === null)
    findings.push({ path: 'Q', message: 'is missing, as are all other arrays that tell how many variables there are' });
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The arrays of this file do not make a problem.', {
      where,
      findings,
      fix: `Known names: ${Object.keys(dimensionsOf).join(', ')}. Leave out what else there is.`,
    });
  const parts = Object.fromEntries([...arrays].map(([key, array]) => [key, nestedNumbers(array)]));
  return JSON.stringify({ format: 'matrix-problem/1', ...(name && { name }), n, ...parts });
}

function findingsOf(path: string, { shape, dtype, data }: NdArray): Finding[] {
  const allowed = dimensionsOf[path];
  if (!allowed) return [{ path, message: 'is no part of a problem' }];
  if (typeof data[0] === 'string' || dtype === 'float16')
    return [{ path, message: `holds ${dtype}, not numbers of double precision` }];
  if (!allowed.includes(shape.length))
    return [{ path, message: `has ${shape.length} dimensions; there should be ${allowed.join(' or ')}` }];
  const isAllowed = bounds.includes(path) ? (value: number) => !Number.isNaN(value) : Number.isFinite;
  const wrong = Array.from(data as ArrayLike<number | bigint>, Number).findIndex((value) => !isAllowed(value));
  return wrong < 0 ? [] : [{ path, message: `holds ${String(data[wrong])} at entry ${wrong}` }];
}

/** n, as any of the arrays tells it. */
function variablesOf(arrays: ReadonlyMap<string, NdArray>): number | null {
  const told = ['Q', 'p', 'lower', 'upper', 'A', 'G'].flatMap((name) => arrays.get(name)?.shape.slice(-1) ?? []);
  return told[0] ?? null;
}
