import { cellText } from '@shared/reports/cells';
import type { StudyResult, StudyTable } from '@shared/studies';

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
