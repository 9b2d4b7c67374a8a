import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { metricCatalogue } from '../metrics/catalogue';
import { makeAxis } from './axes';
import { toCsv } from './csv';
import { textWidth } from './fonts';
import { layOut } from './layout';
import { plainText, textRuns } from './mathText';
import { boxSummary } from './samples';
import type { SceneItem } from './scene';
import { figureSchema, parseFigure, type Figure, type FigureInput } from './spec';
import { barsPanel, curvesPanel, samplesPanel, tradeOffPanel } from './studyFigures';
import { toSvg } from './svg';

const figure = (panels: FigureInput['panels'], style: FigureInput['style'] = {}, title = ''): Figure =>
  parseFigure({ format: 'adjoint-figure', version: 1, title, style, panels });

const x = Array.from({ length: 40 }, (_, i) => 100 * i);
const decay = (rate: number) => x.map((_, i) => Math.exp(-rate * i));
const curves = curvesPanel({
  x: 'Step, $k$',
  y: { label: 'Violation, $\\lVert r\\rVert^2$', scale: 'log' },
  lines: [
    { label: 'λ = 1', x, y: decay(0.1), low: decay(0.12), high: decay(0.09) },
    { label: 'λ = 10', x, y: decay(0.2).map((value, i) => (i === 7 ? NaN : i === 20 ? null : i > 35 ? 0 : value)) },
    { label: 'λ = 100', x, y: decay(0.3), raw: decay(0.31) },
  ],
  interval: '95 % bootstrap over 5 seeds',
  thresholds: [1e-4],
});
const exact = (value: number) => ({ value, low: value / 2, high: 2 * value });
const tradeOff = tradeOffPanel({
  x: { label: 'Violation', scale: 'log' },
  y: { label: 'Gap', scale: 'linear' },
  groups: [
    { label: 'penalty', points: [1e-3, 1e-2, 0].map((v, i) => ({ name: `λ = ${10 ** i}`, x: exact(v), y: exact(0.3 - 20 * v) })) },
    { label: 'PCGrad', points: [{ x: exact(2e-3), y: { value: 0.5, low: null, high: null } }] },
  ],
}); // prettier-ignore
const bars = barsPanel({
  x: 'Size, $n$',
  y: { label: 'Gap' },
  categories: ['20', '100'],
  groups: [
    { label: 'penalty', values: [exact(0.1), null] },
    { label: 'PCGrad', values: [exact(0.2), exact(-0.05)] },
  ],
});
const samples = samplesPanel({
  x: '',
  y: { label: '$\\cos(g_f, g_p)$' },
  categories: ['a', 'b'],
  groups: [
    {
      label: 'runs',
      samples: [
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40],
        [2, 3],
      ],
    },
  ],
});
const heat: FigureInput['panels'][number] = {
  series: [{ mark: 'heat', label: '$f$', x: [0, 1, 2], y: [0, 1], z: [0, 1, 2, 3, null, 'NaN'] }],
};
const all = [curves, tradeOff, bars, samples, heat];

type Text = Extract<SceneItem, { kind: 'text' }>;
const texts = (items: readonly SceneItem[]): Text[] =>
  items.flatMap((item) => (item.kind === 'group' ? texts(item.items) : item.kind === 'text' ? [item] : []));
const words = (item: Text) => item.runs.map(({ text }) => text).join('');

