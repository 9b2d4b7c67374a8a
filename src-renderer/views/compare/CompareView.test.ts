import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reportHtml } from '@shared/reports/html';
import { useFigureExport } from '../../components/figures/figureExport';
import ReportMenu from '../../components/reports/ReportMenu.vue';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { defaultSpec, writeQuery } from './address';
import CompareView from './CompareView.vue';

let mounted: Mounted;
beforeEach(() => localStorage.clear());
afterEach(() => mounted.wrapper.unmount());

const find = (id: string) => mounted.wrapper.find(`[data-testid="${id}"]`);
const all = (id: string) => mounted.wrapper.findAll(`[data-testid="${id}"]`);
const query = () => mounted.router.currentRoute.value.query;
const settle = async () => {
  await flushPromises();
  await new Promise((resolve) => setTimeout(resolve, 30));
  await flushPromises();
};

async function open(path: string, engine: Parameters<typeof mountWithEngine>[2] = { runs: 24 }): Promise<void> {
  const routes = ['/compare/:id?', '/:rest(.*)*'].map((pattern) => ({ path: pattern, component: CompareView }));
  mounted = await mountWithEngine(CompareView, {}, engine, { address: path, routes });
  await settle();
}

const ids = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `run-${String(i + from).padStart(4, '0')}`);

