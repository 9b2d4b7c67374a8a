import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import PDFDocument from 'pdfkit';
import { fontFiles, fontNames } from '../src-shared/figures/fontFiles';

// Writes src-shared/figures/fontAdvances.json: how wide each character of the figures' faces is, in ems. With it the layout of a figure needs
// no font and no browser. Run it again when a font package changes: node --import ./scripts/runTypescript.mjs scripts/font-advances.ts

const ranges = [
  [0x20, 0x7e], [0xa0, 0x17f], [0x300, 0x30c], [0x370, 0x3ff], [0x2002, 0x200a], [0x2010, 0x2027], [0x2030, 0x2033], [0x2070, 0x208e],
  [0x20d7, 0x20d7], [0x2100, 0x2138], [0x2190, 0x2194], [0x2200, 0x22c6], [0x27e8, 0x27e9],
]; // prettier-ignore

interface Glyphs {
  font: { hasGlyphForCodePoint(code: number): boolean };
}

const table = Object.fromEntries(
  fontNames.map((name) => {
    const document = new PDFDocument({ font: join('node_modules', fontFiles[name]) });
    const { font } = (document as unknown as { _font: Glyphs })._font;
    const entries: [string, number][] = [];
    for (const [first, last] of ranges)
      for (let code = first; code <= last; code++) {
        if (!font.hasGlyphForCodePoint(code)) continue;
        const character = String.fromCodePoint(code);
        entries.push([character, Number(document.fontSize(1).widthOfString(character).toFixed(4))]);
      }
    return [name, Object.fromEntries(entries)];
  }),
);
const lines = Object.entries(table).map(([name, entries]) => `${JSON.stringify(name)}: ${JSON.stringify(entries)}`);
writeFileSync(join('src-shared', 'figures', 'fontAdvances.json'), `{\n${lines.join(',\n')}\n}\n`);
