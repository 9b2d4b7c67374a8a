import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser } from '@playwright/test';

const perSheet = 12;

/** Pictures of one size side by side with their names, twelve a sheet; returns the files. */
export async function contactSheets(browser: Browser, files: readonly string[], out: string): Promise<string[]> {
  const page = await browser.newPage({ viewport: { width: 1840, height: 400 } });
  const sheets: string[] = [];
  for (let from = 0; from < files.length; from += perSheet) {
    const figures = files.slice(from, from + perSheet).map((file) => {
      const picture = `data:image/png;base64,${readFileSync(file, 'base64')}`;
      return `<figure><img src="${picture}"><figcaption>${basename(file, '.png')}</figcaption></figure>`;
    });
    await page.setContent(
      `<style>
        body { margin: 8px; background: #808080; font: 12px sans-serif; color: #fff }
        main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px }
        figure { margin: 0 } img { width: 100% }
      </style><main>${figures.join('')}</main>`,
      { waitUntil: 'load' },
    );
    const sheet = `${out}-${String(from / perSheet + 1).padStart(2, '0')}.png`;
    await page.screenshot({ path: sheet, fullPage: true });
    sheets.push(sheet);
  }
  await page.close();
  return sheets;
}

export const sheetFolder = (out: string): string => join(out, 'sheets');
