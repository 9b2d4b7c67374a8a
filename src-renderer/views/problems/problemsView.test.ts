import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { RouterView } from 'vue-router';
import { routes } from '../../router';
import { AdjointError } from '@shared/errors';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import type { FakeEngineOptions } from '../../testing/fakeEngine';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const Page = defineComponent(() => () => h(RouterView));
const text = () => mounted.wrapper.text();
const find = (selector: string) => mounted.wrapper.find(selector);
const button = (label: string) => mounted.wrapper.findAll('button').find((one) => one.text().includes(label))!;
const called = (name: string) => mounted.engine.calls.filter((call) => call.name === name).map(({ input }) => input);
/** Views are loaded when they are first opened, and follow events a moment later. */
const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
const expectPath = (path: string) => soon(() => expect(mounted.router.currentRoute.value.fullPath).toBe(path));
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function open(address: string, options: FakeEngineOptions = {}): Promise<void> {
  mounted = await mountWithEngine(Page, {}, { runs: 3, ...options }, { routes, address });
  await soon(() => expect(find('.problems-view, .form-view').exists()).toBe(true));
  await flushPromises();
}

describe('the problems view', () => {
  it('lists families and datasets, with how many runs use each', async () => {
    await open('/problems');
    expect(mounted.wrapper.findAll('[data-testid="family"]')).toHaveLength(2);
    const rows = mounted.wrapper.findAll('[data-testid="dataset-row"]');
    expect(rows.map((row) => row.find('b').text())).toEqual(['own', 'qcqp-n20', 'torn']);
    expect(rows[1].text()).toContain('166 / 17 / 17');
    expect(rows[1].findAll('td').at(-2)!.text()).toBe('3');
    expect(rows[2].text()).toContain('The array X is missing.');
    expect(rows[2].find('[data-testid="train-on-this"]').exists()).toBe(false);
  });

  it('shows that it is loading before there is an answer', async () => {
    await open('/problems', { silent: true });
    expect(find('[aria-label="Loading datasets"]').exists()).toBe(true);
  });

  it('keeps the list when it cannot be read again, and says why', async () => {
    await open('/problems');
    const read = mounted.engine.problems.handlers['datasets.list'];
    mounted.engine.problems.handlers['datasets.list'] = () => {
      throw new AdjointError('not-writable', 'Permission denied.', { where: '/datasets' });
    };
    mounted.engine.setConnection('lost');
    mounted.engine.setConnection('open');
    await soon(() => expect(find('[role="alert"]').text()).toContain('Permission denied.'));
    expect(mounted.wrapper.findAll('[data-testid="dataset-row"]')).toHaveLength(3);
    mounted.engine.problems.handlers['datasets.list'] = read;
    await button('Try again').trigger('click');
    await soon(() => expect(find('[role="alert"]').exists()).toBe(false));
  });

  it('offers to generate and to import where there are no datasets', async () => {
    await open('/problems');
    mounted.engine.problems.datasets.clear();
    mounted.engine.addGeneration('new');
    const [id] = [...mounted.engine.runs.keys()].slice(-1);
    mounted.engine.change(id, { state: 'failed' });
    await soon(() => expect(text()).toContain('No datasets yet'));
    expect(button('Import a file').exists()).toBe(true);
  });

  it('shows a generation while it goes on, and its dataset when it is done', async () => {
    await open('/problems');
    const id = mounted.engine.addGeneration('fresh');
    await soon(() => expect(find('[data-testid="generation"]').exists()).toBe(true));
    const row = find('[data-testid="generation"]');
    expect(row.text()).toContain('fresh');
    expect(row.text()).toContain('1500 of 5000 · 712 labels/s');
    await row.find('[data-testid="cancel"]').trigger('click');
    expect(called('runs.cancel')).toEqual([{ ids: [id], force: false }]);
    mounted.engine.problems.add('fresh');
    mounted.engine.change(id, { state: 'done', pending: null });
    await soon(() => expect(find('[data-testid="generation"]').exists()).toBe(false));
    await soon(() => expect(find('.datasets').text()).toContain('fresh'));
  });

  it('goes from a dataset to a new run in one click, the other being Start', async () => {
    await open('/problems');
    await find('[data-testid="train-on-this"]').trigger('click');
    await expectPath('/runs/new?dataset=own');
  });

  it('is walked by arrow keys', async () => {
    await open('/problems');
    const rows = mounted.wrapper.findAll('[data-testid="dataset-row"]');
    await rows[0].trigger('keydown', { key: 'ArrowDown' });
    expect(document.activeElement).toBe(rows[1].element);
    await rows[1].trigger('keydown', { key: 'Enter' });
    await expectPath('/problems/datasets/qcqp-n20');
  });
});

