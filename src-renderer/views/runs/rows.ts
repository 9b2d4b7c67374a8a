import type { RunState, RunSummary } from '@shared/run';
import { stateLooks } from '../../components/runState';
import type { Column } from './columns';
import type { SweepGroup } from './sweepRows';

export interface Sort {
  column: string;
  descending: boolean;
}

export type Grouping = 'none' | 'tag' | 'group' | 'dataset' | 'state';

export type Row =
  | { type: 'group'; key: string; title: string; count: number; open: boolean }
  | { type: 'sweep'; key: string; sweep: SweepGroup; open: boolean }
  | { type: 'run'; key: string; run: RunSummary; inSweep: boolean };

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

/** Which headings are closed, and which sweeps are open: headings begin open, sweeps folded. */
export interface Folding {
  closed: ReadonlySet<string>;
  openSweeps: ReadonlySet<string>;
}

/** Runs as table rows under headings, sweeps folded. A run with several tags stands under each of them. */
export function groupRows(runs: readonly RunSummary[], grouping: Grouping, { closed, openSweeps }: Folding): Row[] {
  if (grouping === 'none') return foldSweeps(runs, '', openSweeps);
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
    rows.push({
      type: 'group',
      key,
      title: grouping === 'state' ? stateLooks[title as RunState].word : title || untitled[grouping],
      count: members.length,
      open,
    });
    if (open) for (const row of foldSweeps(members, `${key}:`, openSweeps)) rows.push(row);
  }
  return rows;
}

/** A sweep stands where the first of its runs does; what it is folded to says how its runs are. */
function foldSweeps(runs: readonly RunSummary[], prefix: string, openSweeps: ReadonlySet<string>): Row[] {
  const members = new Map<string, RunSummary[]>();
  for (const run of runs) {
    if (!run.sweep) continue;
    const known = members.get(run.sweep.id);
    if (known) known.push(run);
    else members.set(run.sweep.id, [run]);
  }
  const rows: Row[] = [];
  for (const run of runs) {
    const own = run.sweep && members.get(run.sweep.id);
    if (!run.sweep) rows.push({ type: 'run', key: prefix + run.id, run, inSweep: false });
    if (!own || own[0] !== run) continue;
    const { id, name } = run.sweep!;
    const key = `${prefix}sweep:${id}`;
    const size = Math.max(own.length, ...own.map(({ sweep }) => sweep!.size));
    const open = openSweeps.has(key);
    rows.push({ type: 'sweep', key, sweep: { id, name, members: own, size }, open });
    if (open) for (const member of own) rows.push({ type: 'run', key: prefix + member.id, run: member, inSweep: true });
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

/**
 * The rows in sight, with a few more on both sides so that scrolling shows no holes. Their number depends on the height alone,
 * not on where one is.
 */
export function visibleRange(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
  overscan = 8,
): { first: number; end: number } {
  const shown = Math.min(count, Math.ceil(height / rowHeight) + 1 + 2 * overscan);
  const first = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight) - overscan), count - shown);
  return { first, end: first + shown };
}

/**
 * The rows in sight by the elements that show them: row k is shown by element k modulo their number, so that scrolling changes
 * texts in the rows that leave on one side and come back on the other, and makes, moves and removes no element.
 */
export function slotsOf<T>(
  rows: readonly T[],
  { first, end }: { first: number; end: number },
): { row: T; index: number }[] {
  const count = end - first;
  return Array.from({ length: count }, (_, slot) => {
    const index = first + ((((slot - first) % count) + count) % count);
    return { row: rows[index], index };
  });
}
