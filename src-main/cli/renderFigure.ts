import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toCsv } from '@shared/figures/csv';
import type { Figure } from '@shared/figures/spec';
import { toSvg } from '@shared/figures/svg';
import type { Places } from './context';

/** @param format `.svg`, `.csv`, `.json` or `.pdf` */
export async function renderFigure(
  figure: Figure,
  format: string,
  { fonts }: Pick<Places, 'fonts'>,
): Promise<string | Uint8Array> {
  switch (format) {
    case '.svg':
      return toSvg(figure);
    case '.csv':
      return toCsv(figure);
    case '.json':
      return `${JSON.stringify(figure, null, 1)}\n`;
    default: {
      // Only those who want a PDF load what writes it.
      const { toPdf } = await import('@shared/figures/pdf');
      return toPdf(figure, async (name) => new Uint8Array(await readFile(join(fonts, `${name}.ttf`))));
    }
  }
}
