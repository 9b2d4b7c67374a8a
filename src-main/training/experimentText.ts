import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Finding } from '@shared/errors';
import { type Experiment, experimentSchemas, jsonSchema } from './experimentSchema';
import { nearest } from './nearest';

export interface ParsedExperiment {
  /** With every default filled in; null if there are findings. */
  experiment: Experiment | null;
  findings: Finding[];
}

/** A file of more characters is no experiment, and would keep the checker busy for minutes. */
const longestText = 100_000;

type Path = readonly (string | number)[];
type Schema = Record<string, unknown>;

/**
 * Checks an experiment file. Every problem is a finding with its path, its place in the text and, where a key or value looks
 * misspelt, the nearest valid one.
 */
export function parseExperiment(yaml: string): ParsedExperiment {
  if (yaml.length > longestText) {
    const message = `the file has ${yaml.length} characters; an experiment has at most ${longestText}`;
    return { experiment: null, findings: [{ path: '', message, line: 1, column: 1 }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error) => ({
    path: '',
    message: syntaxMessage(error, yaml),
    ...place(lines, error.pos[0]),
  }));
  if (syntax.length > 0) return { experiment: null, findings: syntax };
  if (!isMap(document.contents)) {
    const message = document.contents === null ? 'the experiment is empty' : 'expected settings (key: value)';
    return { experiment: null, findings: [{ path: '', message, line: 1, column: 1 }] };
  }

  const kinds = Object.keys(experimentSchemas);
  let value: Record<string, unknown>;
  try {
    value = document.toJS() as Record<string, unknown>;
  } catch (error) {
    // Aliases of aliases that would fill the memory.
    return {
      experiment: null,
      findings: [{ path: '', message: lowerFirst((error as Error).message), line: 1, column: 1 }],
    };
  }
  const kind = value.kind ?? 'training';
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    const message = `there is no kind of experiment “${String(kind)}”; known: ${kinds.join(', ')}`;
    const suggestion = nearest(String(kind), kinds);
    const finding = { path: 'kind', message, ...placeOf(document, lines, ['kind']), ...(suggestion && { suggestion }) };
    return { experiment: null, findings: [finding] };
  }

  const schema = experimentSchemas[kind as keyof typeof experimentSchemas];
  const result = schema.safeParse(value);
  if (result.success) return { experiment: result.data, findings: [] };
  const findings = result.error.issues.flatMap((issue) => explain(issue, value, jsonSchema(schema)));
  return {
    experiment: null,
    findings: findings.map(({ at, isKey, ...finding }) => ({
      path: pathText(at),
      ...finding,
      ...placeOf(document, lines, at, isKey),
    })),
  };
}

/** What the parser found, in words that say what to do where its own do not. */
function syntaxMessage({ code, message, pos }: Document['errors'][number], yaml: string): string {
  if (code === 'DUPLICATE_KEY')
    return `the key “${/^[^\s:,}]*/.exec(yaml.slice(pos[0]))?.[0]}” is there twice: keep one`;
  if (code === 'TAB_AS_INDENT') return 'tabs cannot indent: use spaces';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here: an experiment is one document';
  return message;
}

interface Explained extends Omit<Finding, 'path' | 'line' | 'column'> {
  at: Path;
  /** The place is the key itself, not its value. */
  isKey: boolean;
}

function explain(issue: z.core.$ZodIssue, value: unknown, root: Schema): Explained[] {
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

function keysAt(root: Schema, value: unknown, at: Path): string[] {
  const schema = schemaAt(root, value, at);
  return Object.keys((schema?.properties as object | undefined) ?? {});
}

/** The JSON Schema of one place, following the `kind` that the value has on the way. */
function schemaAt(root: Schema, value: unknown, at: Path): Schema | undefined {
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

function placeOf(document: Document, lines: LineCounter, at: Path, isKey = false) {
  if (isKey) {
    const parent = document.getIn(at.slice(0, -1), true) ?? document.contents;
    const key = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === at.at(-1))?.key
      : null;
    if (isNode(key) && key.range) return place(lines, key.range[0]);
  }
  // A missing setting is reported where its nearest ancestor begins.
  for (let depth = at.length; depth >= 0; depth--) {
    const node = (depth === 0 ? document.contents : document.getIn(at.slice(0, depth), true)) as Node | undefined;
    if (isNode(node) && node.range) return place(lines, node.range[0]);
  }
  return {};
}

function place(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

function show(value: unknown): string {
  if (typeof value === 'string') return `“${value}”`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'settings';
  return String(value);
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
