import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportHtml } from '@shared/reports/html';
import type { Report, ReportFormat } from '@shared/reports/report';
import type { Places } from './context';

export async function renderReport(
  report: Report,
  format: ReportFormat,
  { fonts }: Pick<Places, 'fonts'>,
): Promise<string | Uint8Array> {
  if (format === 'html') return reportHtml(report);
  // Only those who want a PDF load what writes it.
  const { reportPdf } = await import('@shared/reports/pdf');
  return reportPdf(report, async (name) => new Uint8Array(await readFile(join(fonts, `${name}.ttf`))));
}
