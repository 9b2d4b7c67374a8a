import { AdjointError } from '@shared/errors';
import { nestedNumbers } from '../store/ndarray';
import { readNpz } from '../store/npz';

/** Where each array belongs in the format `hypergradient/1`, and how many dimensions it has. */
const places: Record<string, { part: 'upper' | 'lower'; dimensions: number }> = {
  ...Object.fromEntries(['Qxx', 'Qyy', 'Qxy'].map((name) => [name, { part: 'upper' as const, dimensions: 2 }])),
  ...Object.fromEntries(['cx', 'cy'].map((name) => [name, { part: 'upper' as const, dimensions: 1 }])),
  constant: { part: 'upper', dimensions: 0 },
  ...Object.fromEntries(['Q', 'P', 'A', 'B'].map((name) => [name, { part: 'lower' as const, dimensions: 2 }])),
  ...Object.fromEntries(
    ['c', 'q', 'b', 'lower', 'upper'].map((name) => [name, { part: 'lower' as const, dimensions: 1 }]),
  ),
};
/** The box of x. */
const boxes: Record<string, 'lower' | 'upper'> = { xLower: 'lower', xUpper: 'upper' };

/**
 * The arrays of a .npz file, named as in `hypergradient/1` (Q is needed, and x, the point to start from; xLower and xUpper are the box of
 * x), as a text of that format. No digit is lost.
 *
 * @throws AdjointError `invalid-dataset` for a file that is damaged, `bad-request` naming arrays that are missing, unknown or have another shape
 */
export function textOfArrays(bytes: Uint8Array, where: string): string {
  const arrays = readNpz(bytes);
  const findings: { path: string; message: string }[] = [];
  const file: { upper: Record<string, unknown>; lower: Record<string, unknown>; x: unknown } = {
    ...{ upper: {}, lower: {}, x: [] },
  };
  const domain: Record<string, unknown> = {};
  for (const [name, array] of arrays) {
    const place = places[name] ?? (name === 'x' || name in boxes ? { part: null, dimensions: 1 } : null);
    if (!place) findings.push({ path: name, message: 'is no part of a bilevel problem' });
    else if (typeof array.data[0] === 'string' || array.dtype === 'float16')
      findings.push({ path: name, message: `holds ${array.dtype}, not numbers of double precision` });
    else if (array.shape.length !== place.dimensions)
      findings.push({
        path: name,
        message: `has ${array.shape.length} dimensions; there should be ${place.dimensions}`,
      });
    else if (Array.from(array.data as ArrayLike<number | bigint>, Number).some(Number.isNaN))
      findings.push({ path: name, message: 'holds NaN' });
    else if (place.part) file[place.part][name] = nestedNumbers(array);
    else if (name === 'x') file.x = nestedNumbers(array);
    else domain[boxes[name]] = nestedNumbers(array);
  }
  for (const name of ['Q', 'x']) if (!arrays.has(name)) findings.push({ path: name, message: 'is missing' });
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The arrays of this file do not make a bilevel problem.', {
      where,
      findings,
      fix: `Known names: ${[...Object.keys(places), 'x', ...Object.keys(boxes)].join(', ')}. Q and x are needed.`,
    });
  if (Object.keys(domain).length > 0) file.upper.domain = domain;
  return JSON.stringify({ format: 'hypergradient/1', ...file });
}
