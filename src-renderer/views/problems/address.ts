import type { Json } from '../../components/schemaForm/fields';

/** Settings as they stand in an address; nothing where there are none. */
export const settingsToQuery = (settings: Json): string | undefined =>
  Object.keys(settings).length === 0 ? undefined : JSON.stringify(settings);

/** Settings out of an address. What is not an object of settings is none: an address can be typed. */
export function settingsFromQuery(query: unknown): Json {
  if (typeof query !== 'string') return {};
  try {
    const value: unknown = JSON.parse(query);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}

/** A name for a new dataset, from its family and what it is, that no other has: `qcqp-n100`, `qcqp-n100-2`. */
export function suggestName(family: string, n: unknown, taken: ReadonlySet<string>): string {
  const base = typeof n === 'number' ? `${family}-n${n}` : family;
  if (!taken.has(base)) return base;
  let count = 2;
  while (taken.has(`${base}-${count}`)) count++;
  return `${base}-${count}`;
}
