import { flushPromises } from '@vue/test-utils';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseFigure } from '@shared/figures/spec';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import type { ChartSeries } from '../charts/chartModel';
import { chartPanel, type ChartFigure } from './chartFigure';
import FigureExportPanel from './FigureExportPanel.vue';
import { defaultForm, draftFigure } from './figureDraft';
import type { FigureSource } from './figureExport';

const x = Float64Array.from({ length: 11 }, (_, i) => 10 * i);
const series = (label: string, values: number[], banded = false): ChartSeries => {
  const y = Float64Array.from(values);
  return { id: label, label, colour: '#0072b2', part: { x, y, min: banded ? y.map((v) => v - 1) : null, max: banded ? y.map((v) => v + 1) : null } };
}; // prettier-ignore
const chart = (change: Partial<ChartFigure> = {}): ChartFigure => ({
  title: 'Optimality gap', symbol: 'g', unit: '1', xTitle: 'step', scaleType: 'log', domain: { from: 0, to: 100 }, smoothing: 0,
  thresholds: [1e-4, 0], marks: [], series: [series('mean', x.map((v) => 2 ** -v) as unknown as number[])], ...change,
}); // prettier-ignore

describe('a chart as a figure', () => {
  it('keeps its axes, titles with symbol and unit, and thresholds that the axis can show', () => {
    const panel = chartPanel(chart({ unit: 's' }));
    expect(panel.x).toEqual({ label: 'Step', domain: [0, 100] });
    expect(panel.y).toEqual({ label: 'Optimality gap, $g$ (s)', scale: 'log', domain: undefined });
    expect(panel.annotations).toEqual([{ kind: 'horizontal', at: 1e-4 }]);
  });

  it('keeps the zoom and only the samples in sight, with one on each side', () => {
    const { series: lines } = chartPanel(chart({ domain: { from: 35, to: 52 } }));
    expect(lines[0]).toMatchObject({ x: [30, 40, 50, 60] });
  });

  it('keeps what is not a number, and bands with what they are', () => {
    const values = [1, NaN, Infinity, 4, 5, 6, 7, 8, 9, 10, 11];
    const panel = chartPanel(
      chart({ scaleType: 'linear', series: [series('a', values, true)], interval: 'least and greatest sample' }),
    );
    expect(panel.series[0]).toMatchObject({ y: [1, 'NaN', 'Infinity', 4, 5, 6, 7, 8, 9, 10, 11], interval: 'least and greatest sample' });
    expect(panel.series[0]).toMatchObject({ low: [0, 'NaN', 'Infinity', 3, 4, 5, 6, 7, 8, 9, 10] });
  }); // prettier-ignore

  it('shows smoothed lines with the samples behind', () => {
    const { series: lines } = chartPanel(chart({ scaleType: 'linear', smoothing: 0.5, series: [series('a', [1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3], true)] })); // prettier-ignore
    expect(lines[0]).toMatchObject({ raw: [1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3] });
    expect(lines[0]).not.toHaveProperty('low');
    // Bias-corrected: (½·½·1 + ½·3)/(1 − ¼).
    expect((lines[0] as { y: number[] }).y[1]).toBeCloseTo(7 / 3, 12);
  });
});

const source: FigureSource = {
  name: 'Soft penalty, gap',
  panels: [chartPanel(chart({ series: [series('mean', [3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1], true), series('max', [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2])] }))],
  runs: ['run-0001'],
  notes: ['Each point is the mean of 4 samples.'],
  allSamples: () => Promise.resolve([{ name: 'all.csv', csv: 'x\n1\n' }]),
}; // prettier-ignore

