import type { BilevelSource } from '@shared/landscape';
import type { Json } from '../../components/schemaForm/fields';
import type { ProblemChoice } from './bilevelExperiment';

interface Address {
  name: string;
  settings: Json;
  path: string;
}

/** The problem that an address names; null where it names none. */
export function sourceOf(from: string, { name, settings, path, text }: Address & { text: string | null }): BilevelSource | null {
  switch (from) {
    case 'family':
      return { kind: 'family', family: name, settings };
    case 'case':
      return { kind: 'case', name };
    case 'file':
      return path === '' ? null : { kind: 'file', path };
    case 'text':
      return text === null ? null : { kind: 'text', text, name: 'the editor' };
    default:
      return null;
  }
} // prettier-ignore

/** What an experiment calls it; null where an experiment cannot name it. */
export function bilevelChoice(from: string, { name, settings, path, title, text }: Address & { title: string; text: string | null }): ProblemChoice | null {
  if (from === 'case') return { problem: { kind: 'file', path: `bilevel/${name}.json` }, title };
  if (from === 'text' && text !== null) return { problem: { kind: 'text', text }, title };
  if (from === 'family') return { problem: { kind: name, ...settings }, title };
  if (from === 'file' && path !== '') return { problem: { kind: 'file', path }, title };
  return null;
} // prettier-ignore
