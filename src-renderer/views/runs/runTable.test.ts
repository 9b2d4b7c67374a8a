import { describe, expect, it } from 'vitest';
import type { RunSummary } from '@shared/run';
import { FakeEngine } from '../../testing/fakeEngine';
import { hasCourse } from '../../stores/headlines';
import { availableColumns, column, defaultColumns, metricOf, neededMetric } from './columns';
import { differingSettings, formatSetting, shortLabels } from './differences';
import { emptyFilter, makeFilter } from './filter';
import { groupRows, slotsOf, sortRuns, visibleRange, type Row } from './rows';
import { progressOf, sweepAxes, sweepMetric, sweepState } from './sweepRows';

const template = [...new FakeEngine({ runs: 1 }).runs.values()][0];
const run = (id: string, change: Partial<RunSummary> = {}): RunSummary => ({ ...template, id, tags: [], ...change });
const folding = (closed: string[] = [], openSweeps: string[] = []) => ({
  closed: new Set(closed),
  openSweeps: new Set(openSweeps),
});
const titleOf = (row: Row) =>
  row.type === 'group'
    ? `${row.title} ${row.count}`
    : row.type === 'sweep'
      ? `${row.sweep.name} ${row.sweep.members.length}/${row.sweep.size}`
      : row.run.id;
const summary = (last: number | null) => ({ last, min: last, max: last, count: 1, tailMean: last, area: null });

describe('what differs', () => {
  it('names the settings in which runs differ, the ones with more values first, the seed last', () => {
    const runs = [
      run('a', { settings: { seed: 0, 'optimizer.kind': 'adam', 'technique.lambda.value': 1, 'network.kind': 'mlp' } }),
      run('b', { settings: { seed: 1, 'optimizer.kind': 'sgd', 'technique.lambda.value': 10, 'network.kind': 'mlp' } }),
      run('c', {
        settings: { seed: 2, 'optimizer.kind': 'sgd', 'technique.lambda.value': 100, 'network.kind': 'mlp' },
      }),
    ];
    expect(differingSettings(runs).map(({ key }) => key)).toEqual(['technique.lambda.value', 'optimizer.kind', 'seed']);
  });

  it('counts a missing setting as a difference', () => {
    const runs = [run('a', { settings: { x: 1 } }), run('b', { settings: { x: 1, clip: 2 } })];
    expect(differingSettings(runs).map(({ key }) => key)).toEqual(['clip']);
  });

  it('is nothing for one run, and never the name', () => {
    expect(differingSettings([run('a')])).toEqual([]);
    expect(differingSettings([run('a', { settings: { name: 'p' } }), run('b', { settings: { name: 'q' } })])).toEqual(
      [],
    );
  });

  it('shortens keys as far as they stay distinct', () => {
    const labels = shortLabels([
      'optimizer.kind',
      'technique.lambda.value',
      'optimizer.learningRate',
      'train.batch',
      'valid.batch',
    ]);
    expect([...labels.values()]).toEqual(['optimizer', 'lambda', 'learningRate', 'train.batch', 'valid.batch']);
  });

  it('writes settings as people type them', () => {
    expect([1e-4, 0.001, 200, 1e6, true, null, 'adam', undefined].map(formatSetting)).toEqual([
      '1e−4',
      '0.001',
      '200',
      '1e6',
      'on',
      'none',
      'adam',
      '–',
    ]);
  });
});

describe('the filter', () => {
  const runs = [
    run('a', { name: 'Soft penalty', tags: ['paper'], state: 'done', settings: { 'optimizer.learningRate': 0.001, 'optimizer.kind': 'adam' }, metrics: { 'valid/gap_mean': summary(0.02) } }),
    run('b', { name: 'Theseus layer', tags: [], state: 'failed', settings: { 'optimizer.learningRate': 0.01, 'optimizer.kind': 'sgd' }, metrics: {} }),
  ]; // prettier-ignore
  const found = (text: string, rest = {}) =>
    runs.filter(makeFilter({ ...emptyFilter, text, ...rest })).map(({ id }) => id);

  it('finds words in any order, in name and tags', () => {
    expect(found('penalty soft')).toEqual(['a']);
    expect(found('PAPER')).toEqual(['a']);
    expect(found('penalty theseus')).toEqual([]);
  });

  it('takes conditions on settings by the end of their key', () => {
    expect(found('learningRate<=0.001')).toEqual(['a']);
    expect(found('optimizer.learningrate>1e-3')).toEqual(['b']);
    expect(found('optimizer.kind=sgd')).toEqual(['b']);
    expect(found('optimizer.kind!=sgd')).toEqual(['a']);
  });

  it('takes conditions on metrics and on the state', () => {
    expect(found('gap_mean<0.1')).toEqual(['a']);
    expect(found('state=failed')).toEqual(['b']);
  });

  it('joins words, states and tags', () => {
    expect(found('', { states: ['done'] })).toEqual(['a']);
    expect(found('layer', { states: ['done'] })).toEqual([]);
    expect(found('', { tags: ['paper'] })).toEqual(['a']);
  });
});

