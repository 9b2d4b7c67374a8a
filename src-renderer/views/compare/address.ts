import type { LocationQuery, LocationQueryRaw } from 'vue-router';
import { comparisonSpecSchema, type ComparisonSpec } from '@shared/comparisons';

/**
 * A comparison as the query of an address: only what differs from its base (the defaults, or what was saved) is written, so that
 * addresses stay short and a saved comparison shows at once whether it was changed.
 */

type Codec<K extends keyof ComparisonSpec> = {
  write: (value: ComparisonSpec[K]) => string;
  read: (text: string) => unknown;
};

const list = { write: (values: string[]) => values.join(','), read: (text: string) => text.split(',').filter(Boolean) };
const word = { write: (value: string | null) => value ?? '', read: (text: string) => text || null };
const pairs = {
  write: (value: Record<string, string>) => Object.entries(value).map(([key, is]) => `${key}=${is}`).join(','),
  read: (text: string) => Object.fromEntries(text.split(',').filter((pair) => pair.includes('=')).map((pair) => [pair.slice(0, pair.lastIndexOf('=')), pair.slice(pair.lastIndexOf('=') + 1)])),
}; // prettier-ignore

const codecs: { [K in keyof ComparisonSpec]: Codec<K> & { name: string } } = {
  runs: { name: 'runs', ...list },
  rule: {
    name: 'rule',
    // A filter is free text: the other parts come first.
    write: (rule) =>
      rule === null ? '' : ['sweep', 'group', 'filter'].flatMap((part) => {
        const value = rule[part as keyof typeof rule];
        return value === undefined ? [] : [`${part}:${value}`];
      }).join('|'),
    read: (text) => text === '' ? null : Object.fromEntries(text.split('|').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)])),
  },
  groupBy: { name: 'by', ...word },
  order: { name: 'order', ...list },
  hidden: { name: 'hide', ...list },
  baseline: { name: 'base', ...word },
  xAxis: { name: 'x', ...word },
  layout: { name: 'layout', ...word },
  scales: { name: 'scales', ...pairs },
  metrics: { name: 'show', ...pairs },
  statistic: { name: 'final', ...word },
  tradeOff: {
    name: 'trade',
    write: ({ x, y, at }) => [x, y, at].join(','),
    read: (text) => { const [x, y, at] = text.split(','); return { x, y, at }; },
  },
}; // prettier-ignore

const keys = Object.keys(codecs) as (keyof ComparisonSpec)[];

export const defaultSpec: ComparisonSpec = comparisonSpecSchema.parse({});

export function writeQuery(spec: ComparisonSpec, base: ComparisonSpec = defaultSpec): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  for (const key of keys) {
    const { name, write } = codecs[key] as Codec<typeof key> & { name: string };
    const text = write(spec[key] as never);
    if (text !== write(base[key] as never)) query[name] = text;
  }
  return query;
}

/** What an address says; a part that cannot be understood is left as in the base, so that a typing error loses no more than itself. */
export function readQuery(query: LocationQuery, base: ComparisonSpec = defaultSpec): ComparisonSpec {
  let spec = base;
  for (const key of keys) {
    const { name, read } = codecs[key];
    const text = query[name];
    if (typeof text !== 'string') continue;
    const parsed = comparisonSpecSchema.safeParse({ ...spec, [key]: read(text) });
    if (parsed.success) spec = parsed.data;
  }
  return spec;
}

/** Whether an address says anything about a comparison besides which saved one it is. */
export const hasChanges = (query: LocationQuery): boolean => keys.some((key) => codecs[key].name in query);

/** The address of an unsaved comparison of these runs. */
export const compareAddress = (change: Partial<ComparisonSpec>) => ({
  path: '/compare',
  query: writeQuery({ ...defaultSpec, ...change }),
});
