import { isMap, isNode, parseDocument, type Document } from 'yaml';
import type { MethodInfo } from '@shared/contract';
import type { Json } from '../../components/schemaForm/fields';

// An experiment is a text. The form is another way to write it: it reads the settings out of the text and puts single ones back.

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function documentOf(text: string): Document | null {
  const document = parseDocument(text);
  return document.errors.length === 0 && (document.contents === null || isMap(document.contents)) ? document : null;
}

/** What the text sets, without its sweep; null for a text that is no YAML, or not one of settings. */
export function settingsOfText(text: string): Json | null {
  try {
    const settings: unknown = documentOf(text)?.toJS() ?? null;
    if (!isObject(settings)) return null;
    const { sweep: _sweep, ...rest } = settings;
    return rest;
  } catch {
    return null; // Aliases without end: the engine says so.
  }
}

/** The text with another value at a path; undefined takes it out, and groups that become empty with it. Comments and order stay. */
export function withSetting(text: string, path: string, value: unknown): string {
  const document = documentOf(text);
  if (!document) return text;
  const keys = path.split('.');
  if (value === undefined) {
    if (!document.hasIn(keys)) return text;
    document.deleteIn(keys);
    for (let depth = keys.length - 1; depth > 0; depth--) {
      const group: unknown = document.getIn(keys.slice(0, depth));
      if (!isMap(group) || group.items.length > 0) break;
      document.deleteIn(keys.slice(0, depth));
    }
  } else {
    for (let depth = 1; depth < keys.length; depth++) {
      const group = keys.slice(0, depth);
      if (!isMap(document.getIn(group, true))) document.setIn(group, document.createNode({}, { flow: true }));
    }
    // A group is written on one line, a text of several lines as a block.
    const node = document.createNode(value, { flow: typeof value === 'object' });
    const before = document.getIn(keys, true);
    if (isNode(before)) node.comment = before.comment;
    document.setIn(keys, node);
  }
  return document.toString({ lineWidth: 130 });
}

/**
 * The schema of a kind of experiment, its choices called by the titles of the methods they choose from; null where this version has no such
 * kind.
 */
export function experimentForm(kind: string, methods: readonly MethodInfo[]): Json | null {
  const schema = methods.find((method) => method.family === 'experiment' && method.kind === kind)?.settings;
  return schema ? (titled(schema, methods) as Json) : null;
}

function titled(schema: unknown, methods: readonly MethodInfo[]): unknown {
  if (Array.isArray(schema)) return schema.map((one) => titled(one, methods));
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, titled(value, methods)]));
  for (const union of ['oneOf', 'anyOf'] as const)
    if (Array.isArray(inner[union])) inner[union] = namedMembers(inner[union] as unknown[], methods);
  return inner;
}

/** Members of a union that are all methods of one family get their titles, and their summaries as help. */
function namedMembers(members: unknown[], methods: readonly MethodInfo[]): unknown[] {
  const kinds = members.map(kindOf);
  const known = kinds.filter((kind) => kind !== null);
  const families = new Map<string, Map<string, MethodInfo>>();
  for (const method of methods) {
    if (method.family === 'experiment') continue;
    const family = families.get(method.family) ?? new Map<string, MethodInfo>();
    families.set(method.family, family.set(method.kind, method));
  }
  const family = [...families.values()].find((one) => known.length > 0 && known.every((kind) => one.has(kind)));
  if (!family) return members;
  return members.map((member, i) => {
    const method = family.get(kinds[i] ?? '');
    if (!method || !isObject(member) || !isObject(member.properties)) return member;
    const kind = { ...(member.properties.kind as Json), title: method.title, description: method.summary };
    return { ...member, properties: { ...member.properties, kind } };
  });
}

function kindOf(member: unknown): string | null {
  const kind = isObject(member) && isObject(member.properties) ? member.properties.kind : null;
  return isObject(kind) && typeof kind.const === 'string' ? kind.const : null;
}
