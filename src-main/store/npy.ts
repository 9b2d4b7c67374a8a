import { AdjointError } from '@shared/errors';
import { byteCount, decodeArray, encodeArray, parseDtype, type NdArray } from './ndarray';

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/**
 * Reads a .npy file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3. `name` is the
 * array's, for errors.
 *
 * @throws AdjointError `invalid-dataset` naming array and byte; `unsafe-pickle` for arrays of Python objects
 */
export function readNpy(bytes: Uint8Array, name: string): NdArray {
  const refuse = (what: string, at: number) =>
    new AdjointError('invalid-dataset', `Array "${name}" ${what} (byte ${at}).`, {
      where: name,
      fix: 'Write the file again; it was probably not written or copied to its end.',
    });
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) throw refuse('is not in .npy format', 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw refuse(`has version ${version} of the format, which does not exist`, 6);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw refuse('is truncated in its header', bytes.length);
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = start + headerLength;
  if (dataStart > bytes.length) throw refuse('is truncated in its header', bytes.length);
  const header = parseHeader(Buffer.from(bytes.subarray(start, dataStart)).toString('latin1'));
  if (!header) throw refuse('has a damaged header', start);
  const { description, fortranOrder, shape } = header;
  if (/^[<>|=]?O/.test(description))
    throw new AdjointError('unsafe-pickle', `Array "${name}" holds Python objects, not numbers.`, {
      where: name,
      fix: 'Save it as an array of numbers.',
    });
  const dtype = parseDtype(description);
  if (!dtype)
    throw new AdjointError('invalid-dataset', `Array "${name}" has the type ${description}, which is not read.`, {
      where: name,
      fix: description.startsWith('[')
        ? 'Save each of its fields as an array of its own.'
        : "Save plain numbers: array.astype('float64').",
    });
  const expected = byteCount(dtype, shape);
  const found = bytes.length - dataStart;
  if (expected !== found)
    throw refuse(
      `should have ${expected} bytes for ${dtype.name}[${shape.join(', ')}] but has ${found}`,
      Math.min(bytes.length, dataStart + expected),
    );
  return decodeArray(dtype, shape, fortranOrder, bytes.subarray(dataStart));
}

/** The header is a Python dict literal with exactly these three keys. */
function parseHeader(text: string): { description: string; fortranOrder: boolean; shape: number[] } | null {
  const fields = new Map<string, string>();
  const body = /^\{([^{}]*)\}\s*$/.exec(text)?.[1];
  if (body === undefined) return null;
  for (const match of body.matchAll(/'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,L]*\)|\[[^\]]*\])/g))
    fields.set(match[1], match[2]);
  const description = fields.get('descr')?.replaceAll("'", '');
  const order = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (!description || (order !== 'True' && order !== 'False') || !shape?.startsWith('(')) return null;
  const sizes = shape.match(/\d+/g) ?? [];
  if (sizes.length > 32) return null;
  return { description, fortranOrder: order === 'True', shape: sizes.map(Number) };
}

/** A .npy file, version 1.0, C order; data begin at a multiple of 64 bytes. */
export function writeNpy(array: NdArray): Uint8Array {
  const { description, bytes } = encodeArray(array);
  const tuple = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`;
  const dictionary = `{'descr': '${description}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const file = new Uint8Array(length + bytes.length);
  file.set(magic);
  file.set([1, 0], 6);
  new DataView(file.buffer).setUint16(8, length - 10, true);
  file.set(Buffer.from(`${dictionary.padEnd(length - 11)}\n`, 'latin1'), 10);
  file.set(bytes, length);
  return file;
}