describe('the SVG of a figure', () => {
  const svg = toSvg(figure([curves]));

  it('has its physical size and real text, and no raster image', () => {
    expect(svg).toContain('width="85mm" height="60mm" viewBox="0 0 240.94 170.08"');
    expect(svg).toMatch(/<tspan font-style="italic">k<\/tspan>/);
    expect(svg).not.toMatch(/<image|NaN|undefined|Infinity/);
  });

  it('writes powers of ten with real superscripts and a true minus sign', () => {
    expect(svg).toMatch(/>10<tspan dy="-[\d.]+" font-size="[\d.]+">−4<\/tspan>/);
  });

  it('is always the same file', () => {
    const whole = toSvg(figure(all, { width: 178, height: 150, columns: 2 }, 'All marks'));
    expect(toSvg(figure(all, { width: 178, height: 150, columns: 2 }, 'All marks'))).toBe(whole);
    expect(createHash('sha256').update(whole).digest('hex')).toMatchInlineSnapshot(
      `"242e2cf20248809371381bc68f5ad3f96834aca80fe76617a781c10e59caa4cb"`,
    );
  });

  it('tells lines apart without colour, unless that is not wanted', () => {
    expect(new Set(svg.match(/stroke-dasharray="[^"]+"/g)).size).toBeGreaterThanOrEqual(3);
    const plain = toSvg(figure([{ ...curves, annotations: [], series: curves.series.slice(0, 1) }], { dashes: false }));
    expect(plain).not.toContain('stroke-dasharray');
  });

  it('breaks a line where a sample is not a number, marks it, and shows zeros on the floor of a log axis', () => {
    const second = svg.match(/<path d="(M[^"]+)" fill="none" stroke="#d55e00" stroke-width="1.1"/)!;
    expect(second[1].match(/M/g)).toHaveLength(3);
    expect(svg).toContain('≤ 0');
    // Hollow circles at the floor, a cross for the NaN; the missing sample has neither.
    expect(svg).toMatch(/fill="#ffffff" stroke="#d55e00"/);
    expect(svg.match(/stroke="#d55e00" stroke-width="0.8"/g)).toHaveLength(2);
  });

  it('escapes what is markup', () => {
    const odd = toSvg(figure([{ ...curves, title: 'a < b & "c"\u0001' }]));
    expect(odd).toContain('a &lt; b &amp; &quot;c&quot;</text>');
  });
});

describe('the layout', () => {
  it.each([
    [85, 60, 8, 1],
    [178, 120, 9, 2],
    [120, 160, 10, 2],
    [178, 60, 7, 3],
  ])('of %d × %d mm at %d pt keeps every word on the page', (width, height, fontSize, columns) => {
    for (const font of ['sans', 'serif'] as const) {
      const scene = layOut(figure(columns === 1 ? [curves] : all, { width, height, fontSize, columns, font }));
      for (const item of texts(scene.items)) {
        const length = textWidth(item.runs, { family: font, size: item.size, bold: item.bold });
        const before = item.anchor === 'start' ? 0 : item.anchor === 'middle' ? length / 2 : length;
        const [along, across] = item.turned ? [scene.height - item.y, item.x] : [item.x, item.y];
        const [total, other] = item.turned ? [scene.height, scene.width] : [scene.width, scene.height];
        expect(along - before, words(item)).toBeGreaterThanOrEqual(-0.5);
        expect(along - before + length, words(item)).toBeLessThanOrEqual(total + 0.5);
        expect(across - 0.7 * item.size, words(item)).toBeGreaterThanOrEqual(-0.5);
        expect(across, words(item)).toBeLessThanOrEqual(other + 0.5);
      }
    }
  });

  it('names up to six lines at their ends, and more in a legend', () => {
    const of = (count: number, legend: 'auto' | 'direct' | 'below' | 'none' = 'auto') =>
      layOut(figure([curvesPanel({ x: '', y: { label: '', scale: 'linear' }, lines: Array.from({ length: count }, (_, i) => ({ label: `s${i}`, x, y: decay(0.1 * i) })) })], { legend })); // prettier-ignore
    const hasLegend = (count: number, legend?: Parameters<typeof of>[1]) =>
      of(count, legend).items.some((item) => item.kind === 'group' && item.name === 'legend');
    expect([2, 6, 7].map((count) => hasLegend(count))).toEqual([false, false, true]);
    expect(hasLegend(3, 'below')).toBe(true);
    expect(texts(of(3).items).filter((item) => words(item) === 's1')).toHaveLength(1);
    expect(texts(of(1).items).filter((item) => words(item) === 's0')).toHaveLength(0);
    expect(texts(of(3, 'none').items).filter((item) => words(item) === 's1')).toHaveLength(0);
  });

  it('letters panels and lines their axes up', () => {
    const scene = layOut(figure(all, { width: 178, height: 150, columns: 2 }));
    expect(texts(scene.items).filter(({ bold }) => bold).map(words)).toEqual(['a', 'b', 'c', 'd', 'e']); // prettier-ignore
  });

  it('writes all decades of an axis as powers, or none', () => {
    const axis = (domain: [number, number]) =>
      makeAxis({ label: '', scale: 'log', domain }, { low: domain[0], high: domain[1], leastPositive: domain[0], notPositive: false }, { ticks: 6, tight: true });
    const labels = (domain: [number, number]) => axis(domain).ticks.map(({ label }) => label.map(({ text }) => text).join('^'));
    expect(labels([1e-4, 1])).toEqual(['10^−4', '10^−3', '10^−2', '10^−1', '10^0']);
    expect(labels([0.01, 10])).toEqual(['0.01', '0.1', '1', '10']);
    expect(axis([1e-4, 1]).minorTicks).toHaveLength(32);
  }); // prettier-ignore
});

describe('text with mathematics', () => {
  it('sets letters in italics, digits and words upright, and scripts smaller', () => {
    expect(textRuns('Gap, $f_{\\text{valid}}^2$')).toEqual([
      { text: 'Gap, ', italic: false, level: 0, rise: 0 },
      { text: 'f', italic: true, level: 0, rise: 0 },
      { text: 'valid', italic: false, level: 1, rise: -0.2 },
      { text: '2', italic: false, level: 1, rise: 0.38 },
    ]);
    expect(plainText('$\\lVert g_p\\rVert/\\lVert g_f\\rVert$, 10⁻⁶')).toBe('‖gp‖/‖gf‖, 10−6');
  });

  it('knows every symbol of the metric catalogue', () => {
    for (const { symbol } of metricCatalogue) {
      const text = plainText(`$${symbol}$`);
      expect(text).not.toMatch(/[\\{}]{2}|\\|mathcal|lVert|text|hat|tfrac/);
      expect(text.trim()).not.toBe('');
    }
  });

  it('leaves a lone dollar and unbalanced braces legible', () => {
    expect(plainText('US$ 5')).toBe('US$ 5');
    expect(plainText('$a}b$')).toBe('ab');
    expect(plainText('$\\unknown_$')).toBe('unknown');
  });
});

describe('the CSV of a figure', () => {
  const csv = toCsv({
    ...figure([{ ...curves, title: 'a, "b"' }]),
    provenance: { adjoint: '0.1.0', commit: null, created: '2026-11-24T22:00:00Z', runs: [{ id: 'r1', name: 'soft', seed: 3 }], datasets: [], notes: [] },
  }); // prettier-ignore
  const lines = csv.trim().split('\n');

  it('has a row a point, full precision, and says where it comes from', () => {
    expect(lines[1]).toBe('# run r1: soft, seed 3');
    expect(lines[2]).toBe('panel,series,mark,name,x,y,low,high,x_low,x_high,z,raw,interval');
    expect(lines).toHaveLength(3 + 3 * 40);
    expect(lines[4]).toBe(
      `"a, ""b""",λ = 1,line,,100,${Math.exp(-0.1)},${Math.exp(-0.12)},${Math.exp(-0.09)},,,,,95 % bootstrap over 5 seeds`,
    );
  });

  it('keeps what was not measured apart from what is not a number', () => {
    const second = lines.filter((line) => line.includes(',λ = 10,')).map((line) => line.split('λ = 10,line,')[1]);
    expect(second[7]).toBe(',700,NaN,,,,,,,');
    expect(second[20]).toBe(',2000,,,,,,,,');
  });

  it('covers every mark', () => {
    const rows = toCsv(figure(all)).split('\n');
    for (const mark of ['line', 'points', 'front', 'bars', 'box', 'heat'])
      expect(rows.some((row) => row.includes(`,${mark},`))).toBe(true);
  });
});

describe('a specification', () => {
  it('survives JSON', () => {
    const made = figure(all);
    expect(parseFigure(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(figureSchema.parse(made)).toEqual(made);
  });

  it('that is wrong is refused with every place that is', () => {
    const bad = { format: 'adjoint-figure', version: 1, style: { width: 3 }, panels: [{ series: [{ mark: 'line', label: 'a', x: [1, 2], y: [1] }] }] }; // prettier-ignore
    expect(() => parseFigure(bad)).toThrow('not the specification');
    const findings = (value: unknown) => {
      try {
        parseFigure(value);
      } catch (error) {
        return (error as { problem: { findings: { path: string }[] } }).problem.findings.map(({ path }) => path);
      }
    };
    expect(findings(bad)).toEqual(['style.width']);
    expect(findings({ ...bad, style: {} })).toEqual(['panels.0.series.0.y']);
    expect(findings({ format: 'other' })).toContain('format');
  });
});

describe('figures of studies', () => {
  it('a trade-off has the front of all its groups', () => {
    const front = tradeOff.series.find(({ mark }) => mark === 'front')!;
    expect(front).toMatchObject({ x: [0, 1e-3, 1e-2], y: [0.3, 0.3 - 20e-3, 0.3 - 0.2] });
  });

  it('few samples are shown one by one, many as boxes', () => {
    expect(samples.series[0].mark).toBe('box');
    const few = samplesPanel({
      x: '',
      y: { label: '' },
      categories: ['a'],
      groups: [{ label: 'r', samples: [[1, 2]] }],
    });
    expect(few.series[0].mark).toBe('strip');
  });

  it('boxes have quartiles, whiskers within 1.5 interquartile ranges, and outliers', () => {
    // numpy.quantile(…, [.25, .5, .75]) = 3.5, 6, 8.5; matplotlib.cbook.boxplot_stats whiskers 1 and 10, fliers [40].
    expect(boxSummary(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40, NaN))).toEqual({
      quartiles: [3.5, 6, 8.5],
      whiskers: [1, 10],
      outliers: [40],
    });
    expect(boxSummary(Float64Array.of(NaN))).toBeNull();
  });
});
