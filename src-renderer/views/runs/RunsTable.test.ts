import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { defineComponent, h, ref } from 'vue';
import type { RunSummary } from '@shared/run';
import { useRuns } from '../../stores/runs';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import RunsTable from './RunsTable.vue';
import { provideRunTable, useRunTable, type RunTable } from './useRunTable';

let mounted: Mounted;
let table: RunTable;
const opened: string[] = [];
const previewed = ref<string | null>(null);

async function show(runs: number): Promise<void> {
  localStorage.clear();
  opened.length = 0;
  previewed.value = null;
  const Page = defineComponent(() => {
    const store = useRuns();
    table = provideRunTable(() => store.list, 'test');
    return () =>
      h(RunsTable, {
        previewed: previewed.value,
        onOpen: (run: RunSummary) => opened.push(run.id),
        onPreview: (run: RunSummary | null) => (previewed.value = run?.id ?? null),
      });
  });
  mounted = await mountWithEngine(Page, {}, { runs, live: 1 });
  await flushPromises();
}

const rows = () => mounted.wrapper.findAll('[data-testid="run-row"]');
const press = (...keys: string[]) =>
  keys.reduce<Promise<void>>(
    (before, key) => before.then(() => mounted.wrapper.find('[role="treegrid"]').trigger('keydown', { key })),
    Promise.resolve(),
  );

afterEach(() => mounted.wrapper.unmount());

describe('the table of runs', () => {
  it('makes only the rows in sight, however many runs there are', async () => {
    await show(3000);
    expect(rows().length).toBeGreaterThan(5);
    expect(rows().length).toBeLessThan(60);
    expect(mounted.wrapper.find('.rows').attributes('style')).toContain(`height: ${3000 * 32}px`);
  });

  it('says of each run its state in a word, and names it', async () => {
    await show(12);
    expect(rows()[0].find('[data-testid="run-state"]').text()).toBe('Running');
    expect(rows()[0].attributes('data-run-id')).toBe('run-0000');
    expect(rows()[5].text()).toContain('Crashed');
  });

  it('is walked with j and k, opened with Enter', async () => {
    await show(12);
    await press('j', 'j', 'j', 'k', 'Enter');
    expect(opened).toEqual(['run-0001']);
  });

  it('previews with Space, follows the keys while it does, and stops with Space', async () => {
    await show(12);
    await press('j', ' ');
    expect(previewed.value).toBe('run-0000');
    await press('j');
    expect(previewed.value).toBe('run-0001');
    await press(' ');
    expect(previewed.value).toBeNull();
  });

  it('selects with x and by shift-click a range', async () => {
    await show(12);
    await press('j', 'x');
    await rows()[4].trigger('click', { shiftKey: true });
    expect([...table.selected.value].sort()).toEqual(['run-0000', 'run-0001', 'run-0002', 'run-0003', 'run-0004']);
  });

  it('asks for sparklines of visible rows only', async () => {
    await show(3000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const asked = new Set(
      mounted.engine.calls
        .filter(({ name }) => name === 'runs.sparklines')
        .flatMap(({ input }) => (input as { ids: string[] }).ids),
    );
    expect(asked.size).toBeGreaterThan(3);
    expect(asked.size).toBeLessThan(60);
  });

  it('sorts by a click on a heading, and back', async () => {
    await show(12);
    const heading = mounted.wrapper.findAll('[role="columnheader"]').find((cell) => cell.text() === 'Loss')!;
    await heading.trigger('click');
    expect(heading.attributes('aria-sort')).toBe('ascending');
    const losses = table.listed.value.flatMap((run) => run.metrics.loss?.last ?? []);
    expect(losses).toEqual([...losses].sort((a, b) => a - b));
    await heading.trigger('click');
    await heading.trigger('click');
    expect(heading.attributes('aria-sort')).toBe('none');
  });

  it('remembers what was chosen', async () => {
    await show(12);
    table.grouping.value = 'dataset';
    table.columnIds.value = ['state', 'name'];
    table.sortBy('age');
    await flushPromises();
    const again = useRunTable(() => [], 'test');
    expect(again.grouping.value).toBe('dataset');
    expect(again.columnIds.value).toEqual(['state', 'name']);
    expect(again.sort.value).toEqual({ column: 'age', descending: true });
  });

  it('folds a sweep into one row, which keys and clicks unfold and select as a whole', async () => {
    await show(12);
    const membership = (i: number) => ({
      id: 's',
      name: 'Trade-off',
      point: { 'technique.weight': [1, 10, 100][i % 3] },
      repeat: 0,
      size: 3,
    });
    ['run-0003', 'run-0004', 'run-0005'].forEach((id, i) => mounted.engine.change(id, { sweep: membership(i) }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sweep = () => mounted.wrapper.find('[data-testid="sweep-row"]');
    expect(rows()).toHaveLength(9);
    expect(sweep().text()).toContain('Trade-off');
    expect(sweep().text()).toContain('1/3 done');

    await press('j', 'j', 'j', 'j', 'ArrowRight');
    expect(table.focused.value).toBe('sweep:s');
    expect(rows()).toHaveLength(12);
    expect(sweep().attributes('aria-expanded')).toBe('true');
    await press('x');
    expect([...table.selected.value].sort()).toEqual(['run-0003', 'run-0004', 'run-0005']);
    await press('j', 'ArrowLeft');
    expect(table.focused.value).toBe('sweep:s');
    expect(rows()).toHaveLength(9);
    await sweep().find('.name').trigger('click');
    expect(rows()).toHaveLength(12);
    await sweep().find('input').trigger('click');
    expect(table.selected.value.size).toBe(0);
    expect(opened).toEqual([]);
  });

  it('opens a run by its name, and leaves the link to the browser when a key is held', async () => {
    await show(12);
    await rows()[2].find('a').trigger('click', { ctrlKey: true });
    expect(opened).toEqual([]);
    await rows()[2].find('a').trigger('click');
    expect(opened).toEqual(['run-0002']);
  });

  it('follows events', async () => {
    await show(12);
    mounted.engine.change('run-0000', { state: 'crashed' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(rows()[0].find('[data-testid="run-state"]').text()).toBe('Crashed');
  });
});
