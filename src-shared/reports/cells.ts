import { formatNumber, formatShort } from '../format';
import type { Estimate, StudyCell, StudyTable } from '../studies';
import type { ReportTable } from './report';

/** `0.0124 [0.0118, 0.0131]`, or the value alone where there is no interval. */
export function estimateText({ value, low, high }: Estimate): string {
  const middle = formatNumber(value, 3);
  return low === null || high === null ? middle : `${middle} [${formatNumber(low, 3)}, ${formatNumber(high, 3)}]`;
}

/** A cell as people read it: estimates with their interval. */
export function cellText(cell: StudyCell | undefined): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'string') return cell;
  return typeof cell === 'number' ? formatShort(cell) : estimateText(cell);
}

/** Full precision: an estimate takes three columns. */
export function tableCsv({ columns, rows }: Pick<StudyTable, 'columns' | 'rows'>): string {
  const isEstimate = (key: string) => rows.some((row) => typeof row[key] === 'object' && row[key] !== null);
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const header = columns.flatMap(({ key }) => (isEstimate(key) ? [key, `${key}_low`, `${key}_high`] : [key]));
  const cells = (cell: StudyCell | undefined, wide: boolean): string[] => {
    if (!wide) return [cell === null || cell === undefined ? '' : String(cell)];
    if (typeof cell !== 'object' || cell === null) return [cell === undefined ? '' : String(cell ?? ''), '', ''];
    return [cell.value, cell.low, cell.high].map((value) => (value === null ? '' : String(value)));
  };
  const lines = rows.map((row) => columns.flatMap(({ key }) => cells(row[key], isEstimate(key))));
  return [header, ...lines].map((line) => line.map(quoted).join(',')).join('\n') + '\n';
}

/** A study's table as a report has it: texts, with all digits beside them. */
export function reportTable(table: StudyTable): ReportTable {
  const { title, caption, columns, rows } = table;
  return {
    ...{ kind: 'table', title, caption },
    columns: columns.map(({ key, title: heading }) => ({
      title: heading,
      numeric: rows.every((row) => typeof row[key] !== 'string'),
    })),
    rows: rows.map((row) => columns.map(({ key }) => cellText(row[key]))),
    csv: tableCsv(table),
  };
}
