import { AdjointError, type Finding } from '@shared/errors';
import { missingHint } from './datasetHints';
import { asFloats, type ArrayFile } from './datasetFile';
import { describeArray } from './ndarray';

const required = ['Q', 'p', 'A', 'G', 'h', 'X', 'Y'];
/** Without H the rows are linear. */
const optional = ['H', 'lower', 'upper'];
export const splitNames = ['train', 'valid', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** One error for everything that is wrong: the first in a sentence, all of them as findings. */
function refuse(path: string, findings: Finding[], fix: string): AdjointError {
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new AdjointError('invalid-dataset', `${findings[0].message}${more}.`, { where: path, fix, findings });
}

export interface Dimensions {
  n: number;
  m: number;
  e: number;
  N: number;
  /** H holds diagonals, or there is none. */
  diagonal: boolean;
}

/**
 * Checks that every array is there and that their shapes agree; each disagreement names both arrays.
 *
 * @throws AdjointError `invalid-dataset`
 */
export function checkShapes(file: ArrayFile, path: string): Dimensions {
  const { arrays, others } = file;
  // What is there and no array is not passed over: its rows would silently be others.
  const missing = [...required, ...optional.filter((name) => others.has(name))].filter((name) => !arrays.has(name));
  if (missing.length > 0) {
    const findings = missing.map((name) => ({
      path: name,
      message: others.has(name) ? `${name} is ${others.get(name)}, not an array` : `Array ${name} is missing`,
    }));
    const there = [...arrays.keys(), ...others.keys()].join(', ') || 'no arrays';
    const fix = `A QCQP dataset has the arrays ${required.join(', ')}; this file has ${there}.`;
    const hint = missingHint(file, missing);
    throw refuse(path, findings, hint ? `${fix} ${hint}` : fix);
  }
  const findings: Finding[] = [];
  const shape = (name: string): number[] => arrays.get(name)?.shape ?? [];
  const note = (name: string, message: string) => findings.push({ path: name, message });
  for (const [name, array] of arrays)
    if (
      (array.dtype === 'str' || array.dtype === 'bytes') &&
      ([...required, ...optional].includes(name) || name.includes('.'))
    )
      note(name, `${name} is ${describeArray(array)}; it must hold numbers`);
  const ranks: [string, number[]][] = [
    ...['Q', 'A', 'G', 'X', 'Y'].map((name): [string, number[]] => [name, [2]]),
    ['p', [1]],
    ['h', [1]],
    ['H', [2, 3]],
    ['lower', [1]],
    ['upper', [1]],
  ];
  for (const [name, allowed] of ranks)
    if (arrays.has(name) && !allowed.includes(shape(name).length))
      note(
        name,
        `${name} has ${shape(name).length} axes (${describeArray(arrays.get(name)!)}) where ${allowed.join(' or ')} are needed`,
      );
  const fix =
    'Make the arrays agree: Q[n,n] p[n] A[e,n] G[m,n] H[m,n] or [m,n,n] h[m] X[N,e] Y[N,n], lower[n] upper[n].';
  if (findings.length > 0) throw refuse(path, findings, fix);

  const agree = (left: string, leftAxis: number, right: string, rightAxis: number) => {
    const [a, b] = [shape(left)[leftAxis], shape(right)[rightAxis]];
    if (a !== b)
      note(
        left,
        `${left} has ${a} ${unit(left, leftAxis, shape)} but ${right} has ${b}${other(left, leftAxis, right, rightAxis, shape)}`,
      );
  };
  if (shape('Q')[0] !== shape('Q')[1])
    note('Q', `Q has ${shape('Q')[0]} rows and ${shape('Q')[1]} columns; it must be square`);
  agree('p', 0, 'Q', 1);
  agree('A', 1, 'Q', 1);
  agree('G', 1, 'Q', 1);
  agree('G', 0, 'h', 0);
  if (arrays.has('H')) {
    agree('H', 0, 'G', 0);
    agree('H', 1, 'Q', 1);
  }
  for (const name of ['lower', 'upper']) if (arrays.has(name)) agree(name, 0, 'Q', 1);
  if (shape('H').length === 3) agree('H', 2, 'Q', 1);
  agree('X', 1, 'A', 0);
  agree('Y', 1, 'Q', 1);
  agree('Y', 0, 'X', 0);
  const [[, n], [m], [e], [N]] = [shape('Q'), shape('G'), shape('A'), shape('X')];
  for (const [name, size, of] of [
    ['lambda', m, 'G'],
    ['nu', e, 'A'],
    ['lambda_lower', n, 'Y'],
    ['lambda_upper', n, 'Y'],
  ] as const) {
    const found = arrays.get(name);
    if (found && (found.shape.length !== 2 || found.shape[0] !== N || found.shape[1] !== size))
      note(name, `${name} is ${describeArray(found)} but X has ${N} rows and ${of} has ${size}`);
  }
  if (findings.length > 0) throw refuse(path, findings, fix);
  if (n === 0 || N === 0)
    throw refuse(path, [{ path: n === 0 ? 'Q' : 'X', message: `${n === 0 ? 'Q' : 'X'} is empty` }], fix);
  return { n, m, e, N, diagonal: shape('H').length !== 3 };
}

/** What an axis counts, in words. */
function unit(name: string, axis: number, shape: (name: string) => number[]): string {
  if (shape(name).length === 1) return 'entries';
  return shape(name).length === 3 && axis > 0 ? 'variables' : axis === 0 ? 'rows' : 'columns';
}

/** The other side's unit, where leaving it out would mislead. */
function other(
  left: string,
  leftAxis: number,
  right: string,
  rightAxis: number,
  shape: (name: string) => number[],
): string {
  const own = unit(right, rightAxis, shape);
  return own === unit(left, leftAxis, shape) || own === 'entries' ? '' : ` ${own}`;
}

/** @throws AdjointError `invalid-dataset` naming the first entry that is NaN or infinite, and how many there are */
export function checkFinite(name: string, values: Float64Array, shape: readonly number[], path: string): void {
  const first = values.findIndex((value) => value - value !== 0);
  if (first < 0) return;
  const count = values.reduce((sum, value) => sum + (value - value !== 0 ? 1 : 0), 0);
  const place = indexOf(first, shape).join(', ');
  const found = Number.isNaN(values[first]) ? 'NaN' : String(values[first]);
  const more = count > 1 ? `, ${count} entries in all` : '';
  const finding = { path: `${name}[${place}]`, message: `${name}[${place}] is ${found}${more}` };
  throw refuse(path, [finding], 'Remove these instances or solve them again.');
}

/** Bounds where the file has them; ±∞ is no bound. @throws AdjointError `invalid-dataset` for NaN or a lower bound above the upper one */
export function checkBounds(
  { arrays }: ArrayFile,
  n: number,
  path: string,
): { lower?: Float64Array; upper?: Float64Array } {
  const [lower, upper] = ['lower', 'upper'].map((name) => arrays.get(name) && asFloats(arrays.get(name)!));
  const findings: Finding[] = [];
  for (let j = 0; j < n; j++) {
    const [low, high] = [lower?.[j] ?? -Infinity, upper?.[j] ?? Infinity];
    // Written so that NaN is refused too.
    if (!(low <= high))
      findings.push({ path: `lower[${j}]`, message: `Variable ${j} has the bounds ${low} and ${high}` });
  }
  if (findings.length > 0)
    throw refuse(path, findings, 'Give every variable lower ≤ upper, ±inf where it has no bound.');
  return { ...(lower && { lower }), ...(upper && { upper }) };
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}

/**
 * Splits as instance numbers, or 83.3 / 8.3 / 8.3 % by order where the file has none.
 *
 * @throws AdjointError `invalid-dataset` when a split is missing, out of range, or shares an instance with another
 */
export function checkSplits({ arrays, others }: ArrayFile, N: number, path: string): Record<SplitName, Int32Array> {
  const fix = 'Give splits.train, splits.valid and splits.test instance numbers from 0 to N − 1, none of them twice.';
  const present = [...arrays.keys()].filter((name) => name.startsWith('splits.'));
  const odd = [...others].find(([name]) => name === 'splits' || name.startsWith('splits.'));
  if (odd) throw refuse(path, [{ path: odd[0], message: `${odd[0]} is ${odd[1]}` }], fix);
  if (arrays.has('splits'))
    throw refuse(path, [{ path: 'splits', message: 'splits is one array, not a dict of three' }], fix);
  if (present.length === 0) return splitByOrder(N);
  const owner = new Map<number, string>();
  const result = {} as Record<SplitName, Int32Array>;
  const fail = (name: string, message: string): never => {
    throw refuse(path, [{ path: `splits.${name}`, message }], fix);
  };
  for (const name of splitNames) {
    const array = arrays.get(`splits.${name}`);
    if (!array) {
      const rename = name === 'valid' && present.find((other) => /^splits\.(val|validation|dev)$/.test(other));
      const message = `Split ${name} is missing; the file has ${present.join(', ')}`;
      return fail(name, rename ? `${message}: rename ${rename} to splits.valid` : message);
    }
    if (array.shape.length !== 1) return fail(name, `splits.${name} is ${describeArray(array)}; it must have one axis`);
    const values = array.dtype === 'bool' ? null : asFloats(array);
    if (!values)
      return fail(name, `splits.${name} is a mask of booleans; it must hold instance numbers: numpy.flatnonzero(mask)`);
    values.forEach((value, i) => {
      if (!Number.isInteger(value) || value < 0 || value >= N)
        fail(name, `splits.${name}[${i}] is ${value}, but there are instances 0 to ${N - 1}`);
      const before = owner.get(value);
      if (before !== undefined)
        fail(
          name,
          before === name
            ? `Instance ${value} is twice in split ${name}`
            : `Instance ${value} is in splits ${before} and ${name}`,
        );
      owner.set(value, name);
    });
    result[name] = Int32Array.from(values);
  }
  return result;
}

/** Train, validation and test instances of N: 83.3 / 8.3 / 8.3 % by order. Three instances are the fewest that give each one. */
export function splitByOrder(N: number): Record<SplitName, Int32Array> {
  const held = N < 3 ? 0 : Math.max(1, Math.round(N / 12));
  const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, i) => start + i);
  return { train: range(0, N - 2 * held), valid: range(N - 2 * held, N - held), test: range(N - held, N) };
}
