import { formatDuration, formatNumber } from '@shared/format';
import { metricDefinition } from '@shared/metrics/catalogue';
import type { RunSummary } from '@shared/run';
import { hasCourse, headlinesOf, kindsWithHeadlines } from '../../stores/headlines';
import { formatSetting, shortLabels } from './differences';

export interface Column {
  id: string;
  title: string;
  /** Width in pixels when nobody has changed it. */
  width: number;
  align: 'left' | 'right';
  /** What rows are sorted by; null sorts last in both directions. */
  sortKey: (run: RunSummary) => string | number | null;
  /** Plain text of a cell; columns drawn in their own way have none. */
  text?: (run: RunSummary) => string;
  /** In full, for the tooltip. */
  hint?: string;
}

const stateOrder = ['running', 'starting', 'paused', 'queued', 'crashed', 'failed', 'cancelled', 'done'];

const fixed: Column[] = [
  { id: 'state', title: 'State', width: 112, align: 'left', sortKey: (run) => stateOrder.indexOf(run.state) },
  { id: 'name', title: 'Name', width: 250, align: 'left', sortKey: (run) => run.name.toLowerCase() },
  { id: 'differs', title: 'What differs', width: 290, align: 'left', sortKey: () => null, hint: 'Settings in which the listed runs differ' },
  { id: 'progress', title: 'Progress', width: 140, align: 'left', sortKey: (run) => fraction(run) },
  { id: 'device', title: 'Device', width: 84, align: 'left', sortKey: (run) => run.device, text: (run) => run.device ?? '–' },
  { id: 'active', title: 'Active', width: 92, align: 'right', sortKey: (run) => run.activeSeconds, text: (run) => formatDuration(run.activeSeconds || null), hint: 'Time at work, pauses left out' },
  { id: 'age', title: 'Age', width: 64, align: 'right', sortKey: (run) => -Date.parse(run.createdAt) },
  { id: 'seed', title: 'Seed', width: 64, align: 'right', sortKey: (run) => run.seed, text: (run) => String(run.seed) },
  { id: 'dataset', title: 'Dataset', width: 130, align: 'left', sortKey: (run) => run.dataset, text: (run) => run.dataset ?? '–' },
  { id: 'group', title: 'Group', width: 110, align: 'left', sortKey: (run) => run.group, text: (run) => run.group ?? '–' },
  { id: 'kind', title: 'Kind', width: 90, align: 'left', sortKey: (run) => run.kind, text: (run) => run.kind },
  { id: 'attempts', title: 'Attempts', width: 76, align: 'right', sortKey: (run) => run.attempts, text: (run) => String(run.attempts) },
  { id: 'notes', title: 'Notes', width: 200, align: 'left', sortKey: (run) => run.notes || null, text: (run) => run.notes },
]; // prettier-ignore

/** Metrics whose last value is not what one compares by: with a drawn perturbation, or at kinks, F goes up and down. */
const alsoBest = new Set(['bilevel/F']);
const lastOf = (key: string): string => `metric:${key}`;
const lastAndBest = (key: string): string[] => [lastOf(key), ...(alsoBest.has(key) ? [`best:${key}`] : [])];

/** Of one kind all its columns have room; of several, so many of each. */
const columnsOfEach = 2;

/** The columns of a list of runs of these kinds, unless others are chosen. */
export function defaultColumns(kinds: readonly string[]): string[] {
  const telling = kindsWithHeadlines.filter((kind) => kinds.includes(kind));
  const shown = telling.length > 0 ? telling : ['training'];
  return [
    ...['state', 'name'],
    ...(kinds.length > 1 ? ['kind'] : []),
    ...['differs', 'progress'],
    ...(shown.length > 1
      ? shown.flatMap((kind) => headlinesOf(kind).slice(0, columnsOfEach).map(lastOf))
      : headlinesOf(shown[0]).flatMap(lastAndBest)),
    // Runs of other kinds have no device to choose.
    ...(shown.includes('training') ? ['device'] : []),
    ...['active', 'age'],
  ];
}

