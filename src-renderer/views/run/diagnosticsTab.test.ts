import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AdjointError } from '@shared/errors';
import type { RunDetail } from '@shared/contract';
import { useConnection } from '../../stores/connection';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { madeUpDiagnosis } from '../../testing/fakeDiagnosis';
import DiagnosticsTab from './DiagnosticsTab.vue';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const find = (id: string) => mounted.wrapper.find(`[data-testid="${id}"]`);

async function open(): Promise<RunDetail> {
  mounted = await mountWithEngine(DiagnosticsTab, { detail: null }, { runs: 2 });
  const detail = await useConnection().client().runs.get({ id: 'run-0000' });
  await mounted.wrapper.setProps({ detail });
  return detail;
}

describe('the diagnostics of a run', () => {
  it('are computed when asked for: eigenvalues with residuals, ranks, figures, cost', async () => {
    await open();
    expect(mounted.wrapper.text()).toContain('What does the loss look like');
    await find('diagnose').trigger('click');
    await vi.waitFor(() => flushPromises().then(() => expect(find('feature-rank').exists()).toBe(true)));
    expect(find('feature-rank').text()).toBe('36.50 of 64');
    const rows = mounted.wrapper.findAll('tbody tr').map((row) => row.findAll('td').map((cell) => cell.text()));
    expect(rows[0].slice(0, 3)).toEqual(['λ₁', '1994.2', '2.1e−16']);
    expect(mounted.wrapper.findAll('tbody tr.rough')).toHaveLength(1);
    expect(mounted.wrapper.findAll('figure')).toHaveLength(1);
    expect(find('difference-cosine').text()).toBe('0.812500');
    expect(mounted.wrapper.findAll('dt').map((entry) => entry.text())).toContain('Inequality 0');
    expect(mounted.wrapper.text()).toContain('248 gradients and 442 forward passes');
  });

  it('say what is wrong, and can be asked for again', async () => {
    await open();
    mounted.engine.diagnostics.parts = async function* () {
      await Promise.resolve();
      throw new AdjointError('not-found', 'The run’s data cannot be read.');
    };
    await find('diagnose').trigger('click');
    await vi.waitFor(() =>
      flushPromises().then(() => expect(mounted.wrapper.text()).toContain('The run’s data cannot be read.')),
    );
    expect(find('diagnose').exists()).toBe(true);
  });

  it('tell how far they are', async () => {
    await open();
    mounted.engine.diagnostics.parts = async function* () {
      yield {
        ...madeUpDiagnosis,
        figures: [],
        hessian: null,
        rank: null,
        progress: { what: 'hessian', done: 3, of: 60 },
      };
      await new Promise(() => undefined);
    };
    await find('diagnose').trigger('click');
    await vi.waitFor(() => flushPromises().then(() => expect(mounted.wrapper.text()).toContain('Hessian, 3 of 60')));
  });
});
