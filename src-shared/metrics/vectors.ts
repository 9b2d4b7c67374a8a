/**
 * Entries of a vector metric go by keys of their own, `gradient/layer_cosine[2]`: streams, panels and exports take them like any
 * scalar. They are read from the vector's column; nothing is stored under them.
 */
export const entryKey = (key: string, entry: number): string => `${key}[${entry}]`;

/** The vector and the number of the entry, where a key is one of an entry; null for every other. */
export function parseEntryKey(key: string): { vector: string; entry: number } | null {
  const match = /^(.+)\[(\d+)\]$/.exec(key);
  return match ? { vector: match[1], entry: Number(match[2]) } : null;
}