describe('a family', () => {
  const field = (path: string) => find(`[data-setting="${path}"]`);
  const openFamily = async () => {
    await open('/problems/new/qcqp');
    await soon(() => expect(text()).toContain('10.2 MB'));
  };

  it('shows its form, its facts and some instances', async () => {
    await openFamily();
    expect(field('n').find('input').attributes('placeholder')).toBe('100');
    expect(text()).toContain('10.2 MB');
    expect(text()).toContain('≈ 6.9 s');
    expect(mounted.wrapper.findAll('[role="radiogroup"] [role="radio"][aria-label^="Instance"]')).toHaveLength(4);
  });

  it('takes its settings from the address and writes them there', async () => {
    await open('/problems/new/qcqp?settings={"n":50}');
    await soon(() => expect(field('n').exists()).toBe(true));
    expect(field('n').find('input').element.value).toBe('50');
    await button('n50').trigger('click');
    await soon(() => expect(mounted.router.currentRoute.value.query.settings).toContain('2000'));
    expect(JSON.parse(String(mounted.router.currentRoute.value.query.settings))).toEqual({ n: 50, m: 20, e: 20, instances: 2000 });
    expect(button('n50').attributes('aria-pressed')).toBe('true');
  });

  it('puts what the engine finds beside its field, dims the picture, and does not generate', async () => {
    await openFamily();
    await field('e').find('input').setValue('200');
    await soon(() => expect(field('e').text()).toContain('choose e ≤ n'));
    expect(find('.preview').classes()).toContain('stale');
    expect(find('[data-testid="generate"]').attributes('disabled')).toBeDefined();
  });

  it('does not ask the engine about what is no number', async () => {
    await openFamily();
    const before = called('problems.preview').length;
    await field('n').find('input').setValue('many');
    await wait(400);
    expect(field('n').text()).toContain('A whole number');
    expect(called('problems.preview')).toHaveLength(before);
  });

  it('shows the slice of the instance that is chosen', async () => {
    await openFamily();
    await find('[aria-label^="Instance 2"]').trigger('click');
    await soon(() => expect(text()).toContain('Feasible set, instance 2'));
    expect(called('problems.preview').at(-1)).toMatchObject({ sliceOf: 2 });
  });

  it('generates under a name that is free, and follows the run to a training', async () => {
    await openFamily();
    const name = find('[data-testid="dataset-name"]');
    await name.setValue('own');
    expect(text()).toContain('There is a dataset of this name already');
    expect(find('[data-testid="generate"]').attributes('disabled')).toBeDefined();
    await name.setValue('../up');
    expect(text()).toContain('letters, digits');
    await name.setValue('fresh');
    await find('.generate form').trigger('submit');
    await soon(() => expect(find('[data-testid="generation"]').exists()).toBe(true));
    expect(called('datasets.generate')).toEqual([{ family: 'qcqp', settings: {}, name: 'fresh', failures: 'refuse', format: 'npz' }]);
    const row = find('[data-testid="generation"]');
    expect(row.attributes('data-state')).toBe('running');
    const [id] = [...mounted.engine.runs.keys()].slice(-1);
    mounted.engine.change(id, { state: 'crashed', resumable: true });
    await soon(() => expect(row.find('[data-testid="resume"]').exists()).toBe(true));
    await row.find('[data-testid="resume"]').trigger('click');
    expect(called('runs.resume')).toEqual([{ ids: [id] }]);
    mounted.engine.change(id, { state: 'done' });
    await soon(() => expect(row.find('[data-testid="train-on-this"]').exists()).toBe(true));
    await row.find('[data-testid="train-on-this"]').trigger('click');
    await expectPath('/runs/new?dataset=fresh');
  });

  it('that is not there is said so', async () => {
    await open('/problems/new/sdp');
    expect(text()).toContain('There is no such family');
    expect(text()).toContain('Adjoint knows QCQP, From your matrices.');
  });
}); // prettier-ignore

