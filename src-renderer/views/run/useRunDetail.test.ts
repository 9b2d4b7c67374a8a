import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { defineComponent, h } from 'vue';
import { mountWithEngine, type Mounted } from '../../testing/mountApp';
import { useRunDetail } from './useRunDetail';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

const Page = defineComponent(() => {
  const { detail } = useRunDetail(() => 'run-0000');
  return () => h('p', detail.value?.manifest.name ?? 'loading');
});
const readings = () => mounted.engine.calls.filter(({ name }) => name === 'runs.get').length;
const events = async (change: Parameters<Mounted['engine']['change']>[1]) => {
  mounted.engine.change('run-0000', change);
  await new Promise((resolve) => setTimeout(resolve, 250));
  await flushPromises();
};

describe('a run in full', () => {
  it('is not read again for every step of its progress', async () => {
    mounted = await mountWithEngine(Page, {}, { runs: 2 });
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('soft penalty');
    const before = readings();
    await events({ activeSeconds: 1 });
    await events({ activeSeconds: 2 });
    expect(readings()).toBe(before);
  });

  it('is read again when its state changes', async () => {
    mounted = await mountWithEngine(Page, {}, { runs: 2 });
    await flushPromises();
    const before = readings();
    await events({ state: 'crashed' });
    expect(readings()).toBe(before + 1);
  });
});
