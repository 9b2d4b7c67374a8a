import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Finding } from '@shared/errors';

/** A file of more characters is no experiment, and would keep the checker busy for minutes. */
const longestText = 100_000;

export type Path = readonly (string | number)[];

/** A file of settings: its values, and where each of them stands in the text. */
export interface SettingsText {
  value: Record<string, unknown>;
  document: Document;
  lines: LineCounter;
}

/** Reads YAML as settings; what is no such file is told by findings. */
export function readSettingsText(yaml: string): SettingsText | { findings: Finding[] } {
  if (yaml.length > longestText)
    return atBeginning(`the file has ${yaml.length} characters; an experiment has at most ${longestText}`);
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error) => ({
    path: '',
    message: syntaxMessage(error, yaml),
    ...place(lines, error.pos[0]),
  }));
  if (syntax.length > 0) return { findings: syntax };
  if (!isMap(document.contents))
    return atBeginning(document.contents === null ? 'the experiment is empty' : 'expected settings (key: value)');
  try {
    return { value: document.toJS() as Record<string, unknown>, document, lines };
  } catch (error) {
    // Aliases of aliases that would fill the memory.
    return atBeginning(lowerFirst((error as Error).message));
  }
}

const atBeginning = (message: string) => ({ findings: [{ path: '', message, line: 1, column: 1 }] });

/** What the parser found, in words that say what to do where its own do not. */
function syntaxMessage({ code, message, pos }: Document['errors'][number], yaml: string): string {
  if (code === 'DUPLICATE_KEY')
    return `the key “${/^[^\s:,}]*/.exec(yaml.slice(pos[0]))?.[0]}” is there twice: keep one`;
  if (code === 'TAB_AS_INDENT') return 'tabs cannot indent: use spaces';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here: an experiment is one document';
  return message;
}

/** Line and column of a setting (or of its key), or of its nearest ancestor where it is not written down. */
export function placeOf({ document, lines }: SettingsText, at: Path, isKey = false) {
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

export function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