const short: Record<string, string> = {
  'valid/gap_mean': 'Gap, mean',
  'valid/ineq_max': 'Ineq., max',
  'valid/eq_max': 'Eq., max',
  loss: 'Loss',
  'bilevel/F': 'F',
  'bilevel/gap': 'Gap to F*',
  'bilevel/gradient_norm': '‖∇F‖',
  'bilevel/lower_solves': 'Lower solves',
  'bilevel/fall_backs': 'Fall-backs',
  'hypergradient/speedup': 'Speed-up',
  'hypergradient/layer_seconds': 't, layer',
  'hypergradient/layer_error': 'Error, layer',
  'hypergradient/direct_error': 'Error, direct',
  'labels/violation_max': 'Violation, max',
  'labels/gap_max': 'Gap, max',
  'labels/failed': 'Failed',
};

export function column(id: string): Column {
  const known = fixed.find((candidate) => candidate.id === id);
  if (known) return known;
  const key = id.slice(id.indexOf(':') + 1);
  if (id.startsWith('metric:')) return metricColumn(id, key);
  return id.startsWith('best:') ? bestColumn(id, key) : settingColumn(id, key);
}

function metricColumn(id: string, key: string): Column {
  const { title, unit } = metricDefinition(key);
  const inUnit = unit === '1' ? '' : ` (${unit})`;
  return {
    id,
    title: (short[key] ?? title) + inUnit,
    // A number alone needs less room than one beside its course.
    width: hasCourse(key) ? 134 : 104,
    align: 'right',
    sortKey: (run) => run.metrics[key]?.last ?? null,
    text: (run) => formatNumber(run.metrics[key]?.last),
    hint: `${title}${inUnit}: last value`,
  };
}

/** The best of all rows, of a metric that is best at one of its ends. */
function bestColumn(id: string, key: string): Column {
  const { title, better } = metricDefinition(key);
  const { title: inUnit } = metricColumn(id, key);
  const best = (run: RunSummary) => run.metrics[key]?.[better === 'higher' ? 'max' : 'min'] ?? null;
  return {
    ...{ id, width: 104, align: 'right' },
    title: `Best ${short[key] ? inUnit : inUnit.toLowerCase()}`,
    sortKey: best,
    text: (run) => formatNumber(best(run)),
    hint: `${title}: best value of all rows`,
  };
}

function settingColumn(id: string, key: string): Column {
  return {
    id,
    title: shortLabels([key]).get(key) ?? key,
    width: 110,
    align: 'right',
    sortKey: (run) => {
      const value = run.settings[key];
      return typeof value === 'boolean' ? Number(value) : (value ?? null);
    },
    text: (run) => formatSetting(run.settings[key]),
    hint: key,
  };
}

export const metricOf = (id: string): string | null => (id.startsWith('metric:') ? id.slice(7) : null);

/** The metric that a column needs, whatever it makes of it. */
export const neededMetric = (id: string): string | null => (id.startsWith('best:') ? id.slice(5) : metricOf(id));

/** What is best at zero may have passed it: its least and greatest values do not tell. */
const hasBest = (key: string): boolean => ['lower', 'higher'].includes(metricDefinition(key).better ?? '');

export interface ColumnGroup {
  title: string;
  columns: { id: string; title: string }[];
}

/** Everything that can be a column for these runs: the run itself, its metrics, its settings. */
export function availableColumns(runs: readonly RunSummary[]): ColumnGroup[] {
  const metrics = new Set<string>();
  const settings = new Set<string>();
  for (const run of runs) {
    for (const key of Object.keys(run.metrics)) metrics.add(key);
    for (const key of Object.keys(run.settings)) settings.add(key);
  }
  return [
    { title: 'Run', columns: fixed.map(({ id, title }) => ({ id, title })) },
    { title: 'Metrics, last value', columns: [...metrics].sort().map((key) => ({ id: `metric:${key}`, title: metricDefinition(key).title })) },
    { title: 'Metrics, best value', columns: [...metrics].filter(hasBest).sort().map((key) => ({ id: `best:${key}`, title: metricDefinition(key).title })) },
    { title: 'Settings', columns: [...settings].sort().map((key) => ({ id: `setting:${key}`, title: key })) },
  ]; // prettier-ignore
}

export const fraction = (run: RunSummary): number | null =>
  run.progress && run.progress.total > 0 ? Math.min(1, run.progress.done / run.progress.total) : null;
