import { isMap, parseDocument, type CreateNodeOptions, type Document } from 'yaml';
import type { Json } from '../../components/schemaForm/fields';

// An experiment is a text. What forms change in it they change in place, so that comments and order stay.

/** The text as YAML; null for one that is none, or not one of settings. */
export function documentOf(text: string): Document | null {
  const document = parseDocument(text);
  return document.errors.length === 0 && isMap(document.contents) ? document : null;
}

/** What it says; null where aliases have no end: the engine says so. */
export function plain(document: Document): Json | null {
  try {
    return document.toJS() as Json;
  } catch {
    return null;
  }
}

/** The text after a change; one that is no YAML stays as it is. */
export function edit(text: string, change: (document: Document) => void): string {
  const document = documentOf(text);
  if (!document) return text;
  change(document);
  return document.toString({ lineWidth: 130 });
}

/** Makes the groups along a path that are not there yet. */
export function ensureMap(document: Document, path: readonly string[], how: CreateNodeOptions = {}): void {
  for (let depth = 1; depth <= path.length; depth++) {
    const at = path.slice(0, depth);
    if (!isMap(document.getIn(at, true))) document.setIn(at, document.createNode({}, how));
  }
}
