import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunSummary } from '@shared/run';
import type { SweepPreview } from '@shared/sweeps';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { cellParts } from './cells';
import { planOf } from './plan';
import StudiesView from './StudiesView.vue';

let mounted: Mounted;
afterEach(() => mounted?.wrapper.unmount());

/** The page at its address. */
const open = (name = '') =>
  mountWithEngine(
    StudiesView,
    {},
    {},
    {
      address: `/studies/${name}`,
      routes: [
        { path: '/studies/:name?', component: StudiesView },
        { path: '/:rest(.*)*', component: StudiesView },
      ],
    },
  );

/** Past the delay after which a question is put, and its answer. */
const answered = () =>
  vi.waitFor(() => flushPromises().then(() => expect(mounted.wrapper.find('.skeleton').exists()).toBe(false)));
const text = () => mounted.wrapper.text();

describe('the studies view', () => {
  it('shows question, reading, table and figure of the first study', async () => {
    mounted = await open();
    await answered();
    await vi.waitFor(() => expect(text()).toContain('Every tenfold λ divides the violation by about 8.'));
    expect(text()).toContain('How does the penalty weight λ trade the objective for feasibility?');
    expect(text()).toContain('Exponent −0.90');
    expect(text()).toContain('3 of 15 runs are not finished');
    expect(mounted.wrapper.findAll('tbody tr')).toHaveLength(2);
    const paper = mounted.wrapper.find('[aria-label="Each point is a λ."]');
    expect(paper.element.shadowRoot?.innerHTML).toContain('<svg');
  });

  it('runs what is missing', async () => {
    mounted = await open();
    await answered();
    const button = () => mounted.wrapper.find('[data-testid="start-study"]');
    await vi.waitFor(() => expect(button().text()).toBe('Run 3 missing'));
    await button().trigger('click');
    await vi.waitFor(() => expect(mounted.engine.calls.some(({ name }) => name === 'studies.start')).toBe(true));
  });

  it('says what will be here before any run is finished', async () => {
    mounted = await open('annealing');
    await vi.waitFor(() => expect(text()).toContain('Nothing to read yet'));
    expect(text()).toContain('0 of 15 runs finished');
  });

  it('says so when there is no such study', async () => {
    mounted = await open('nothing');
    await vi.waitFor(() => expect(text()).toContain('There is no such study'));
  });
});

describe('where the runs of a study stand', () => {
  const preview = (runs: number, created: number, resumed = 0): SweepPreview => ({
    findings: [],
    plan: {
      ...{ id: 's', name: 's', axes: [], points: runs, repeats: 1, runs, created, resumed },
      ...{ kept: runs - created - resumed, secondsLeft: 10 },
    },
  });
  const run = (state: RunSummary['state'], done = 0) => ({ state, progress: { done, total: 10 } }) as RunSummary;

  it('tells finished, running, waiting and missing runs apart', () => {
    const plan = planOf([preview(10, 3, 1)], [run('done', 10), run('running', 5), run('queued')]);
    expect(plan).toMatchObject({ total: 10, done: 4, live: 1, queued: 1, missing: 4, share: 0.45, secondsLeft: 10 });
  });

  it('counts no time for what is finished, and says nothing where a sweep is not valid', () => {
    expect(planOf([preview(4, 0)], [])).toMatchObject({ done: 4, missing: 0, share: 1, secondsLeft: 0 });
    expect(planOf([{ findings: [{ path: 'dataset', message: 'is gone' }], plan: null }], [])).toBeNull();
  });
});

it('a cell shows its interval beside the value and everything on hover', () => {
  expect(cellParts({ value: 0.12345, low: 0.1, high: 0.2 })).toMatchObject({
    value: '0.123',
    interval: '0.100 … 0.200',
    full: '0.12345 [0.1, 0.2]',
  });
  expect(cellParts({ value: 2, low: null, high: null })).toMatchObject({ value: '2', interval: '', full: '2' });
  expect(cellParts(null).value).toBe('–');
});
