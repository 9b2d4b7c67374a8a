import { describe, expect, it } from 'vitest';
import { comparisonSpecSchema, type RunContext } from '@shared/comparisons';
import type { RunSummary } from '@shared/run';
import { meanInterval } from '@shared/statistics/bootstrap';
import { sectionsOf } from '../../components/charts/panels';
import { defaultSpec, hasChanges, readQuery, writeQuery } from './address';
import { comparedPanels, panelsInSight } from './comparedPanels';
import { configLines, datasetFinding } from './configDiff';
import { chosenRuns, groupingChoices, resolveEntries } from './entries';
import { finalCell, finalValue } from './finals';
import { momentWord, tradeOffAxes, tradeOffChoices, tradeOffModel } from './tradeOff';

let made = 0;
function run(id: string, settings: RunSummary['settings'], change: Partial<RunSummary> = {}): RunSummary {
  return {
    id, name: 'soft penalty', kind: 'training', state: 'done', pending: null, createdAt: `2026-11-24T10:${String(made++).padStart(2, '0')}:00Z`,
    startedAt: null, endedAt: null, activeSeconds: 10, progress: null, attempts: 1, device: 'cpu', seed: Number(settings.seed ?? 0), tags: [], notes: '',
    group: null, dataset: 'qcqp', sweep: null, settings, metrics: {}, error: null, damage: [], resumable: false, ...change,
  };
} // prettier-ignore
const summary = (last: number, min = last, max = last) => ({ last, min, max, count: 1, tailMean: last, area: null });
const spec = (change: Partial<typeof defaultSpec>) => ({ ...defaultSpec, ...change });
const seeds = [1, 10].flatMap((weight) =>
  [0, 1, 2].map((seed) => run(`w${weight}-s${seed}`, { 'technique.weight': weight, 'optimizer.rate': 1e-3, seed })),
);

describe('the address of a comparison', () => {
  const full = comparisonSpecSchema.parse({
    runs: ['a', 'b'], rule: { sweep: 's1', filter: 'weight>=10 state=done' }, groupBy: 'setting:technique.weight', order: ['b', 'a'], hidden: ['a'], baseline: 'b',
    xAxis: 'epoch', layout: 'columns', scales: { loss: 'log', 'trade:x': 'linear' }, metrics: { 'valid/gap': 'valid/gap_max' }, statistic: 'best',
    tradeOff: { x: 'loss', y: 'valid/eq_max', at: 'bestY' },
  }); // prettier-ignore

  it('holds everything and comes back whole', () => {
    expect(readQuery(writeQuery(full) as Record<string, string>)).toEqual(full);
  });

  it('says only what differs from what was saved', () => {
    expect(writeQuery(defaultSpec)).toEqual({});
    expect(writeQuery({ ...full, layout: 'overlay' }, full)).toEqual({ layout: 'overlay' });
    expect(readQuery({ layout: 'overlay' }, full)).toEqual({ ...full, layout: 'overlay' });
    expect(writeQuery({ ...full, baseline: null, hidden: [] }, full)).toEqual({ base: '', hide: '' });
    expect(readQuery({ base: '', hide: '' }, full)).toMatchObject({ baseline: null, hidden: [] });
    expect(hasChanges({ tab: 'config' })).toBe(false);
    expect(hasChanges({ hide: '' })).toBe(true);
  });

  it('loses no more than the part that cannot be understood', () => {
    expect(readQuery({ runs: 'a,b', layout: 'round', by: 'nonsense', trade: 'x' })).toEqual(spec({ runs: ['a', 'b'] }));
  });
});

