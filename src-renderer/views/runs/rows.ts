import type { RunSummary } from '@shared/run';
import type { Column } from './columns';

export interface Sort {
  column: string;
  descending: boolean;
}

export type Grouping = 'none' | 'tag' | 'group' | 'dataset' | 'state';

export type Row =
  | { type: 'group'; key: string; title: string; count: number; open: boolean }
  | { type: 'run'; key: string; run: RunSummary };

/** Sorted copy; missing values come last whichever way the arrow points, ties keep their order. */
export function sortRuns(runs: readonly RunSummary[], column: Column | null, descending: boolean): RunSummary[] {
  if (!column) return [...runs];
  const keyed = runs.map((run) => ({ run, key: column.sortKey(run) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    if (typeof a.key === 'number' && typeof b.key === 'number') return sign * compareNumbers(a.key, b.key);
    return sign * String(a.key).localeCompare(String(b.key), 'en', { numeric: true });
  });
  return keyed.map(({ run }) => run);
}

/** NaN is worse than any number. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** Runs as table rows under headings. A run with several tags stands under each of them. */
export function groupRows(runs: readonly RunSummary[], grouping: Grouping, closed: ReadonlySet<string>): Row[] {
  if (grouping === 'none') return runs.map((run) => ({ type: 'run', key: run.id, run }));
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs)
    for (const title of headings(run, grouping)) {
      const group = groups.get(title);
      if (group) group.push(run);
      else groups.set(title, [run]);
    }
  const rows: Row[] = [];
  for (const [title, members] of [...groups].sort(([a], [b]) => untitledLast(a, b))) {
    const key = `${grouping}:${title}`;
    const open = !closed.has(key);
    rows.push({ type: 'group', key, title: title || untitled[grouping], count: members.length, open });
    if (open) for (const run of members) rows.push({ type: 'run', key: `${key}:${run.id}`, run });
  }
  return rows;
}

const untitled: Record<Grouping, string> = {
  none: '',
  tag: 'No tag',
  group: 'No group',
  dataset: 'No dataset',
  state: '',
};

function headings(run: RunSummary, grouping: Grouping): string[] {
  if (grouping === 'tag') return run.tags.length > 0 ? run.tags : [''];
  if (grouping === 'group') return [run.group ?? ''];
  if (grouping === 'dataset') return [run.dataset ?? ''];
  return [run.state];
}

const untitledLast = (a: string, b: string) =>
  Number(a === '') - Number(b === '') || a.localeCompare(b, 'en', { numeric: true });

/** The rows in sight, with a few more on both sides so that scrolling shows no holes. */
export function visibleRange(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
  overscan = 8,
): { first: number; end: number } {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + overscan);
  return { first: Math.min(first, end), end };
}
