import type { Json } from './fields';

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
