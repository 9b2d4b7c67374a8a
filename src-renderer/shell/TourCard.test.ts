import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import App from '../App.vue';
import { useRuns } from '../stores/runs';
import { mountWithEngine, type Mounted } from '../testing/mountApp';
import { useShell } from './shellStore';

let mounted: Mounted;
beforeEach(() => localStorage.clear());
afterEach(() => mounted.wrapper.unmount());

const tour = () => mounted.wrapper.find('[data-testid="tour"]');
async function open(runs: number): Promise<void> {
  mounted = await mountWithEngine(App, { attachTo: document.body }, { runs }, { address: '/runs' });
  await vi.waitFor(() => flushPromises().then(() => expect(useRuns().loaded).toBe(true)));
  await flushPromises();
}

it('leads through three steps where there are no runs yet, and does not come back', async () => {
  await open(0);
  const titles: string[] = [];
  for (let i = 0; i < 3; i++) {
    titles.push(tour().find('h2').text());
    await mounted.wrapper.find('[data-testid="tour-next"]').trigger('click');
  }
  expect(titles).toEqual(['Bring a problem', 'Run it and watch', 'Compare and answer']);
  expect(tour().exists()).toBe(false);
  mounted.wrapper.unmount();
  await open(0);
  expect(tour().exists()).toBe(false);
});

it('does not show where there are runs, unless asked for, and Escape closes it', async () => {
  await open(3);
  expect(tour().exists()).toBe(false);
  useShell().tourOpen = true;
  await flushPromises();
  expect(tour().text()).toContain('1 of 3');
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  await flushPromises();
  expect(tour().exists()).toBe(false);
});
