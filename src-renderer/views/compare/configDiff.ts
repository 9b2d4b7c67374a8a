import type { RunContext } from '@shared/comparisons';
import { textOf, type Entry } from './entries';

/** One line of the configurations side by side, as YAML would indent it. */
export interface ConfigLine {
  path: string;
  depth: number;
  key: string;
  /** One for each entry; null for a heading over nested settings. */
  values: string[] | null;
  differs: boolean;
}

/** Settings of all entries, line by line; with `onlyDiffering` those that are not the same everywhere. */
export function configLines(
  entries: readonly Entry[],
  contexts: ReadonlyMap<string, RunContext>,
  onlyDiffering: boolean,
): ConfigLine[] {
  const paths = new Set(entries.flatMap(({ runs }) => runs.flatMap(({ settings }) => Object.keys(settings))));
  const rows = [...paths].map((path) => ({ path, values: entries.map(({ runs }) => textOf(runs, path)) }));
  rows.push(
    { path: 'dataset.name', values: entries.map((entry) => datasetText(entry, contexts, ({ name }) => name)) },
    { path: 'dataset.sha256', values: entries.map((entry) => datasetText(entry, contexts, ({ sha256 }) => sha256.slice(0, 12))) },
  ); // prettier-ignore
  const lines: ConfigLine[] = [];
  let open: string[] = [];
  const parents = new Set(rows.flatMap(({ path }) => prefixes(path)));
  for (const { path, values } of inYamlOrder(unique(rows), parents)) {
    const differs = new Set(values).size > 1;
    if (onlyDiffering && !differs) continue;
    const parts = path.split('.');
    const above = parts.slice(0, -1);
    let shared = 0;
    while (shared < above.length && open[shared] === above[shared]) shared++;
    for (let depth = shared; depth < above.length; depth++)
      lines.push({ path: above.slice(0, depth + 1).join('.'), depth, key: above[depth], values: null, differs: false });
    open = above;
    lines.push({ path, depth: above.length, key: parts[above.length], values, differs });
  }
  return lines;
}

type Row = { path: string; values: string[] };

const prefixes = (path: string) => {
  const parts = path.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
};

/** What the file says of the dataset and what is known of its bytes are one line where they say the same. */
function unique(rows: Row[]): Row[] {
  const byPath = new Map<string, Row>();
  for (const row of rows) if (!byPath.has(row.path)) byPath.set(row.path, row);
  // A setting `dataset: name` would stand on the place of the heading.
  if (byPath.has('dataset.name')) byPath.delete('dataset');
  return [...byPath.values()];
}

/** Plain settings before nested ones, as people write them; inside a heading by name, `kind` first. */
function inYamlOrder(rows: Row[], parents: ReadonlySet<string>): Row[] {
  const rank = (path: string) => {
    const key = path.slice(path.lastIndexOf('.') + 1);
    return parents.has(path) ? 2 : key === 'kind' || key === 'name' ? 0 : 1;
  };
  return rows.sort((a, b) => {
    const [x, y] = [a.path.split('.'), b.path.split('.')];
    for (let i = 0; ; i++) {
      if (x[i] === y[i]) continue;
      const [left, right] = [x.slice(0, i + 1).join('.'), y.slice(0, i + 1).join('.')];
      return rank(left) - rank(right) || (left < right ? -1 : 1);
    }
  });
}

function datasetText(
  { runs }: Entry,
  contexts: ReadonlyMap<string, RunContext>,
  of: (dataset: NonNullable<RunContext['dataset']>) => string,
): string {
  const values = new Set(runs.flatMap(({ id }) => contexts.get(id)?.dataset ?? []).map(of));
  return values.size === 0 ? '–' : [...values].join(', ');
}

export interface DatasetFinding {
  what: string;
  datasets: { name: string; sha256: string; runs: number; entries: string[] }[];
}

/** Said when the entries were not trained on the same bytes; null when they were, as far as is known. */
export function datasetFinding(
  entries: readonly Entry[],
  contexts: ReadonlyMap<string, RunContext>,
): DatasetFinding | null {
  const found = new Map<string, DatasetFinding['datasets'][number]>();
  for (const entry of entries)
    for (const { id } of entry.runs) {
      const dataset = contexts.get(id)?.dataset;
      if (!dataset) continue;
      const known = found.get(dataset.sha256) ?? { ...dataset, runs: 0, entries: [] };
      known.runs++;
      if (!known.entries.includes(entry.id)) known.entries.push(entry.id);
      found.set(dataset.sha256, known);
    }
  if (found.size < 2) return null;
  const datasets = [...found.values()];
  const names = new Set(datasets.map(({ name }) => name));
  return {
    what:
      names.size === 1
        ? `The dataset “${datasets[0].name}” was changed between these runs: the same name, other contents.`
        : 'These runs were trained on different datasets: their values may not be comparable.',
    datasets,
  };
}
