import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import PDFDocument from 'pdfkit';
import { describe, expect, it } from 'vitest';
import advances from './fontAdvances.json' with { type: 'json' };
import { fontFiles, fontNames, type FontName } from './fontFiles';
import { stretches } from './fonts';
import { toPdf } from './pdf';
import { parseFigure } from './spec';

const file = (name: FontName) => join('node_modules', fontFiles[name]);
const load = (name: FontName) => Promise.resolve(new Uint8Array(readFileSync(file(name))));

const figure = parseFigure({
  format: 'adjoint-figure',
  version: 1,
  panels: [
    {
      x: { label: 'Penalty weight, $\\lambda$' },
      y: { label: '$\\lVert\\nabla f\\rVert$', scale: 'log' },
      series: [{ mark: 'line', label: 'a', x: [0, 1, 2], y: [1, 1e-3, 1e-6] }],
    },
  ],
  provenance: { adjoint: '0.1.0', commit: null, created: '2026-11-24T22:00:00Z' },
});

describe('the PDF of a figure', () => {
  it('is one page of the figure’s size, with subsets of the faces it uses and no raster image', async () => {
    const pdf = Buffer.from(await toPdf(figure, load)).toString('latin1');
    expect(pdf).toContain('/MediaBox [0 0 240.944882 170.07874]');
    expect(pdf.match(/\/FontName \/[A-Z]{6}\+([\w-]+)/g)!.map((name) => name.split('+')[1]).sort()).toEqual(['Inter-Italic', 'Inter-Regular', 'NotoSansMath-Regular']); // prettier-ignore
    expect(pdf.match(/\/FontFile2/g)).toHaveLength(3);
    expect(pdf).not.toMatch(/\/Subtype \/Image/);
    expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
  });

  it('is always the same file', async () => {
    expect(Buffer.compare(await toPdf(figure, load), await toPdf(figure, load))).toBe(0);
  });
});

describe('the table of widths', () => {
  it.each(fontNames)('is that of the face %s', async (name) => {
    const document = new PDFDocument({ font: file(name) }).fontSize(1);
    const entries = Object.entries(advances[name]);
    expect(entries.length).toBeGreaterThan(400);
    for (const [character, width] of entries.filter((_, i) => i % 7 === 0))
      expect(document.widthOfString(character), character).toBeCloseTo(width as number, 3);
  });

  it('sends glyphs that a face lacks to one that has them, an accent with its letter', () => {
    expect(stretches({ text: 'a∇f', italic: false }, { family: 'sans', size: 8 })).toEqual([
      { text: 'a', font: 'sans' },
      { text: '∇', font: 'math' },
      { text: 'f', font: 'sans' },
    ]);
    expect(stretches({ text: 'ℒ̄', italic: false }, { family: 'sans', size: 8 })).toEqual([
      { text: 'ℒ̄', font: 'serif' },
    ]);
  });
});
