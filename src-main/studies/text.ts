import { formatShort } from '@shared/format';
import type { StudyCell, StudyResult, StudyTable } from '@shared/studies';
import { estimateText } from './estimates';

/** A cell as people read it: estimates with their interval. */
export function cellText(cell: StudyCell | undefined): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'string') return cell;
  return typeof cell === 'number' ? formatShort(cell) : estimateText(cell);
}

/** Full precision: an estimate takes three columns. */
export function tableCsv({ columns, rows }: StudyTable): string {
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

/** A result as a page of Markdown that stands beside its figures. */
export function resultMarkdown(
  result: StudyResult,
  { title, question, method }: Record<'title' | 'question' | 'method', string>,
): string {
  const table = ({ title: heading, caption, columns, rows }: StudyTable) => [
    `## ${heading}`,
    caption,
    [
      `| ${columns.map((column) => column.title).join(' | ')} |`,
      `|${columns.map(() => '---').join('|')}|`,
      ...rows.map((row) => `| ${columns.map(({ key }) => cellText(row[key])).join(' | ')} |`),
    ].join('\n'),
  ];
  const parts = [
    `# ${title}`,
    `*${question}*`,
    method,
    ...(result.warnings.length > 0 ? ['## Before reading', ...result.warnings.map((warning) => `- ${warning}`)] : []),
    '## Reading',
    ...result.reading.map(({ text, basis }) => `- ${text}\n  (${basis})`),
    ...result.tables.flatMap(table),
    ...result.figures.flatMap(({ name, caption }) => [`![${name}](figure-${name}.svg)`, caption]),
    `${result.runs.length} runs, ${result.missing} missing. Settings: \`${JSON.stringify(result.settings)}\``,
  ];
  return `${parts.join('\n\n')}\n`;
}
