import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fontFiles, type FontName } from '../figures/fontFiles';
import { parseFigure } from '../figures/spec';
import type { StudyResult } from '../studies';
import { tableCsv } from './cells';
import { reportHtml } from './html';
import { reportPdf } from './pdf';
import { wrap } from './pdfText';
import { studyReport } from './studyReport';
import { cutColumns, placeColumns } from './tableLayout';

const load = (name: FontName) => Promise.resolve(new Uint8Array(readFileSync(join('node_modules', fontFiles[name]))));
const provenance = {
  adjoint: '0.1.0',
  commit: 'abcdef0123456789',
  created: '2026-11-24T22:00:00.000Z',
  runs: [
    { id: 'run-1', name: 'λ = 1', seed: 0 },
    { id: 'run-2', name: 'λ = <10>', seed: 1 },
  ],
  datasets: [{ name: 'qcqp-n20', sha256: 'cd21' }],
  notes: [],
};
const figure = parseFigure({
  format: 'adjoint-figure',
  version: 1,
  panels: [{ series: [{ mark: 'line', label: 'a', x: [0, 1], y: [1, 2] }] }],
});
const table = {
  ...{ name: 'lambda', title: 'By λ', caption: 'Means over seeds.' },
  columns: [
    { key: 'name', title: 'Name' },
    { key: 'gap', title: 'Gap' },
  ],
  rows: Array.from({ length: 90 }, (_, i) => ({ name: `row ${i}`, gap: { value: 1 / 3, low: 0.25, high: 0.5 } })),
};
const result: StudyResult = {
  ...{ study: 'lambda-trade-off', settings: { lambdas: [1, 10], dataset: 'qcqp-n20' } },
  ...{ createdAt: provenance.created, runs: ['run-1', 'run-2'], missing: 1, provenance },
  reading: [{ text: 'The violation falls & the gap grows.', basis: 'n = 2 < 3.' }],
  warnings: ['1 of 3 runs is not finished.'],
  tables: [table],
  figures: [
    { name: 'trade-off', caption: 'Gap against violation.', figure },
    { name: 'other', caption: 'The other way round.', figure },
  ],
  experiments: ['name: penalty\nsweep:\n  repeats: 2\n'],
};
const report = studyReport(result, { name: 'lambda-trade-off', title: 'λ', question: 'How?', method: 'So.' });

describe('the report of a study', () => {
  it('says how it is done again: command with quoted settings, experiment file, seeds, dataset, version', () => {
    const texts = JSON.stringify(report.blocks);
    expect(texts).toContain("adjoint study lambda-trade-off --set lambdas='[1,10]' --set dataset=qcqp-n20");
    expect(texts).toContain('name: penalty');
    expect(texts).toContain('Seeds: 0, 1.');
    expect(texts).toContain('SHA-256 cd21');
    expect(texts).toContain('Adjoint 0.1.0 (abcdef012345)');
  });
});

describe('a report as HTML', () => {
  const html = reportHtml(report);

  it('is one file that loads and executes nothing', () => {
    expect(html).not.toMatch(/<script|<link|\bsrc=|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    expect(html).toContain("default-src 'none'");
  });

  it('shows texts as they are, with every figure and the data behind them', () => {
    expect(html).toContain('The violation falls &amp; the gap grows.');
    expect(html).toContain('λ = &lt;10&gt;');
    expect(html.match(/<svg /g)).toHaveLength(2);
    const data = [...html.matchAll(/download="([^"]+)" href="data:text\/csv;charset=utf-8,([^"]*)"/g)];
    expect(data.map(([, name]) => name)).toEqual(['by.csv', 'trade-off.csv', 'other.csv']);
    expect(decodeURIComponent(data[0][2])).toBe(tableCsv(table));
    expect(tableCsv(table).split('\n').slice(0, 2)).toEqual(['name,gap,gap_low,gap_high', `row 0,${1 / 3},0.25,0.5`]);
  });

  it('has no name twice', () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(target);
  });
});

describe('a report as PDF', () => {
  it('goes on over pages and is always the same file', async () => {
    const pdf = await reportPdf(report, load);
    const text = Buffer.from(pdf).toString('latin1');
    expect(text.match(/\/Type \/Page\b/g)!.length).toBeGreaterThan(2);
    expect(text).not.toMatch(/\/Subtype \/Image/);
    expect(Buffer.compare(pdf, await reportPdf(report, load))).toBe(0);
  });

  it('breaks lines at spaces, words that fit no line anywhere, and keeps every letter and indentation', () => {
    const style = { size: 10 };
    const lines = wrap('the quick brown fox jumps over the lazy dog', style, 80);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join(' ')).toBe('the quick brown fox jumps over the lazy dog');
    expect(wrap('a'.repeat(100), style, 80).join('')).toBe('a'.repeat(100));
    expect(wrap('  kind: mlp', style, 200)).toEqual(['  kind: mlp']);
    expect(wrap('', style, 80)).toEqual(['']);
  });

  it('cuts a table that is too wide, and repeats what names its rows', () => {
    expect(cutColumns([100, 100, 100, 100, 100], 300)).toEqual([
      [0, 1, 2],
      [0, 3, 4],
    ]);
    expect(cutColumns([400, 400], 300)).toEqual([[0, 1]]);
    const columns = [{ title: 'a', numeric: true }, { title: 'b', numeric: true }]; // prettier-ignore
    expect(placeColumns(columns, [['1', '2']], 8, 300).reduce((sum, width) => sum + width, 0)).toBeCloseTo(300);
  });
});
