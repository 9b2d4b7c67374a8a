import { toCsv } from '@shared/figures/csv';
import type { Figure } from '@shared/figures/spec';
import { toSvg } from '@shared/figures/svg';
import { loadFigureFont } from './figureFonts';

export const figureFormats = ['svg', 'pdf', 'csv', 'json'] as const;
export type FigureFormat = (typeof figureFormats)[number];

export const figureMediaTypes: Record<FigureFormat, string> = {
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  csv: 'text/csv',
  json: 'application/json',
};

/** One file of a figure. What writes PDF is loaded when it is asked for. */
export async function figureFile(figure: Figure, format: FigureFormat): Promise<string | Uint8Array> {
  switch (format) {
    case 'svg':
      return toSvg(figure);
    case 'csv':
      return toCsv(figure);
    case 'json':
      return `${JSON.stringify(figure, null, 1)}\n`;
    case 'pdf': {
      const { toPdf } = await import('@shared/figures/pdf');
      return toPdf(figure, loadFigureFont);
    }
  }
}

/** Every file of a figure in one archive. */
export async function figureArchive(
  name: string,
  figure: Figure,
  samples: readonly { name: string; csv: string }[],
): Promise<Uint8Array> {
  const { strToU8, zipSync } = await import('fflate');
  const bytes = (content: string | Uint8Array) => (typeof content === 'string' ? strToU8(content) : content);
  const files: Record<string, Uint8Array> = {};
  for (const format of figureFormats) files[`${name}.${format}`] = bytes(await figureFile(figure, format));
  for (const sample of samples) files[`samples/${sample.name}`] = strToU8(sample.csv);
  return zipSync(files, { level: 6, mtime: new Date(figure.provenance?.created ?? '2000-01-01') });
}
