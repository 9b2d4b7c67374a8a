import { describe, expect, it } from 'vitest';
import { toCsv } from '@shared/figures/csv';
import { parseFigure } from '@shared/figures/spec';
import type { RunSummary } from '@shared/run';
import type { ChartSeries } from '../../components/charts/chartModel';
import { makePanels } from '../../components/charts/panels';
import { smooth } from '../../components/charts/smoothing';
import {
  besideEachOther,
  curveNotes,
  figureLabels,
  intervalWords,
  overlaid,
  tradeOffFigure,
  type ComparedChart,
} from './comparisonFigure';
import type { Entry } from './entries';
import { finalCell } from './finals';
import { finalsCsv } from './finalsCsv';
import { tradeOffModel } from './tradeOff';

const run = (id: string, seed: number, last = seed) =>
  ({
    id,
    seed,
    metrics: { loss: { last, min: last, max: last, count: 1, tailMean: last, area: null } },
  }) as unknown as RunSummary;
const entry = (id: string, label: string, runs: RunSummary[], change: Partial<Entry> = {}): Entry =>
  ({ id, group: runs.length > 1, runs, name: label, label, differences: [{ key: 'technique.weight', label: 'weight', text: label }], ...change }); // prettier-ignore

const steps = Float64Array.from({ length: 11 }, (_, i) => 10 * i);
const line = (id: string, first: number, banded = false): ChartSeries => {
  const y = steps.map((_, i) => first * 2 ** -i);
  const [min, max] = banded ? [y.map((value) => 0.5 * value), y.map((value) => 2 * value)] : [null, null];
  return { id, label: id, colour: '#0072b2', interval: banded, part: { x: steps, y, min, max } };
};
const [panel] = makePanels({ step: ['loss'] } as never, ['loss']);
const chart = (change: Partial<ComparedChart> = {}): ComparedChart => ({
  panel, metric: panel.metrics[0], series: [line('a', 8, true), line('b', 1)], scaleType: 'log', domain: { from: 0, to: 100 }, smoothing: 0,
  wholeRange: true, xTitle: 'step', ...change,
}); // prettier-ignore
const numbers = (values: unknown) => (values as unknown[]).map(Number);

describe('names in a figure', () => {
  it('are whole, and no two alike', () => {
    const same = [
      entry('r1', '10', [run('r1', 0)]),
      entry('r2', '10', [run('r2', 1)]),
      entry('r3', '10', [run('r3', 1)]),
    ];
    expect([...figureLabels(same).values()]).toEqual(['10', '10 (seed 1)', '10 (r3)']);
  });
});

describe('curves of a comparison', () => {
  it('are all in one panel, with bands of groups and what they are', () => {
    const figure = overlaid(chart());
    expect(figure.series.map(({ label }) => label)).toEqual(['a', 'b']);
    expect(figure.series[0]).toMatchObject({ interval: intervalWords, low: { length: 11 } });
    expect(figure.series[1]).not.toHaveProperty('low');
    expect(figure.y).toMatchObject({ scale: 'log' });
    expect(toCsv(parseFigure({ format: 'adjoint-figure', version: 1, panels: [figure] }))).toContain(
      '95 % bootstrap interval of the mean over runs',
    );
  });

  it('are smoothed with what lies before the zoom, and bands of groups with them', () => {
    const all = chart();
    const { series } = overlaid({ ...all, smoothing: 0.5, domain: { from: 50, to: 100 } });
    const { part } = all.series[0];
    const shown = series[0] as { y: unknown; low: unknown; raw: unknown };
    expect(numbers(shown.y)).toEqual([...smooth(part.y, 0.5).subarray(4)]);
    expect(numbers(shown.low)).toEqual([...smooth(part.min!, 0.5).subarray(4)]);
    expect(numbers(shown.raw)).toEqual([...part.y.subarray(4)]);
  });

  it('stand beside each other on one axis', () => {
    const panels = besideEachOther(chart());
    expect(panels.map(({ title, series }) => [title, series.length])).toEqual([['a', 1], ['b', 1]]);
    const [first, second] = panels.map(({ y }) => y!.domain!);
    expect(first).toEqual(second);
    // From 2⁻¹⁰ of b to twice 8 of a's band.
    expect(first[0]).toBeLessThanOrEqual(2 ** -10);
    expect(first[1]).toBeGreaterThanOrEqual(16);
  }); // prettier-ignore

  it('say what was averaged, over which runs, and how they were smoothed', () => {
    const entries = [entry('g', '10', [run('r1', 0), run('r2', 1)])];
    const notes = curveNotes(entries, figureLabels(entries), { smoothing: 0.9, samplesPerPoint: 20 }).join('\n');
    for (const words of ['10: mean of 2 runs, r1, r2.', '95 % percentile bootstrap', 'up to 20 samples', 'weight 0.9, bands with their means'])
      expect(notes).toContain(words);
  }); // prettier-ignore
});

