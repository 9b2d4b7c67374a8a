import { describe, expect, it } from 'vitest';
import type { RunSummary } from '@shared/run';
import { FakeEngine } from '../../testing/fakeEngine';
import { availableColumns, column } from './columns';
import { differingSettings, formatSetting, shortLabels } from './differences';
import { emptyFilter, makeFilter } from './filter';
import { groupRows, sortRuns, visibleRange } from './rows';

const template = [...new FakeEngine({ runs: 1 }).runs.values()][0];
const run = (id: string, change: Partial<RunSummary> = {}): RunSummary => ({ ...template, id, tags: [], ...change });
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
    const titles = groupRows(tagged, 'tag', new Set()).map((row) =>
      row.type === 'group' ? `${row.title} ${row.count}` : row.run.id,
    );
    expect(titles).toEqual(['p 1', 'a', 'q 2', 'a', 'c', 'No tag 1', 'b']);
  });

  it('hide when their group is closed, with keys that stay unique', () => {
    const tagged = [run('a', { tags: ['p', 'q'] })];
    expect(groupRows(tagged, 'tag', new Set(['tag:p'])).map(({ key }) => key)).toEqual(['tag:p', 'tag:q', 'tag:q:a']);
  });

  it('exist only where they can be seen', () => {
    expect(visibleRange(3200, 640, 32, 5000)).toEqual({ first: 92, end: 128 });
    expect(visibleRange(0, 640, 32, 3)).toEqual({ first: 0, end: 3 });
    expect(visibleRange(99_999, 640, 32, 3)).toEqual({ first: 3, end: 3 });
  });

  it('offer every setting and metric as a column', () => {
    const groups = availableColumns([template]);
    expect(groups[1].columns.some(({ id }) => id === 'metric:valid/gap_mean')).toBe(true);
    expect(groups[2].columns.some(({ id }) => id === 'setting:optimizer.learningRate')).toBe(true);
  });
});