describe('the draft', () => {
  it('leaves out what is not wanted', () => {
    const choice = { title: '', hidden: new Set(['max']), provenance: null };
    const { panels } = draftFigure(source, { ...defaultForm, bands: false, references: false }, choice);
    expect(panels[0].series).toHaveLength(1);
    expect(panels[0].series[0]).toMatchObject({ label: 'mean', low: undefined });
    expect(panels[0].annotations).toEqual([]);
  });

  it('puts panels side by side where they fit', () => {
    const many = { ...source, panels: Array(6).fill(source.panels[0]) as FigureSource['panels'] };
    const columns = (width: number) => draftFigure(many, { ...defaultForm, width }, { title: '', hidden: new Set(), provenance: null }).style.columns; // prettier-ignore
    expect([85, 120, 178].map(columns)).toEqual([1, 2, 3]);
  });
});

describe('the export panel', () => {
  let mounted: Mounted;
  let saved: { name: string; blob: Blob }[];
  beforeEach(async () => {
    localStorage.clear();
    saved = [];
    let last: Blob;
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => ((last = blob as Blob), 'blob:x'));
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push({ name: this.download, blob: last });
    });
    mounted = await mountWithEngine(FigureExportPanel, { source });
    await flushPromises();
  });
  afterEach(() => {
    mounted.wrapper.unmount();
    vi.restoreAllMocks();
  });
  const press = async (id: string) => {
    await mounted.wrapper.find(`[data-testid="${id}"]`).trigger('click');
    await vi.waitFor(() => expect(mounted.wrapper.find('.n-button--loading, .n-base-loading').exists()).toBe(false));
    await flushPromises();
  };

  it('previews at real size and follows the form', async () => {
    const svg = () => mounted.wrapper.find('[data-testid="figure-preview"] svg');
    expect(svg().attributes('width')).toBe('85mm');
    await mounted.wrapper.findAll('[role="radio"]').find((button) => button.text().startsWith('Double'))!.trigger('click');
    await flushPromises();
    expect(svg().attributes('width')).toBe('178mm');
  }); // prettier-ignore

  it('saves a specification that draws the same figure, with where it comes from', async () => {
    await press('figure-json');
    await vi.waitFor(() => expect(saved).toHaveLength(1));
    expect(saved[0].name).toBe('soft-penalty-gap.json');
    const figure = parseFigure(JSON.parse(await saved[0].blob.text()));
    expect(figure.provenance).toMatchObject({ runs: [{ id: 'run-0001' }], notes: ['Each point is the mean of 4 samples.'] });
    expect(figure.provenance!.datasets[0].sha256).toMatch(/^[0-9a-f]+$/);
  }); // prettier-ignore

  it('keeps it in the workspace', async () => {
    await press('figure-keep');
    const call = mounted.engine.calls.find(({ name }) => name === 'figures.save');
    expect(call?.input).toMatchObject({ name: 'Soft penalty, gap', figure: { format: 'adjoint-figure' } });
    expect(mounted.wrapper.text()).toContain('Kept as figures/figure');
  });

  it('says what went wrong when fonts cannot be read, and saves nothing', async () => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(null, { status: 404 }));
    await press('figure-zip');
    await vi.waitFor(() => expect(mounted.wrapper.find('.n-button--loading').exists()).toBe(false));
    expect(saved).toEqual([]);
  });
});

it('an archive holds every file and the samples', async () => {
  const { figureArchive } = await import('./figureFiles');
  const { readFileSync } = await import('node:fs');
  vi.spyOn(globalThis, 'fetch').mockImplementation(() =>
    Promise.resolve(
      new Response(readFileSync('node_modules/@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf')),
    ),
  );
  const figure = draftFigure(source, defaultForm, { title: '', hidden: new Set(), provenance: null });
  const files = unzipSync(await figureArchive('gap', figure, [{ name: 'all.csv', csv: 'x\n1\n' }]));
  vi.restoreAllMocks();
  expect(Object.keys(files)).toEqual(['gap.svg', 'gap.pdf', 'gap.csv', 'gap.json', 'samples/all.csv']);
  expect(strFromU8(files['gap.pdf'].subarray(0, 5))).toBe('%PDF-');
});
