import { isMap, isNode, type Document } from 'yaml';
import type { MethodInfo } from '@shared/contract';
import { isObject, type Json } from '../../components/schemaForm/fields';
import { documentOf, edit, ensureMap, plain } from './yamlText';

// The form of an experiment is another way to write its text: it reads the settings out of it and puts single ones back.

/** What the text sets, without its sweep; null for a text that is no YAML, or not one of settings. */
export function settingsOfText(text: string): Json | null {
  const document = documentOf(text);
  const settings = document && plain(document);
  if (!settings) return null;
  const { sweep: _sweep, ...rest } = settings;
  return rest;
}

/** The text with another value at a path; undefined takes it out, and groups that become empty with it. */
export function withSetting(text: string, path: string, value: unknown): string {
  const keys = path.split('.');
  if (value === undefined && !documentOf(text)?.hasIn(keys)) return text;
  return edit(text, (document) => (value === undefined ? takeOut(document, keys) : put(document, keys, value)));
}

function takeOut(document: Document, keys: readonly string[]): void {
  document.deleteIn(keys);
  for (let depth = keys.length - 1; depth > 0; depth--) {
    const group: unknown = document.getIn(keys.slice(0, depth));
    if (!isMap(group) || group.items.length > 0) break;
    document.deleteIn(keys.slice(0, depth));
  }
}

function put(document: Document, keys: readonly string[], value: unknown): void {
  ensureMap(document, keys.slice(0, -1), { flow: true });
  // A group is written on one line, a text of several lines as a block.
  const node = document.createNode(value, { flow: typeof value === 'object' });
  const before = document.getIn(keys, true);
  if (isNode(before)) node.comment = before.comment;
  document.setIn(keys, node);
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