describe('the trade-off as a figure', () => {
  const entries = [
    entry('g', '1', [run('r1', 0), run('r2', 1)]),
    entry('r3', '10', [run('r3', 0)]),
    entry('r4', '100', [run('r4', 0)]),
  ];
  const at = { r1: [1, 4], r2: [3, 4], r3: [4, 1], r4: [5, 5] };
  const points = new Map(Object.entries(at).map(([id, [x, y]]) => [id, { id, x, y, epoch: 1 }]));
  const look = { labels: figureLabels(entries), colourOf: () => '#0072b2' };

  it('names every point, with its interval where it is of several runs, and draws the front', () => {
    const model = tradeOffModel({ entries, points, x: 'valid/ineq_max', y: 'valid/gap_mean', scales: { x: 'log', y: 'log' } });
    const { series } = tradeOffFigure(model, look);
    expect(series.map(({ mark, label }) => [mark, label])).toEqual([['front', 'Pareto front'], ['points', '1'], ['points', '10'], ['points', '100']]);
    expect(series[0]).toMatchObject({ x: [2, 4], y: [4, 1] });
    expect(series[1]).toMatchObject({ names: ['1'], x: [2], xLow: [1], xHigh: [3], low: [4], high: [4], interval: intervalWords });
    expect(series[2]).not.toHaveProperty('xLow');
  }); // prettier-ignore

  it('draws no staircase where less is not better', () => {
    const model = tradeOffModel({ entries, points, x: 'valid/ineq_max', y: 'gradient/cosine', scales: { x: 'log', y: 'linear' } });
    const { series, y } = tradeOffFigure(model, look);
    expect(series[0].mark).toBe('line');
    expect(y!.scale).toBe('linear');
  }); // prettier-ignore
});

describe('the table of final values', () => {
  it('has full precision, intervals, differences to the baseline, and the settings that differ', () => {
    const third = 1 / 3;
    const entries = [entry('g', '1, "small"', [run('r1', 0, third), run('r2', 1, 3)]), entry('h', '10', [run('r3', 0, 2), run('r4', 1, 5)])];
    const value = (one: RunSummary) => one.metrics.loss.last;
    const csv = finalsCsv({
      entries, labels: figureLabels(entries), baseline: entries[1], statistic: 'last', metrics: ['loss'], cell: (one) => finalCell(one, entries[1], value),
    });
    const rows = csv.split('\n').filter((row) => !row.startsWith('#'));
    expect(rows[0]).toMatch(/^entry,runs,metric.*technique\.weight$/);
    expect(rows[1]).toContain(`"1, ""small""",r1 r2,loss,`);
    expect(rows[1]).toContain(`last,${(third + 3) / 2},`);
    expect(rows[1]).toContain(`,${(third + 3) / 2 - 3.5},`);
    expect(rows[1]).toMatch(/,true,"1, ""small"""$/);
    expect(rows[2]).toContain('last,3.5,');
  }); // prettier-ignore
});
