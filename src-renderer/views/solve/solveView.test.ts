import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { RouterView, type LocationQuery, type LocationQueryRaw } from 'vue-router';
import { figureSchema } from '@shared/figures/spec';
import { useFigureExport } from '../../components/figures/figureExport';
import { routes } from '../../router';
import type { FakeEngineOptions } from '../../testing/fakeEngine';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { readAddress, writeAddress } from './address';
import { certificateRows, verdictOf } from './words';

let mounted: Mounted;
const Page = defineComponent(() => () => h(RouterView));
const text = () => mounted.wrapper.text();
const find = (selector: string) => mounted.wrapper.find(selector);
const button = (label: string) => mounted.wrapper.findAll('button').find((one) => one.text().includes(label))!;
const called = (name: string) => mounted.engine.calls.filter((call) => call.name === name).map(({ input }) => input);
const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

async function open(address: string, options: FakeEngineOptions = {}): Promise<void> {
  mounted = await mountWithEngine(Page, {}, options, { routes, address });
  await soon(() => expect(find('.solve-view').exists()).toBe(true));
  await flushPromises();
}
const openCase = async (name: string) => {
  await open(`/solve?case=${name}`);
  await soon(() => expect(find('[data-testid="verdict"]').exists()).toBe(true));
};

describe('an address', () => {
  it('says what is looked at, and back', () => {
    const queries: LocationQueryRaw[] = [
      { case: 'disc' },
      { file: '/a/b.json', v: '3', wrt: 'h', plane: 'gradients' },
      { dataset: 'own', instance: '7', v: 'ones' },
      { text: 'pasted' },
      {},
    ];
    for (const query of queries) expect(writeAddress(readAddress(query as LocationQuery))).toEqual(query);
  });

  it('is read without what makes no sense in it', () => {
    const read = readAddress({ dataset: 'own', instance: 'x', v: '-1', wrt: 'Q', plane: 'none' });
    expect(read).toEqual({ source: { kind: 'instance', dataset: 'own', instance: 0 }, cotangent: 'file', jacobian: null, plane: 'path' });
  });
}); // prettier-ignore

describe('words', () => {
  it('tell every end of a solve apart', () => {
    const ends = ['optimal', 'primal infeasible', 'dual infeasible', 'not convex', 'iteration limit', 'numerical trouble'] as const;
    const titles = ends.map((status) => verdictOf({ status, findings: [], ray: null }).title);
    expect(new Set(titles).size).toBe(ends.length);
  });

  it('mark what is not as it should be in a certificate', () => {
    const good = { primalResidual: 0, dualResidual: 0, relativeDualResidual: 0, gap: 0, relativeGap: 0, multiplierSigns: 0, smallestActiveMultiplier: 1, smallestInactiveSlack: null, complementarityMargin: 1, activeCount: 2, activeRank: 2, condition: 10, singular: false };
    const tones = (change: object) => Object.fromEntries(certificateRows({ ...good, ...change }).map(({ key, tone }) => [key, tone]));
    expect(new Set(Object.values(tones({})))).toEqual(new Set(['good', 'neutral']));
    expect(tones({ primalResidual: 1e-7, relativeGap: 1e-3, multiplierSigns: -1 })).toMatchObject({ primal: 'attention', gap: 'bad', signs: 'bad' });
    expect(tones({ complementarityMargin: 0, activeRank: 1, condition: null, singular: true })).toMatchObject({ margin: 'attention', rank: 'attention', condition: 'attention' });
  });
}); // prettier-ignore

