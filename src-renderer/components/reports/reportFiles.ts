import { reportHtml } from '@shared/reports/html';
import type { Report, ReportFormat } from '@shared/reports/report';
import { loadFigureFont } from '../figures/figureFonts';

/** A report as a file. What writes PDF is loaded when it is asked for. */
export async function reportFile(report: Report, format: ReportFormat): Promise<Blob> {
  if (format === 'html') return new Blob([reportHtml(report)], { type: 'text/html' });
  const { reportPdf } = await import('@shared/reports/pdf');
  const bytes = await reportPdf(report, loadFigureFont);
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/pdf' });
}