describe('the compare view', () => {
  it('says what will be here and offers the next step when nothing is chosen', async () => {
    await open('/compare');
    expect(mounted.wrapper.text()).toContain('Nothing to compare yet');
    await find('compare-recent').trigger('click');
    await settle();
    expect(all('compare-entry')).toHaveLength(2);
    expect(String(query().runs).split(',')).toHaveLength(2);
  });

  it('shows of each run only what tells it from the others', async () => {
    await open(`/compare?runs=${ids(3).join()}`);
    const texts = all('compare-entry').map((entry) => entry.text());
    expect(texts[0]).toContain('weight1');
    expect(texts[1]).toContain('weight10');
    for (const text of texts) expect(text).not.toContain('batchSize');
    expect(all('compare-panel').length).toBeGreaterThan(6);
  });

  it('reorders by keyboard, hides, pins and takes out, and the address follows', async () => {
    await open(`/compare?runs=${ids(3).join()}`);
    await all('compare-entry')[0].trigger('keydown', { key: 'ArrowDown', altKey: true });
    await settle();
    expect(query().order).toBe('run-0001,run-0000,run-0002');
    expect(all('compare-entry').map((entry) => entry.attributes('data-entry'))).toEqual(['run-0001', 'run-0000', 'run-0002']);
    await all('compare-entry')[0].trigger('keydown', { key: 'b' });
    await settle();
    expect(query().base).toBe('run-0001');
    expect(find('finals').findAll('.difference').some((cell) => /[+−]/.test(cell.text()))).toBe(true);
    await all('compare-entry')[1].trigger('keydown', { key: ' ' });
    await settle();
    expect(query().hide).toBe('run-0000');
    await all('compare-entry')[2].trigger('keydown', { key: 'Delete' });
    await settle();
    expect(query().runs).toBe('run-0000,run-0001');
  }); // prettier-ignore

  it('keeps the colour of a run whatever its place', async () => {
    await open(`/compare?runs=${ids(5).join()}`);
    const colours = () => new Map(all('compare-entry').map((entry) => [entry.attributes('data-entry'), entry.find('.swatch').attributes('style')]));
    const before = colours();
    expect(new Set(before.values()).size).toBe(5);
    await all('compare-entry')[4].trigger('keydown', { key: 'ArrowUp', altKey: true });
    await settle();
    expect(colours()).toEqual(before);
  }); // prettier-ignore

  it('says that more than twelve runs are too many, and groups them by seed when asked', async () => {
    await open(`/compare?runs=${ids(20).join()}`, { runs: 24, live: 0 });
    expect(all('compare-entry')).toHaveLength(12);
    expect(find('too-many').text()).toContain('20 runs are too many');
    await find('group-by-seed').trigger('click');
    await settle();
    expect(query().by).toBe('seed');
    expect(all('compare-entry')[0].text()).toMatch(/\d+ runs? · seeds/);
  });

  it('says when the runs were not trained on the same data', async () => {
    await open('/compare');
    mounted.engine.comparisons.hashes.set('run-0001', 'bb'.repeat(32));
    await mounted.router.push(`/compare?runs=${ids(2).join()}`);
    await settle();
    expect(find('dataset-banner').text()).toContain('the same name, other contents');
    expect(find('dataset-banner').text()).toContain('sha256 bbbbbbbbbbbb');
  });

  it('keeps a run that is gone in the list, and says where it may be', async () => {
    await open(`/compare?runs=${ids(2).join()},run-9999`);
    expect(find('compare-missing').text()).toContain('run-9999');
    mounted.engine.emit({ type: 'removed', id: 'run-0001' });
    mounted.engine.runs.delete('run-0001');
    await new Promise((resolve) => setTimeout(resolve, 260));
    await settle();
    expect(all('compare-entry')).toHaveLength(1);
    expect(all('compare-missing')).toHaveLength(2);
  });

  it('takes in runs that fit its rule as they come', async () => {
    await open(`/compare?rule=${encodeURIComponent('filter:weight=100')}`, { runs: 9, live: 0 });
    const before = all('compare-entry').length;
    const [some] = mounted.engine.runs.values();
    mounted.engine.emit({
      type: 'run',
      run: { ...some, id: 'run-0100', settings: { ...some.settings, 'technique.weight': 100 } },
    });
    await new Promise((resolve) => setTimeout(resolve, 260));
    await settle();
    expect(all('compare-entry')).toHaveLength(before + 1);
  });

  it('is saved under a name, and shows what was changed since', async () => {
    await open(`/compare?runs=${ids(2).join()}`);
    await find('save-comparison').trigger('click');
    await settle();
    const input = document.querySelector<HTMLInputElement>('[data-testid="comparison-name"]')!;
    input.value = 'λ small and large';
    input.dispatchEvent(new Event('input'));
    input.closest('form')!.dispatchEvent(new Event('submit'));
    await settle();
    expect(mounted.router.currentRoute.value.path).toBe('/compare/saved-1');
    expect(query()).toEqual({});
    expect(mounted.wrapper.text()).toContain('λ small and large');
    expect(find('save-changes').exists()).toBe(false);
    await all('compare-entry')[1].trigger('keydown', { key: 'b' });
    await settle();
    expect(query()).toEqual({ base: 'run-0001' });
    await find('save-changes').trigger('click');
    await settle();
    expect(query()).toEqual({});
    expect(mounted.engine.comparisons.saved.get('saved-1')?.spec.baseline).toBe('run-0001');
  });

  it('comes back from its address: a saved one with what was changed in it', async () => {
    await open('/compare');
    const spec = { ...defaultSpec, runs: ids(3), layout: 'columns' as const };
    mounted.engine.comparisons.handlers['comparisons.save']({ name: 'three', spec } as never);
    await mounted.router.push({ path: '/compare/saved-1', query: writeQuery({ ...spec, hidden: ['run-0002'] }, spec) });
    await settle();
    expect(all('compare-entry')).toHaveLength(3);
    expect(all('compare-entry')[2].classes()).toContain('hidden');
    mounted.router.back();
    await settle();
    expect(mounted.wrapper.text()).toContain('Nothing to compare yet');
  });

  it('asks where every run stands between violation and gap at its last epoch', async () => {
    await open(`/compare?runs=${ids(6).join()}&tab=tradeoff`, { runs: 12, live: 0 });
    expect(find('trade-off').exists()).toBe(true);
    expect(mounted.engine.calls.find(({ name }) => name === 'comparisons.tradeOff')?.input).toMatchObject({
      x: 'valid/ineq_max',
      y: 'valid/gap_mean',
      at: 'last',
    });
  });

  it('lists the settings that differ, and those of all on request', async () => {
    await open(`/compare?runs=${ids(2).join()}&tab=config`);
    expect(find('config-diff').text()).toContain('weight:');
    expect(find('config-diff').text()).not.toContain('batchSize:');
    await find('config-diff').findAll('[role="radio"]')[1].trigger('click');
    expect(find('config-diff').text()).toContain('batchSize:');
  });

  it('hands its final values over as a table', async () => {
    await open(`/compare?runs=${ids(2).join()}&base=run-0000`);
    const saved: string[] = [];
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    await find('export-finals').trigger('click');
    expect(saved).toEqual(['comparison-final-values.csv']);
    vi.restoreAllMocks();
  });

  it('makes a figure of the trade-off: every run named, and where its data come from', async () => {
    await open(`/compare?runs=${ids(3).join()}&tab=tradeoff`, { runs: 12, live: 0 });
    await find('export-figure').trigger('click');
    const { source } = useFigureExport();
    expect(source?.runs).toEqual(ids(3));
    expect(source?.panels).toHaveLength(1);
    expect(source?.panels[0].series.filter(({ mark }) => mark === 'points')).toHaveLength(3);
    expect((await source!.allSamples!()).length).toBeGreaterThanOrEqual(3);
  });

  it('makes one figure of all charts, those below the fold included', async () => {
    await open(`/compare?runs=${ids(2).join()}`);
    await find('export-all-charts').trigger('click');
    await vi.waitFor(() => expect(useFigureExport().source).not.toBeNull());
    const { source } = useFigureExport();
    expect(source!.panels.length).toBe(all('compare-panel').length);
    for (const { series } of source!.panels) expect(series.length).toBeGreaterThan(0);
    const files = await source!.allSamples!();
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
  });

  it('makes a report: what differs, final values, every chart, all settings, where the runs come from', async () => {
    await open(`/compare?runs=${ids(2).join()}&base=run-0000`);
    const report = await mounted.wrapper.findComponent(ReportMenu).props('makeReport')();
    const tables = report.blocks.filter((block) => block.kind === 'table');
    expect(tables.map(({ title }) => title)).toEqual(['Final values', 'Settings that differ', 'All settings', 'Runs']);
    expect(tables[0].rows).toHaveLength(2);
    expect(tables[0].caption).toContain('Differences in parentheses');
    expect(report.blocks.filter(({ kind }) => kind === 'figure')).toHaveLength(all('compare-panel').length);
    expect(tables[3].rows.map(([id]) => id)).toEqual(ids(2));
    expect(reportHtml(report)).toContain('<svg');
  });
});
