import { formatShort } from '@shared/format';
import type { RunSummary } from '@shared/run';
import type { Setting } from '@shared/settings';

export interface Difference {
  key: string;
  /** The shortest tail of the path that no other differing setting shares. */
  label: string;
}

/** Settings that name the run, and those that say how often it is saved: they differ without telling anything of its results. */
const untelling =
  /^(name|notes|tags|title|description|group)(\.|$)|(^|\.)(checkpointSeconds|keepEvery|keepCheckpoints)$/;
const telling = (key: string) => !untelling.test(key);

/**
 * Settings in which the listed runs differ, the telling ones first: what takes more values says more; a setting that only some
 * runs have at all says what kind of run it is and comes after those that all have; the seed comes last.
 */
export function differingSettings(runs: readonly RunSummary[]): Difference[] {
  if (runs.length < 2) return [];
  const seen = new Map<string, { values: Set<Setting>; count: number }>();
  for (const run of runs)
    for (const [key, value] of Object.entries(run.settings)) {
      const entry = seen.get(key);
      if (entry) {
        entry.values.add(value);
        entry.count++;
      } else seen.set(key, { values: new Set([value]), count: 1 });
    }
  const keys = [...seen]
    .filter(([key, { values, count }]) => telling(key) && (values.size > 1 || count < runs.length))
    .sort(([a, x], [b, y]) => seedLast(a, b) || y.count - x.count || y.values.size - x.values.size || (a < b ? -1 : 1))
    .map(([key]) => key);
  const labels = shortLabels(keys);
  return keys.map((key) => ({ key, label: labels.get(key) ?? key }));
}

const isSeed = (key: string) => key === 'seed' || key.endsWith('.seed');
const seedLast = (a: string, b: string) => Number(isSeed(a)) - Number(isSeed(b));

/** Ends of paths that say nothing by themselves: `optimizer.kind` is which optimizer. */
const generic = new Set(['kind', 'value', 'name']);

/** `optimizer.learningRate` → `learningRate`, `optimizer.kind` → `optimizer`, or more of the path where two would look the same. */
export function shortLabels(keys: readonly string[]): Map<string, string> {
  const pathOf = (key: string) => {
    const path = key.split('.');
    return path.length > 1 && generic.has(path[path.length - 1]) ? path.slice(0, -1) : path;
  };
  const paths = new Map(keys.map((key) => [key, pathOf(key)]));
  const tail = (key: string, parts: number) => (paths.get(key) ?? []).slice(-parts).join('.');
  const labels = new Map<string, string>();
  for (const [key, path] of paths) {
    let parts = 1;
    while (parts < path.length && keys.some((other) => other !== key && tail(other, parts) === tail(key, parts)))
      parts++;
    labels.set(key, tail(key, parts));
  }
  return labels;
}

export function formatSetting(value: Setting | undefined): string {
  if (value === undefined) return '–';
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return formatShort(value);
  return value;
}