describe('what is compared', () => {
  it('are the chosen runs in their order, and those that fit the rule as they come', () => {
    const chosen = spec({ runs: ['w10-s0', 'gone'], rule: { filter: 'weight=1' } });
    expect(chosenRuns(chosen, seeds)).toMatchObject({
      runs: [{ id: 'w10-s0' }, { id: 'w1-s0' }, { id: 'w1-s1' }, { id: 'w1-s2' }],
      missing: ['gone'],
    });
    const later = run('w1-s3', { 'technique.weight': 1, 'optimizer.rate': 1e-3, seed: 3 });
    expect(chosenRuns(chosen, [...seeds, later]).runs.at(-1)?.id).toBe('w1-s3');
  });

  it('is told apart by the settings that differ, the seed only where it does alone', () => {
    const { entries } = resolveEntries(spec({ runs: ['w1-s0', 'w10-s0'] }), seeds);
    expect(entries.map(({ differences }) => differences)).toEqual([
      [{ key: 'technique.weight', label: 'weight', text: '1' }],
      [{ key: 'technique.weight', label: 'weight', text: '10' }],
    ]);
    expect(resolveEntries(spec({ runs: ['w1-s0', 'w1-s1'] }), seeds).entries.map(({ label }) => label)).toEqual([
      'seed 0',
      'seed 1',
    ]);
  });

  it('become groups of seeds, which keep their identity when a seed joins', () => {
    const all = spec({ runs: seeds.map(({ id }) => id), groupBy: 'seed' });
    const before = resolveEntries(all, seeds).entries;
    expect(before.map(({ runs, label }) => [runs.length, label])).toEqual([[3, 'weight 1'], [3, 'weight 10']]);
    const joined = resolveEntries({ ...all, runs: [...all.runs, 'w1-s9'] }, [...seeds, run('w1-s9', { 'technique.weight': 1, 'optimizer.rate': 1e-3, seed: 9 })]).entries;
    expect(joined.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(joined[0].runs).toHaveLength(4);
  }); // prettier-ignore

  it('become groups by a setting or by the point of a sweep', () => {
    const mixed = seeds.map((one, i) => ({ ...one, sweep: { id: 's', name: 'λ', point: { 'technique.weight': one.settings['technique.weight'] }, repeat: i % 3, size: 6 } }));
    for (const groupBy of ['setting:technique.weight', 'point'] as const)
      expect(resolveEntries(spec({ runs: mixed.map(({ id }) => id), groupBy }), mixed).entries).toHaveLength(2);
    expect(groupingChoices(mixed).map(({ value }) => value)).toEqual(['none', 'seed', 'point', 'setting:technique.weight']);
  }); // prettier-ignore

  it('is at most twelve, in the chosen order, and says what grouping by seed would make of more', () => {
    const many = Array.from({ length: 15 }, (_, i) => run(`r${i}`, { w: Math.floor(i / 5), seed: i % 5 }));
    const { entries, dropped, bySeed } = resolveEntries(spec({ runs: many.map(({ id }) => id), order: ['r14'] }), many);
    expect(entries).toHaveLength(12);
    expect(entries[0].id).toBe('r14');
    expect([dropped, bySeed]).toEqual([3, 3]);
  });
});

describe('final values', () => {
  const nowhere = () => null;
  const withLast = (weight: number, values: number[], from = 0) =>
    values.map((last, i) =>
      run(`${weight}-${from + i}`, { w: weight, seed: from + i }, { metrics: { loss: summary(last) } }),
    );
  const entry = (runs: RunSummary[], id = 'e') => ({ id, group: true, runs, name: id, differences: [], label: id });
  const last = (one: RunSummary) => finalValue(one, 'loss', 'last', nowhere);

  it('of a group are means, with the difference seed by seed where the seeds are the same', () => {
    const base = entry(withLast(1, [1, 2, 3]), 'base');
    const cell = finalCell(entry(withLast(2, [1.5, 2.5, 3.5])), base, last);
    expect(cell).toMatchObject({ value: 2.5, count: 3, interval: meanInterval([1.5, 2.5, 3.5]) });
    expect(cell.difference).toMatchObject({ value: 0.5, paired: true, clear: true, interval: { low: 0.5, high: 0.5 } });
    const other = finalCell(entry(withLast(2, [1.5, 2.5, 3.5], 7)), base, last).difference!;
    expect(other).toMatchObject({ value: 0.5, paired: false, clear: false });
    expect(finalCell(base, base, last).difference).toBeNull();
  });

  it('of single runs have a difference and no interval', () => {
    const cell = finalCell(entry(withLast(2, [3])), entry(withLast(1, [1]), 'base'), last);
    expect(cell).toMatchObject({ value: 3, interval: null, difference: { value: 2, interval: null, clear: false } });
  });

  it('leave out runs without a value and count them', () => {
    const cell = finalCell(entry([...withLast(1, [1, 3]), run('none', {})]), null, last);
    expect(cell).toMatchObject({ value: 2, count: 2, of: 3 });
  });

  it('are best in the direction of the metric', () => {
    const metrics = { loss: summary(2, 1, 5), 'valid/gap_mean': summary(0.2, 0.1, 4), 'valid/gap_max': summary(0.2, -1, 4), learning_rate: summary(1) };
    const one = run('r', {}, { metrics });
    expect(finalValue(one, 'loss', 'best', nowhere)).toBe(1);
    expect(finalValue(one, 'valid/gap_mean', 'best', nowhere)).toBe(0.1);
    expect(finalValue(one, 'valid/gap_max', 'best', (id, key) => (id === 'r' && key === 'valid/gap_max' ? -0.01 : null))).toBe(-0.01);
    expect(finalValue(one, 'learning_rate', 'best', nowhere)).toBeNull();
  }); // prettier-ignore
});

describe('the trade-off', () => {
  const entries = resolveEntries(spec({ runs: seeds.map(({ id }) => id), groupBy: 'seed' }), seeds).entries;
  const points = (values: Record<string, [number | null, number | null]>) =>
    new Map(Object.entries(values).map(([id, [x, y]]) => [id, { id, x, y, epoch: 9 }]));
  const scales = { x: 'log', y: 'log' } as const;
  const axes = { x: 'valid/ineq_max', y: 'valid/gap_mean' };

  it('marks what no other beats in both; a gap counts by its size', () => {
    const singles = resolveEntries(spec({ runs: ['w1-s0', 'w1-s1', 'w1-s2', 'w10-s0'] }), seeds).entries;
    const model = tradeOffModel({
      ...axes, entries: singles, scales,
      points: points({ 'w1-s0': [0.1, -0.3], 'w1-s1': [0.2, 0.1], 'w1-s2': [0.2, -0.2], 'w10-s0': [1, -0.01] }),
    });
    expect(model.front).toEqual(['w1-s0', 'w1-s1', 'w10-s0']);
    expect(model.entries.find(({ id }) => id === 'w1-s0')?.y).toBe(0.3);
  }); // prettier-ignore

  it('places a group at its mean, with its interval and its runs', () => {
    const model = tradeOffModel({ ...axes, entries, scales, points: points({ 'w1-s0': [1, 2], 'w1-s1': [2, 2], 'w1-s2': [3, null] }) });
    expect(model.entries).toMatchObject([{ x: 1.5, y: 2, xInterval: meanInterval([1, 2]), front: true }]);
    expect(model.entries[0].members.map(({ run: id }) => id)).toEqual(['w1-s0', 'w1-s1']);
    expect(model.unplaced).toEqual([entries[1].id]);
  }); // prettier-ignore

  it('asks what runs of a kind are judged by, unless something else was chosen that they have', () => {
    const count = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, summary(1)]));
    const context = (id: string, recorded: RunContext['recorded']): [string, RunContext] => [id, { id, dataset: null, recorded, metrics: {} }];
    const descent = { 'bilevel/F': 1, 'bilevel/gap': 1, 'bilevel/step_length': 1, 'bilevel/lower_solves': 1, 'bilevel/seconds': 1 };
    const bilevel = { ...run('b', {}, { metrics: count(Object.keys(descent)) }), kind: 'bilevel' };
    const training = { ...run('t', {}, { metrics: count(['loss', 'valid/ineq_max', 'valid/gap_mean']) }), kind: 'training' };
    const contexts = new Map([
      context('b', { step: [...Object.keys(descent), 'bilevel/moreau'] }),
      context('t', { step: ['loss'], epoch: ['valid/ineq_max', 'valid/gap_mean'] }),
    ]);
    const choicesOf = (ids: string[]) => tradeOffChoices(resolveEntries(spec({ runs: ids }), [bilevel, training]).entries, contexts);
    const { tradeOff: chosen } = spec({});
    // The Moreau gradient was to be measured and never was; a step length has no better.
    expect(choicesOf(['b'])).toEqual(['bilevel/F', 'bilevel/gap', 'bilevel/lower_solves', 'bilevel/seconds']);
    expect(tradeOffAxes(choicesOf(['b']), chosen)).toMatchObject({ y: 'bilevel/gap', x: 'bilevel/lower_solves' });
    expect(tradeOffAxes(choicesOf(['b']), { y: 'bilevel/F', x: 'bilevel/seconds' })).toMatchObject({ y: 'bilevel/F', x: 'bilevel/seconds' });
    expect(tradeOffAxes(choicesOf(['t']), chosen)).toEqual({ y: 'valid/gap_mean', x: 'valid/ineq_max', xChoices: ['valid/ineq_max'] });
    // Of both kinds, the other axis is of the same clock.
    const { xChoices } = tradeOffAxes(choicesOf(['b', 't']), { y: 'bilevel/gap', x: 'valid/ineq_max' })!;
    expect(xChoices).toEqual(['bilevel/F', 'bilevel/lower_solves', 'bilevel/seconds']);
    expect(tradeOffAxes(['bilevel/F', 'valid/gap_mean'], chosen)).toBeNull();
    expect([momentWord(['training']), momentWord(['bilevel']), momentWord(['bilevel', 'training'])]).toEqual(['epoch', 'iterate', 'row']);
  }); // prettier-ignore

  it('gives zeros a floor of their own on a logarithmic axis', () => {
    const model = tradeOffModel({ ...axes, entries, scales, points: points({ 'w1-s0': [0, 2], 'w10-s0': [0.1, 1] }) });
    expect(model.x.scale.floor).not.toBeNull();
    expect(model.x.scale.floor!).toBeLessThan(-1);
  });
});