describe('a problem of one’s own', () => {
  const file = 'ab'.repeat(32);
  const openPath = async (path: string) => {
    await find('[data-testid="own-problem-path"]').setValue(path);
    await find('[data-testid="own-problem"] form').trigger('submit');
  };

  it('is asked for first, then shown as a form, its instances and the techniques that can be used', async () => {
    await open('/problems/new/matrix');
    await soon(() => expect(text()).toContain('Which problem?'));
    expect(find('[data-setting="vary"]').exists()).toBe(false);
    expect(called('problems.preview')).toEqual([]);
    await openPath('/data/mine.npz');
    await soon(() => expect(find('[data-testid="technique-fits"]').exists()).toBe(true));
    expect(called('problems.open')).toEqual([{ kind: 'path', path: '/data/mine.npz' }]);
    expect(find('[data-setting="file"]').exists()).toBe(false);
    expect(called('problems.preview').at(-1)).toMatchObject({ family: 'matrix', settings: { file } });
    await soon(() => expect(mounted.router.currentRoute.value.query.settings).toBe(JSON.stringify({ file })));
    await find('.generate form').trigger('submit');
    await soon(() => expect(called('datasets.generate')).toMatchObject([{ family: 'matrix', settings: { file } }]));
  });

  it('is found again by its address, and can be left for another', async () => {
    await open(`/problems/new/matrix?settings={"file":"${file}"}`);
    await soon(() => expect(find('[data-testid="own-problem"]').text()).toContain('n = 2 · 1 equalities'));
    expect(called('problems.open')).toEqual([{ kind: 'kept', sha256: file }]);
    await find('[data-testid="other-problem"]').trigger('click');
    await soon(() => expect(text()).toContain('Which problem?'));
  });

  it('is that of the address as it is now, whatever was asked about before', async () => {
    await open('/problems/new/matrix');
    const waiting = new Map<string, { come: (kept: object) => void; fail: (error: Error) => void }>();
    mounted.engine.problems.handlers['problems.open'] = ({ sha256 }: { sha256: string }) =>
      new Promise((come, fail) => waiting.set(sha256[0], { come, fail }));
    const go = async (name: string) => {
      await mounted.router.push(`/problems/new/matrix?settings={"file":"${name.repeat(64)}"}`);
      await soon(() => expect(waiting.has(name)).toBe(true));
    };
    const kept = (name: string) => ({ file: name.repeat(64), name: `Problem ${name}`, about: '', dims: { n: 2, e: 1, m: 1 }, samples: { b: 0, h: 0 } });
    const source = () => find('[data-testid="own-problem"]');
    await go('a');
    await go('b');
    waiting.get('b')!.come(kept('b'));
    waiting.get('a')!.come(kept('a'));
    await flushPromises();
    expect(source().text()).toContain('Problem b');
    await go('c');
    waiting.get('c')!.fail(new AdjointError('not-found', 'It is not kept any more.'));
    await soon(() => expect(source().find('[role="alert"]').exists()).toBe(true));
    await go('d');
    expect(source().find('[role="alert"]').exists()).toBe(false);
  });

  it('that is none is refused with the name of the array, and another can be tried', async () => {
    await open('/problems/new/matrix');
    await soon(() => expect(find('[data-testid="own-problem-path"]').exists()).toBe(true));
    mounted.engine.problems.refuse = { code: 'bad-request', what: 'The arrays do not make a problem.', findings: [{ path: 'lowr', message: 'is no part of a problem' }] };
    await openPath('/data/wrong.npz');
    await soon(() => expect(find('[data-testid="own-problem"] [role="alert"]').text()).toContain('lowr'));
    await openPath('/data/mine.npz');
    await soon(() => expect(find('[data-testid="own-problem"] [role="alert"]').exists()).toBe(false));
  });
}); // prettier-ignore

describe('a dataset', () => {
  it('shows its provenance, its labels beside optima, and its users', async () => {
    await open('/problems/datasets/own');
    const panel = await soon(() => {
      expect(text()).toContain('Label gap');
      return find('[data-testid="dataset-panel"]');
    });
    expect(panel.text()).toContain('0123456789ab');
    expect(panel.find('button[title^="0123456789abcdef0123"]').exists()).toBe(true);
    expect(panel.text()).toContain('No run uses it yet');
    expect(panel.find('a[href*="/problems/new/qcqp"]').attributes('href')).toContain('settings=');
  });

  it('with a bad file shows what is wrong, and no instances', async () => {
    await open('/problems/datasets/torn');
    await soon(() => expect(find('[data-testid="dataset-panel"] [role="alert"]').exists()).toBe(true));
    expect(find('[data-testid="dataset-panel"] [role="alert"]').text()).toContain('Add X [N, e].');
    expect(called('datasets.preview')).toEqual([]);
  });

  it('is removed after saying what that affects, and by force when runs use it', async () => {
    await open('/problems/datasets/own');
    await soon(() => expect(find('[aria-label="Move to the trash"]').exists()).toBe(true));
    await find('[aria-label="Move to the trash"]').trigger('click');
    expect(text()).toContain('No run uses this dataset.');
    mounted.engine.problems.refuse = { code: 'conflict', what: 'A run uses this dataset.', findings: [{ path: 'run-0001', message: 'first, done' }] };
    await find('[data-testid="trash-dataset"]').trigger('click');
    await flushPromises();
    expect(text()).toContain('first, done');
    await button('all the same').trigger('click');
    await flushPromises();
    expect(called('datasets.trash')).toEqual([{ name: 'own', force: false }, { name: 'own', force: true }]);
    expect(mounted.router.currentRoute.value.path).toBe('/problems');
  });

  it('is imported by its path, under a name that is free', async () => {
    await open('/problems/import');
    await soon(() => expect(find('[data-testid="import-path"]').exists()).toBe(true));
    await find('[data-testid="import-path"]').setValue('/data/own.npz');
    expect(text()).toContain('There is a dataset of this name already');
    await find('[data-testid="import-path"]').setValue('/data/other.pkl');
    mounted.engine.problems.refuse = { code: 'invalid-dataset', what: 'The array Y is missing.' };
    await find('#import-form').trigger('submit');
    await flushPromises();
    expect(text()).toContain('The array Y is missing.');
    await find('#import-form').trigger('submit');
    await expectPath('/problems/datasets/other');
  });
}); // prettier-ignore
