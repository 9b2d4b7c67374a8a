import type { z } from 'zod';
import type { Finding } from '@shared/errors';
import { nearest } from './nearest';
import { lowerFirst, type Path } from './settingsText';

export type Schema = Record<string, unknown>;

/** A finding before it is known where in the text it stands. */
export interface Explained extends Omit<Finding, 'path' | 'line' | 'column'> {
  at: Path;
  /** The place is the key itself, not its value. */
  isKey: boolean;
}

/** An issue of a schema in words that name what would be valid; `root` is the JSON Schema of what was checked. */
export function explain(issue: z.core.$ZodIssue, value: unknown, root: Schema): Explained[] {
  const at = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(root, value, at);
    return issue.keys.map((key) => {
      const suggestion = nearest(key, known);
      const message = `unknown key “${key}”; known here: ${known.join(', ')}`;
      return { at: [...at, key], isKey: true, message, ...(suggestion && { suggestion }) };
    });
  }
  const found = at.reduce<unknown>((parent, key) => (parent as Record<string, unknown> | undefined)?.[key], value);
  const allowed = allowedValues(issue, value, root, at);
  if (allowed.length > 0 && found !== undefined) {
    const suggestion = typeof found === 'string' ? nearest(found, allowed) : undefined;
    const message = `${show(found)} is not one of ${allowed.join(', ')}`;
    return [{ at, isKey: false, message, ...(suggestion && { suggestion }) }];
  }
  if (issue.code === 'invalid_type' && found !== undefined)
    return [
      { at, isKey: false, message: `expected ${typeNames[issue.expected] ?? issue.expected}, found ${show(found)}` },
    ];
  if (found === undefined && allowed.length > 0)
    return [{ at, isKey: false, message: `is missing; one of ${allowed.join(', ')}` }];
  return [{ at, isKey: false, message: boundMessage(issue) ?? lowerFirst(issue.message) }];
}

function boundMessage(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const [low, bound] = issue.code === 'too_small' ? [true, issue.minimum] : [false, issue.maximum];
  if (issue.origin === 'string') return low ? 'must not be empty' : `must have at most ${bound} characters`;
  const relation = issue.inclusive === false ? (low ? 'greater than' : 'less than') : low ? 'at least' : 'at most';
  return issue.origin === 'array' ? `must have ${relation} ${bound} entries` : `must be ${relation} ${bound}`;
}

const typeNames: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings (key: value)',
};

/** The values that an enum or the `kind` of a method may take. */
function allowedValues(issue: z.core.$ZodIssue, value: unknown, root: Schema, at: Path): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union' || at.at(-1) !== 'kind') return [];
  const parent = schemaAt(root, value, at.slice(0, -1));
  return branches(parent).flatMap((branch) => kindOf(branch) ?? []);
}

/** Keys that are known at one place, following the kinds that the value has on the way. */
export function keysAt(root: Schema, value: unknown, at: Path): string[] {
  const schema = schemaAt(root, value, at);
  return Object.keys((schema?.properties as object | undefined) ?? {});
}

/** The JSON Schema of one place, following the `kind` that the value has on the way. */
export function schemaAt(root: Schema, value: unknown, at: Path): Schema | undefined {
  let schema: Schema | undefined = choose(root, value);
  let here: unknown = value;
  for (const key of at) {
    here = (here as Record<string, unknown> | undefined)?.[key];
    const properties = schema?.properties as Record<string, Schema> | undefined;
    schema = choose(properties?.[key] ?? (schema?.items as Schema | undefined), here);
  }
  return schema;
}

function choose(schema: Schema | undefined, value: unknown): Schema | undefined {
  const kind = (value as { kind?: unknown } | undefined)?.kind;
  return branches(schema).find((branch) => kindOf(branch) === kind) ?? schema;
}

function branches(schema: Schema | undefined): Schema[] {
  return ((schema?.oneOf ?? schema?.anyOf) as Schema[] | undefined) ?? [];
}

function kindOf(schema: Schema): string | undefined {
  return ((schema.properties as Record<string, Schema> | undefined)?.kind?.const as string | undefined) ?? undefined;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `“${value}”`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'settings';
  return String(value);
}
