import type { Finding } from '@shared/errors';

/** A problem of the format `bilevel/1` as an editor has it: one text a part, a constraint a line. */
export interface BilevelDraft {
  name: string;
  x: string;
  y: string;
  upper: string;
  upperRows: string;
  lower: string;
  lowerRows: string;
  start: string;
}

export const emptyDraft: BilevelDraft = {
  name: 'My problem',
  x: 'x1, x2',
  y: 'y1, y2',
  upper: '(x1 - 1)^2 + (x2 - 1)^2 + y1 + y2',
  upperRows: '',
  lower: '1/2*(y1^2 + y2^2) - x1*y1 - x2*y2',
  lowerRows: 'y1 <= 1\ny1 >= -1\ny2 <= 1\ny2 >= -1',
  start: '0, 0',
};

type Parts = Record<string, unknown>;
const isParts = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown, between: string): string =>
  Array.isArray(value) ? value.map(String).join(between) : '';

/** The parts of a file's text; null where it is not of the format: then there is nothing to edit part by part. */
export function draftOf(text: string): BilevelDraft | null {
  const file = parse(text);
  if (!isParts(file) || file.format !== 'bilevel/1') return null;
  const level = (name: string): Parts => (isParts(file[name]) ? file[name] : {});
  const [upper, lower] = [level('upper'), level('lower')];
  return {
    name: textOf(file.name),
    ...{ x: listOf(file.x, ', '), y: listOf(file.y, ', '), start: listOf(file.start, ', ') },
    ...{ upper: textOf(upper.minimize), upperRows: listOf(upper.subjectTo, '\n') },
    ...{ lower: textOf(lower.minimize), lowerRows: listOf(lower.subjectTo, '\n') },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

const names = (text: string): string[] => text.split(/[\s,;]+/).filter((part) => part !== '');
/** An empty line is no constraint, but keeps its number: findings name lines. */
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== ''); // prettier-ignore

/** The text of the file. What is no number in the start is left for the reader to refuse. */
export function textOfDraft({ name, x, y, upper, upperRows, lower, lowerRows, start }: BilevelDraft): string {
  const numbers = names(start).map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
  const file = {
    format: 'bilevel/1',
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...{ x: names(x), y: names(y) },
    upper: { minimize: upper.trim(), subjectTo: lines(upperRows) },
    lower: { minimize: lower.trim(), subjectTo: lines(lowerRows) },
    ...(numbers.length > 0 ? { start: numbers } : {}),
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

export type DraftField = keyof BilevelDraft;

export interface FieldFinding {
  message: string;
  /** The expression with the wrong character, and where in it that is, from 0. */
  at: { line: string; column: number } | null;
}

const fields: [RegExp, DraftField][] = [
  [/^name/, 'name'],
  [/^x/, 'x'],
  [/^y/, 'y'],
  [/^upper\.minimize/, 'upper'],
  [/^upper\.subjectTo/, 'upperRows'],
  [/^upper/, 'upper'],
  [/^lower\.minimize/, 'lower'],
  [/^lower\.subjectTo/, 'lowerRows'],
  [/^lower/, 'lower'],
  [/^start/, 'start'],
];

/** Findings by the field that they concern; those of none are left out. */
export function findingsByField(draft: BilevelDraft, findings: readonly Finding[]): Partial<Record<DraftField, FieldFinding[]>> {
  const found: Partial<Record<DraftField, FieldFinding[]>> = {};
  for (const { path, message, column } of findings) {
    const field = fields.find(([pattern]) => pattern.test(path))?.[1];
    if (!field) continue;
    const row = /\[(\d+)\]/.exec(path);
    const line = row ? (lines(draft[field])[Number(row[1])] ?? '') : draft[field].trim();
    const at = column === undefined ? null : { line, column: column - 1 };
    (found[field] ??= []).push({ message: row ? `${line}: ${message}` : message, at });
  }
  return found;
} // prettier-ignore