describe('configurations side by side', () => {
  const context = (id: string, name: string, sha256: string): [string, RunContext] => [id, { id, dataset: { name, sha256 }, recorded: {}, metrics: {} }];
  const contexts = new Map([context('a', 'qcqp', 'aa'.repeat(32)), context('b', 'qcqp', 'bb'.repeat(32))]);
  const runs = [run('a', { kind: 'training', 'optimizer.rate': 1e-3, 'optimizer.kind': 'adam', seed: 0 }), run('b', { kind: 'training', 'optimizer.rate': 3e-4, 'optimizer.kind': 'adam', seed: 0 })];
  const { entries } = resolveEntries(spec({ runs: ['a', 'b'] }), runs);

  it('are lines as YAML indents them, only those that differ when asked', () => {
    const differing = configLines(entries, contexts, true).map(({ key, depth, values }) => [key, depth, values]);
    expect(differing).toEqual([
      ['dataset', 0, null],
      ['sha256', 1, ['aaaaaaaaaaaa', 'bbbbbbbbbbbb']],
      ['optimizer', 0, null],
      ['rate', 1, ['0.001', '3e−4']],
    ]);
    const all = configLines(entries, contexts, false).map(({ path }) => path);
    expect(all).toEqual(['kind', 'seed', 'dataset', 'dataset.name', 'dataset.sha256', 'optimizer', 'optimizer.kind', 'optimizer.rate']);
  });

  it('say when a dataset of one name has two contents, and when the names differ', () => {
    expect(datasetFinding(entries, contexts)).toMatchObject({ what: expect.stringContaining('other contents'), datasets: [{ runs: 1 }, { runs: 1 }] });
    const others = new Map([context('a', 'qcqp', 'aa'.repeat(32)), context('b', 'qcqp-n100', 'bb'.repeat(32))]);
    expect(datasetFinding(entries, others)?.what).toContain('different datasets');
    expect(datasetFinding(entries, new Map([context('a', 'q', 'aa'), context('b', 'q', 'aa')]))).toBeNull();
  });
}); // prettier-ignore

describe('what will be in sight', () => {
  const panels = comparedPanels({ step: ['loss', 'objective', 'violation/eq_max', 'violation/ineq_max', 'gradient/cosine'] });
  it('is what fits into the space, section by section', () => {
    const counted = (width: number, height: number, layout: 'overlay' | 'columns' = 'overlay') =>
      panelsInSight(panels, { width, height }, layout).length;
    const sections = sectionsOf(panels, []).map(({ panels: list }) => list.length);
    expect(counted(1540, 100)).toBe(Math.min(4, sections[0]));
    expect(counted(1540, 5000)).toBe(panels.length);
    expect(counted(1540, 100, 'columns')).toBe(1);
    expect(counted(340, 400)).toBe(2);
  });
}); // prettier-ignore
