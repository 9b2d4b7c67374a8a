import type { ComparisonSpec, GroupBy } from '@shared/comparisons';
import { mostEntries } from '@shared/comparisons';
import type { RunSummary } from '@shared/run';
import type { Setting } from '@shared/settings';
import { shortHash } from '../../theme/seriesColours';
import { differingSettings, formatSetting, shortLabels } from '../runs/differences';
import { makeFilter } from '../runs/filter';

/** One of the things that are compared: a run, or several as one. */
export interface Entry {
  id: string;
  group: boolean;
  runs: RunSummary[];
  name: string;
  /** The settings in which the entries differ, in a common order. */
  differences: { key: string; label: string; text: string }[];
  /** What tells it from the others, in few words. */
  label: string;
}

export interface Resolution {
  entries: Entry[];
  /** Entries beyond the number that one view can show. */
  dropped: number;
  /** Runs that were chosen and are not in the workspace any more. */
  missing: string[];
  /** How many entries there would be if runs that differ in their seed only were one. */
  bySeed: number;
}

/** The runs of a comparison: those chosen, in their order, then those that its rule takes in, oldest first. */
export function chosenRuns(
  spec: Pick<ComparisonSpec, 'runs' | 'rule'>,
  all: readonly RunSummary[],
): { runs: RunSummary[]; missing: string[] } {
  const byId = new Map(all.map((run) => [run.id, run]));
  const runs: RunSummary[] = [];
  const missing: string[] = [];
  for (const id of new Set(spec.runs)) {
    const run = byId.get(id);
    if (run) runs.push(run);
    else missing.push(id);
  }
  if (spec.rule) {
    const { filter, sweep, group } = spec.rule;
    const matches = makeFilter({ text: filter ?? '', states: [], tags: [] });
    const taken = new Set(spec.runs);
    const joining = all.filter(
      (run) =>
        !taken.has(run.id) &&
        (sweep === undefined || run.sweep?.id === sweep) &&
        (group === undefined || run.group === group) &&
        matches(run),
    );
    runs.push(...joining.sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0)));
  }
  return { runs, missing };
}

export function resolveEntries(spec: ComparisonSpec, all: readonly RunSummary[]): Resolution {
  const { runs, missing } = chosenRuns(spec, all);
  const grouped = groupRuns(runs, spec.groupBy);
  const place = new Map(spec.order.map((id, i) => [id, i]));
  const ordered = [...grouped.entries()]
    .map(([id, members], i) => ({ id, members, at: place.get(id) ?? spec.order.length + i }))
    .sort((a, b) => a.at - b.at);
  const shown = ordered.slice(0, mostEntries);
  const described = describe(
    shown.map(({ id, members }) => ({ id, runs: members })),
    spec.groupBy,
  );
  return {
    entries: described,
    dropped: ordered.length - shown.length,
    missing,
    bySeed: groupRuns(runs, 'seed').size,
  };
}

/** By entry identifier; the identifier of a group follows from what its runs have in common, so that it stays when one joins. */
export function groupRuns(runs: readonly RunSummary[], by: GroupBy): Map<string, RunSummary[]> {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const id = by === 'none' ? run.id : `g-${shortHash(groupKey(run, by))}`;
    const group = groups.get(id);
    if (group) group.push(run);
    else groups.set(id, [run]);
  }
  return groups;
}

const isSeed = (key: string) => key === 'seed' || key.endsWith('.seed');
/** Words about a run are no settings of it. */
const isWord = (key: string) => /^(name|notes|tags|title|description|group)(\.|$)/.test(key);

function groupKey(run: RunSummary, by: Exclude<GroupBy, 'none'>): string {
  if (by.startsWith('setting:')) {
    const path = by.slice('setting:'.length);
    return JSON.stringify([path, run.settings[path] ?? null]);
  }
  if (by === 'point' && run.sweep) return JSON.stringify([run.sweep.id, sortedEntries(run.sweep.point)]);
  return JSON.stringify([run.dataset, sortedEntries(run.settings).filter(([key]) => !isSeed(key) && !isWord(key))]);
}

const sortedEntries = (settings: Record<string, Setting>) =>
  Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Settings that differ between the entries, and names made of them. */
function describe(entries: { id: string; runs: RunSummary[] }[], by: GroupBy): Entry[] {
  const differing = differingSettings(entries.flatMap(({ runs }) => runs))
    .map(({ key }) => key)
    // What was averaged over, seeds above all, does not tell groups apart.
    .filter((key) => by === 'none' || (!isSeed(key) && entries.every(({ runs }) => isSame(runs, key))))
    .filter((key) => new Set(entries.map(({ runs }) => textOf(runs, key))).size > 1);
  const labels = shortLabels(differing);
  const sweeps = new Set(entries.flatMap(({ runs }) => runs.map(({ sweep }) => sweep?.id ?? null)));
  return entries.map(({ id, runs }) => {
    const differences = differing.map((key) => ({ key, label: labels.get(key) ?? key, text: textOf(runs, key) }));
    const names = new Set(runs.map((run) => nameOf(run, sweeps.size === 1)));
    const told = differences.filter(({ text }) => text !== '–');
    const name =
      names.size === 1
        ? [...names][0]
        : told.map(({ label, text }) => `${label} ${text}`).join(', ') || `${runs.length} runs`;
    return {
      id,
      group: by !== 'none',
      runs,
      name,
      differences,
      label: told.map((difference) => shortText(difference, told.length)).join(' · ') || name,
    };
  });
}

/** A word tells what it is a value of; a number does so only with its name, where there is room for it. */
const shortText = ({ label, text }: Entry['differences'][number], among: number): string =>
  among <= 2 && /^[\d.−-]/.test(text) ? `${label} ${text}` : text;

/** Among runs of one sweep only, the name of the sweep says nothing. */
function nameOf({ name, sweep }: RunSummary, amongSiblings: boolean): string {
  const beginning = `${sweep?.name} · `;
  return amongSiblings && sweep && name.startsWith(beginning) ? name.slice(beginning.length) : name;
}

const isSame = (runs: readonly RunSummary[], key: string) =>
  runs.every(({ settings }) => settings[key] === runs[0].settings[key]);

/** A setting of an entry: its value, or its values where its runs differ. */
export function textOf(runs: readonly RunSummary[], key: string): string {
  const values = [...new Set(runs.map(({ settings }) => settings[key]))];
  if (values.length === 1) return formatSetting(values[0]);
  const numbers = values.every((value) => typeof value === 'number');
  const sorted = numbers ? [...(values as number[])].sort((a, b) => a - b) : values;
  const shown = sorted.slice(0, 3).map(formatSetting).join(', ');
  return values.length > 3 ? `${shown}, … (${values.length})` : shown;
}

/** The settings by which the runs can be grouped: those that vary among them. */
export function groupingChoices(runs: readonly RunSummary[]): { value: GroupBy; label: string }[] {
  const keys = differingSettings(runs)
    .map(({ key }) => key)
    .filter((key) => !isSeed(key));
  const labels = shortLabels(keys);
  return [
    { value: 'none', label: 'Every run by itself' },
    { value: 'seed', label: 'Runs that differ in their seed only' },
    ...(runs.some(({ sweep }) => sweep) ? [{ value: 'point' as const, label: 'Point of the sweep' }] : []),
    ...keys.map((key) => ({ value: `setting:${key}` as const, label: `By ${labels.get(key) ?? key}` })),
  ];
}

/** The kinds of the runs behind some entries. */
export const kindsOf = (entries: readonly Entry[]): string[] => [
  ...new Set(entries.flatMap(({ runs }) => runs.map(({ kind }) => kind))),
];
