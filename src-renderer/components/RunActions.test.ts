import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { useNotices } from '../stores/notices';
import { useRuns } from '../stores/runs';
import { mountWithEngine, type Mounted } from '../testing/mountApp';
import RunActions from './RunActions.vue';

let mounted: Mounted;

async function show(id: string): Promise<void> {
  const Page = defineComponent(() => {
    const runs = useRuns();
    return () => h(RunActions, { run: runs.byId.get(id)! });
  });
  mounted = await mountWithEngine(Page, {}, { runs: 12, live: 1 });
  // Only from here on: reading the list waits for the table's first paint.
  vi.useFakeTimers();
}

const button = (name: string) => mounted.wrapper.find(`[data-testid="${name}"]`);
const click = async (name: string) => {
  await button(name).trigger('click');
  await vi.advanceTimersByTimeAsync(300);
  await flushPromises();
};

afterEach(() => {
  mounted.wrapper.unmount();
  vi.useRealTimers();
});

describe('actions of a run', () => {
  it('pause a running run and resume it', async () => {
    await show('run-0000');
    expect(button('resume').exists()).toBe(false);
    await click('pause');
    expect(button('pause').exists()).toBe(false);
    await click('resume');
    expect(mounted.engine.calls.map(({ name }) => name)).toEqual(expect.arrayContaining(['runs.pause', 'runs.resume']));
  });

  it('offer force only to a run that was asked to stop and did not within seconds', async () => {
    await show('run-0000');
    expect(button('force-stop').exists()).toBe(false);
    await click('cancel');
    expect(button('cancel').exists()).toBe(false);
    expect(button('force-stop').exists()).toBe(false);
    for (let second = 0; second < 5; second++) {
      // A run that does not stop goes on sending events; they must not begin the wait again.
      mounted.engine.change('run-0000', { activeSeconds: second });
      await vi.advanceTimersByTimeAsync(1000);
    }
    await click('force-stop');
    expect(mounted.engine.calls.filter(({ name }) => name === 'runs.cancel').map(({ input }) => input)).toEqual([
      { ids: ['run-0000'], force: false },
      { ids: ['run-0000'], force: true },
    ]);
    expect(button('force-stop').exists()).toBe(false);
  });

  it('offer no pause to a run that is done, and resume to one that crashed', async () => {
    await show('run-0002');
    expect(['pause', 'resume', 'cancel'].filter((name) => button(name).exists())).toEqual([]);
    mounted.wrapper.unmount();
    vi.useRealTimers();
    await show('run-0005');
    expect(button('resume').exists()).toBe(true);
  });

  it('say what was refused and why', async () => {
    await show('run-0000');
    const problem = { code: 'conflict' as const, what: 'The run is not running.', fix: 'Resume it first.' };
    mounted.engine.refuse = problem;
    await click('pause');
    expect(useNotices().list.map(({ text, detail }) => [text, detail])).toEqual([
      ['The run is not running. (soft penalty λ=1)', 'Resume it first.'],
    ]);
  });
});
