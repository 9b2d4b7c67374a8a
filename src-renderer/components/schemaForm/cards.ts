import type { Field, Json, Part, Section } from './fields';
import { chosenVariant, showValue, valueAt } from './values';

/** Settings that are shown and folded together: a section, or fields that belong to none. */
export interface Card {
  id: string;
  title: string;
  parts: Part[];
}

/** The sections of a form in their order, then the fields that belong to none. */
export function cardsOf(parts: readonly Part[], rest: string): Card[] {
  const sections = parts.filter((part): part is Section => part.part === 'section');
  const fields = parts.filter((part): part is Field => part.part === 'field');
  return [
    ...sections.map((section) => ({ id: section.path, title: section.label, parts: [section] })),
    ...(fields.length > 0 ? [{ id: '', title: rest, parts: fields }] : []),
  ];
}

const mostGiven = 5;
const longest = 28;

/** A card in a few words, for when it is folded: what is chosen, then the settings that are given. */
export function cardWords({ parts }: Card, settings: Json): string {
  const words = parts.flatMap((part) => wordsOf(part, settings));
  const shown = words.slice(0, mostGiven).join(', ');
  return words.length > mostGiven ? `${shown}, …` : shown;
}

function wordsOf(part: Part, settings: Json): string[] {
  if (part.part === 'field') {
    const value = valueAt(settings, part.path);
    if (value === undefined || showValue(value) === '') return [];
    const text = showValue(value).replace(/\s+/g, ' ');
    return [`${part.label} ${text.length > longest ? `${text.slice(0, longest - 1)}…` : text}`];
  }
  const chosen = chosenVariant(part, settings);
  const inner = [...part.parts, ...(chosen?.parts ?? [])].flatMap((one) => wordsOf(one, settings));
  return chosen ? [chosen.label, ...inner] : inner;
}

/** Whether anything stands below one of the card's paths. */
export const concerns = ({ parts }: Card, path: string): boolean =>
  parts.some((part) => path === part.path || path.startsWith(`${part.path}.`));
