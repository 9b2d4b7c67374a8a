import { toNumber, type Datum } from './datum';
import type { Figure, FigureSeries } from './spec';

const columns = [
  'panel',
  'series',
  'mark',
  'name',
  'x',
  'y',
  'low',
  'high',
  'x_low',
  'x_high',
  'z',
  'raw',
  'interval',
] as const;
type Row = Partial<Record<(typeof columns)[number], Datum | string>>;

/**
 * The data of a figure, tidy: one row a point, every number with the digits that identify it. Empty = not measured, `NaN` = measured and
 * not a number. Rows that begin with `#` say where the data come from; `pandas.read_csv(…, comment='#')` skips them.
 */
export function toCsv(figure: Figure): string {
  const lines = [...preamble(figure), columns.join(',')];
  figure.panels.forEach((panel, p) => {
    const name = panel.title || panel.y.label || `panel ${p + 1}`;
    for (const series of panel.series)
      for (const row of rowsOf(series, panel.x.categories)) {
        const whole: Row = { panel: name, series: series.label, mark: series.mark, ...row };
        lines.push(columns.map((column) => cell(whole[column])).join(','));
      }
  });
  return `${lines.join('\n')}\n`;
}

function preamble({ title, provenance }: Figure): string[] {
  const comments = title ? [title] : [];
  if (provenance) {
    const { adjoint, commit, created, runs, datasets, notes } = provenance;
    comments.push(`Adjoint ${adjoint}${commit ? ` (${commit})` : ''}, ${created}`);
    for (const { id, name, seed } of runs) comments.push(`run ${id}: ${name}${seed === null ? '' : `, seed ${seed}`}`);
    for (const { name, sha256 } of datasets) comments.push(`dataset ${name}: sha256 ${sha256}`);
    comments.push(...notes);
  }
  return comments.map((comment) => `# ${comment.replace(/\s+/g, ' ')}`);
}

function rowsOf(series: FigureSeries, categories: readonly string[] | undefined): Row[] {
  const category = (x: Datum): Row => (categories ? { name: categories[toNumber(x)] ?? '' } : {});
  switch (series.mark) {
    case 'heat':
      return series.y.flatMap((y, j) => series.x.map((x, i) => ({ x, y, z: series.z[j * series.x.length + i] })));
    case 'box':
    case 'strip':
      return series.groups.flatMap(({ x, values }) => values.map((y) => ({ ...category(x), x, y })));
    case 'line':
      return series.x.map((x, i) => ({
        ...category(x), x, y: series.y[i], low: series.low?.[i], high: series.high?.[i], raw: series.raw?.[i], interval: series.interval,
      })); // prettier-ignore
    case 'points':
      return series.x.map((x, i) => ({
        ...category(x), ...(series.names ? { name: series.names[i] } : {}), x, y: series.y[i], low: series.low?.[i], high: series.high?.[i],
        x_low: series.xLow?.[i], x_high: series.xHigh?.[i], interval: series.interval,
      })); // prettier-ignore
    case 'bars':
      return series.x.map((x, i) => ({
        ...category(x), x, y: series.y[i], low: series.low?.[i], high: series.high?.[i], interval: series.interval,
      })); // prettier-ignore
    case 'front':
      return series.x.map((x, i) => ({ x, y: series.y[i] }));
  }
}

function cell(value: Datum | string | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