describe('the solve page', () => {
  afterEach(() => mounted.wrapper.unmount());

  it('without a problem offers some, and what is chosen is in the address', async () => {
    await open('/solve');
    expect(text()).toContain('Solve one problem');
    expect(called('solve.run')).toEqual([]);
    const cases = mounted.wrapper.findAll('[data-testid="solve-case"]');
    expect(cases).toHaveLength(4);
    await cases[0].trigger('click');
    await soon(() => expect(mounted.router.currentRoute.value.fullPath).toBe('/solve?case=disc'));
    await soon(() => expect(find('[data-testid="verdict"]').text()).toContain('Optimal'));
  });

  it('shows that it is loading', async () => {
    await open('/solve?case=disc', { silent: true });
    expect(find('[aria-label="Solving"]').exists()).toBe(true);
  });

  it('shows rows with active ones first, the certificate, and the iterates by a slider', async () => {
    await openCase('disc');
    expect(mounted.wrapper.findAll('[data-testid="solved-row"]').map((row) => row.attributes('data-state'))).toEqual(['active', 'inactive']);
    expect(find('[data-testid="certificate"]').text()).toContain('Strict complementarity');
    const slider = find('[data-testid="iteration"]');
    expect(text()).toContain('3 of 3');
    await slider.setValue('1');
    expect(text()).toContain('1 of 3');
  });

  it('asks for the gradient of one variable, and for the Jacobian of another datum', async () => {
    await open('/solve?case=disc&v=1');
    await soon(() => expect(called('solve.run').at(-1)).toMatchObject({ cotangent: { variable: 1 } }));
    await soon(() => expect(button('h').exists()).toBe(true));
    await find('[aria-label="Datum that moves"]').findAll('button')[1].trigger('click');
    await soon(() => expect(called('solve.run').at(-1)).toMatchObject({ jacobian: 'h', cotangent: { variable: 1 } }));
  });

  it('explains a kink and gives both one-sided derivatives', async () => {
    await openCase('corner');
    expect(find('[data-testid="finding"]').text()).toContain('Weakly active row');
    expect(find('[data-state="weak"]').text()).toContain('weakly active');
    expect(find('[data-testid="one-sided"]').text()).toContain('−0.8000');
  });

  it('shows the proof where nothing is feasible, and the ray where nothing bounds the objective', async () => {
    await openCase('nowhere');
    expect(find('[data-testid="proof"]').text()).toContain('equality 0');
    expect(find('[data-testid="audit"]').exists()).toBe(false);
    await mounted.router.push('/solve?case=endless');
    await soon(() => expect(find('[data-testid="ray"]').exists()).toBe(true));
  });

  it('says what is wrong with a file, where, and what to do', async () => {
    await open('/solve');
    mounted.engine.solve.refuse = { code: 'bad-request', what: 'This is not JSON.', where: '/a/b.json', fix: 'Write JSON.' };
    await button('File').trigger('click');
    await find('[data-testid="solve-path"]').setValue('/a/b.json');
    await find('form').trigger('submit');
    await soon(() => expect(find('.main [role="alert"]').text()).toContain('/a/b.json'));
    expect(find('.main [role="alert"]').text()).toContain('Write JSON.');
    await button('Try again').trigger('click');
    await soon(() => expect(find('[data-testid="verdict"]').exists()).toBe(true));
  });

  it('solves what is pasted', async () => {
    await open('/solve');
    await button('Paste').trigger('click');
    await find('[data-testid="solve-text"]').setValue('{"n": 1}');
    await find('form').trigger('submit');
    await soon(() => expect(called('solve.run').at(-1)).toMatchObject({ source: { kind: 'text', text: '{"n": 1}' } }));
  });

  it('makes figures of its pictures that the figure format takes', async () => {
    await openCase('disc');
    const names: string[] = [];
    for (const one of mounted.wrapper.findAll('[data-testid="make-figure"]')) {
      await one.trigger('click');
      const source = useFigureExport().source!;
      names.push(source.name);
      const figure = figureSchema.parse({ format: 'adjoint-figure', version: 1, panels: source.panels });
      expect(figure.panels[0].series.length).toBeGreaterThan(0);
    }
    expect(names).toEqual(['disc-convergence', 'disc-sensitivity']);
  });

  it('audits when asked, and says which datum differs', async () => {
    await openCase('disc');
    expect(called('solve.audit')).toEqual([]);
    await find('[data-testid="run-audit"]').trigger('click');
    await soon(() => expect(find('[data-testid="audit"] tbody').exists()).toBe(true));
    const rows = find('[data-testid="audit"]').findAll('tbody tr').map((row) => row.findAll('td').at(-1)!.text());
    expect(rows).toEqual(['agrees', 'differs']);
  });
}); // prettier-ignore
