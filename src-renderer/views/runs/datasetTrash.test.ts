import { flushPromises } from '@vue/test-utils';
import { afterEach, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { RouterView } from 'vue-router';
import { useProblems } from '../../stores/problems';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import TrashView from './TrashView.vue';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const rows = () => mounted.wrapper.findAll('[data-testid="trashed-dataset"]');
const names = () => rows().map((row) => row.find('.name').text());
const called = (name: string) => mounted.engine.calls.filter((call) => call.name === name).map(({ input }) => input);
const file = (name: string) => `${name}-20261123T030000.npz`;

function raise(): never {
  throw new Error('The workspace cannot be read.');
}

async function openWith(...trashed: string[]): Promise<void> {
  mounted = await mountWithEngine(TrashView, {}, { runs: 0 });
  const at = { bytes: 60_500, trashedAt: '2026-11-23T03:00:00.000Z' };
  mounted.engine.problems.trashed.push(...trashed.map((name) => ({ ...at, name, file: file(name), path: file(name) })));
  await useProblems().loadTrashed();
  await flushPromises();
}

it('is empty only where neither runs nor datasets are in it', async () => {
  await openWith();
  expect(mounted.wrapper.text()).toContain('The trash is empty');
  mounted.wrapper.unmount();
  await openWith('mine');
  expect(mounted.wrapper.text()).not.toContain('The trash is empty');
  expect(names()).toEqual(['mine']);
});

it('a trash that cannot be read is said to be, and can be read again', async () => {
  const [page, elsewhere] = [RouterView, 'i'].map((what) => defineComponent(() => () => h(what)));
  const routes = [
    { path: '/runs', component: elsewhere },
    { path: '/trash', component: TrashView },
  ];
  mounted = await mountWithEngine(page, {}, { runs: 0 }, { routes });
  const { trashed } = mounted.engine;
  Object.defineProperty(mounted.engine, 'trashed', { get: () => raise(), configurable: true });
  await mounted.router.push('/trash');
  await vi.waitFor(() => expect(mounted.wrapper.text()).toContain('The trash could not be read'));
  Object.defineProperty(mounted.engine, 'trashed', { value: trashed });
  await mounted.wrapper.find('[data-testid="read-again"]').trigger('click');
  await vi.waitFor(() => expect(mounted.wrapper.text()).toContain('The trash is empty'));
});

it('a dataset is restored, and where its name is taken under another', async () => {
  await openWith('mine', 'own');
  await rows()[0].find('[data-testid="restore-dataset"]').trigger('click');
  await vi.waitFor(() => expect(names()).toEqual(['own']));
  mounted.engine.problems.refuse = { code: 'conflict', what: 'There is a dataset “own” already.' };
  await rows()[0].find('[data-testid="restore-dataset"]').trigger('click');
  await vi.waitFor(() => expect(rows()[0].text()).toContain('There is a dataset “own” already.'));
  await rows()[0].find('input').setValue('../own');
  expect(rows()[0].find('form button').attributes('disabled')).toBeDefined();
  await rows()[0].find('input').setValue('own-2');
  await rows()[0].find('form').trigger('submit');
  await vi.waitFor(() => expect(names()).toEqual([]));
  expect(called('datasets.restore')).toEqual([
    { file: file('mine') },
    { file: file('own') },
    { file: file('own'), name: 'own-2' },
  ]);
});