describe('rows', () => {
  const runs = [
    run('a', { metrics: { loss: summary(2) } }),
    run('b', { metrics: {} }),
    run('c', { metrics: { loss: summary(NaN) } }),
    run('d', { metrics: { loss: summary(1) } }),
  ];

  it('sort by a metric with missing values last, whichever way', () => {
    const ids = (descending: boolean) => sortRuns(runs, column('metric:loss'), descending).map(({ id }) => id);
    expect(ids(false)).toEqual(['d', 'a', 'c', 'b']);
    expect(ids(true).at(-1)).toBe('b');
    expect(ids(true).indexOf('a')).toBeLessThan(ids(true).indexOf('d'));
  });

  it('sort names as people count', () => {
    const named = [run('x', { name: 'run 10' }), run('y', { name: 'run 9' })];
    expect(sortRuns(named, column('name'), false).map(({ id }) => id)).toEqual(['y', 'x']);
  });

  it('stand under each of their tags, and the untagged at the end', () => {
    const tagged = [run('a', { tags: ['p', 'q'] }), run('b'), run('c', { tags: ['q'] })];
    const titles = groupRows(tagged, 'tag', folding()).map(titleOf);
    expect(titles).toEqual(['p 1', 'a', 'q 2', 'a', 'c', 'No tag 1', 'b']);
  });

  it('hide when their group is closed, with keys that stay unique', () => {
    const tagged = [run('a', { tags: ['p', 'q'] })];
    expect(groupRows(tagged, 'tag', folding(['tag:p'])).map(({ key }) => key)).toEqual(['tag:p', 'tag:q', 'tag:q:a']);
  });

  const inSweep = (id: string, lambda: number, repeat: number, change: Partial<RunSummary> = {}) =>
    run(id, {
      sweep: { id: 's', name: 'Trade-off', point: { 'technique.lambda': lambda }, repeat, size: 6 },
      seed: repeat,
      state: 'done',
      ...change,
    });
  const sweep = [inSweep('s3', 100, 0), inSweep('s2', 10, 1), inSweep('s1', 10, 0), inSweep('s0', 1, 0)];

  it('of a sweep are folded to one where the first of them stands, and unfold below it', () => {
    const listed = [run('a'), sweep[0], run('b'), ...sweep.slice(1)];
    expect(groupRows(listed, 'none', folding()).map(titleOf)).toEqual(['a', 'Trade-off 4/6', 'b']);
    const open = groupRows(listed, 'none', folding([], ['sweep:s']));
    expect(open.map(titleOf)).toEqual(['a', 'Trade-off 4/6', 's3', 's2', 's1', 's0', 'b']);
    expect(open.flatMap((row) => (row.type === 'run' && row.inSweep ? [row.run.id] : []))).toEqual([
      's3',
      's2',
      's1',
      's0',
    ]);
    const grouped = groupRows(
      [sweep[0], { ...sweep[1], dataset: 'other' }],
      'dataset',
      folding([], ['dataset:other:sweep:s']),
    );
    expect(grouped.map(titleOf)).toEqual(['other 1', 'Trade-off 1/6', 's2', 'qcqp-n20 1', 'Trade-off 1/6']);
  });

  it('of a sweep say together what it varies, how far it is and what came out of it', () => {
    const metrics = (gap: number) => ({ 'valid/gap_mean': summary(gap) });
    const progress = (done: number) => ({ done, total: 100, unit: 'steps', rate: 10, secondsLeft: (100 - done) / 10 });
    const group = {
      id: 's',
      name: 'Trade-off',
      size: 6,
      members: [
        inSweep('a', 100, 0, { metrics: metrics(0.4), progress: progress(100), activeSeconds: 10 }),
        inSweep('b', 10, 1, { metrics: metrics(-0.1), progress: progress(100), activeSeconds: 10 }),
        inSweep('c', 1, 0, { metrics: metrics(-0.9), progress: progress(50), activeSeconds: 5, state: 'running' }),
        inSweep('d', 1, 1, { metrics: {}, progress: null, activeSeconds: 0, state: 'queued' }),
      ],
    };
    expect(sweepAxes(group).map(({ label, values }) => `${label} ${values}`)).toEqual([
      'lambda 1 · 10 · 100',
      'seeds 2',
    ]);
    expect(sweepState(group)).toBe('running');
    expect(progressOf(group)).toEqual({
      total: 6,
      counts: { done: 2, running: 1, queued: 1 },
      share: 2.5 / 6,
      secondsLeft: 15,
    });
    const gap = sweepMetric(group, 'valid/gap_mean', column('metric:valid/gap_mean'))!;
    expect(gap.best!.run.id).toBe('b');
    expect(gap).toMatchObject({ least: -0.9, greatest: 0.4, count: 3, values: [-0.9, -0.1, 0.4] });
    expect(gap.mean).toBeCloseTo(-0.2, 12);
    expect(sweepMetric(group, 'loss', column('metric:loss'))).toBeNull();
  });

  it('exist only where they can be seen', () => {
    expect(visibleRange(3200, 640, 32, 5000)).toEqual({ first: 92, end: 129 });
    expect(visibleRange(0, 640, 32, 3)).toEqual({ first: 0, end: 3 });
    expect(visibleRange(99_999, 640, 32, 3)).toEqual({ first: 0, end: 3 });
    expect(visibleRange(99_999, 640, 32, 5000)).toEqual({ first: 3116, end: 3153 });
    expect(visibleRange(999_999, 640, 32, 5000)).toEqual({ first: 4963, end: 5000 });
  });

  it('are shown by the same elements while one scrolls', () => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const indices = (first: number, end: number) => slotsOf(all, { first, end }).map(({ row }) => row);
    expect(indices(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(indices(2, 7)).toEqual([5, 6, 2, 3, 4]);
    expect(indices(12, 17)).toEqual([15, 16, 12, 13, 14]);
    expect(indices(3, 3)).toEqual([]);
  });

  it('have the columns that fit their kinds', () => {
    const metrics = (kinds: string[]) => defaultColumns(kinds).filter((id) => neededMetric(id) !== null);
    expect(metrics(['training'])).toEqual(['metric:valid/gap_mean', 'metric:valid/ineq_max', 'metric:valid/eq_max', 'metric:loss']);
    expect(metrics(['bilevel'])).toEqual([
      ...['metric:bilevel/F', 'best:bilevel/F', 'metric:bilevel/gap', 'metric:bilevel/gradient_norm'],
      ...['metric:bilevel/lower_solves', 'metric:bilevel/fall_backs'],
    ]);
    expect(metrics(['hypergradients'])).toContain('metric:hypergradient/speedup');
    expect(metrics(['bilevel', 'training'])).toEqual(['metric:valid/gap_mean', 'metric:valid/ineq_max', 'metric:bilevel/F', 'metric:bilevel/gap']);
    expect(defaultColumns(['bilevel', 'training'])).toContain('kind');
    expect(defaultColumns(['bilevel'])).not.toContain('device');
    // An empty list, or one of kinds of another version, has the columns of a training.
    expect(metrics([])).toEqual(metrics(['training']));
    expect(metrics(['other'])).toEqual(metrics(['training']));
  }); // prettier-ignore

  it('show and sort by the best of all rows where it is asked for', () => {
    const descent = run('a', { metrics: { 'bilevel/F': { ...summary(3), min: 1.25 } } });
    const climbing = run('b', { metrics: { 'valid/accuracy': summary(2) } });
    const best = column('best:bilevel/F');
    expect(best.title).toBe('Best F');
    expect(best.text!(descent)).toBe('1.250');
    expect(best.sortKey(climbing)).toBeNull();
    const offered = availableColumns([descent]).flatMap(({ columns }) => columns.map(({ id }) => id));
    expect(offered).toContain('best:bilevel/F');
    expect(availableColumns([run('c', { metrics: { 'bilevel/gap': summary(0) } })])[2].columns).toEqual([]);
  });

  it('have a small line only where a course says something', () => {
    const drawn = defaultColumns(['bilevel']).flatMap((id) => metricOf(id) ?? []).filter(hasCourse);
    expect(drawn).toEqual(['bilevel/F', 'bilevel/gap', 'bilevel/gradient_norm']);
    expect(hasCourse('hypergradient/speedup')).toBe(false);
    expect(hasCourse('loss')).toBe(true);
  }); // prettier-ignore

  it('offer every setting and metric as a column', () => {
    const groups = availableColumns([template]);
    expect(groups[1].columns.some(({ id }) => id === 'metric:valid/gap_mean')).toBe(true);
    expect(groups[3].columns.some(({ id }) => id === 'setting:optimizer.learningRate')).toBe(true);
  });
});
