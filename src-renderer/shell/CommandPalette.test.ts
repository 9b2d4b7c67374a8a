import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import { usePreferences } from '../stores/preferences';
import { mountWithEngine, type Mounted } from '../testing/mountApp';
import CommandPalette from './CommandPalette.vue';
import { useShell } from './shellStore';

let mounted: Mounted;
afterEach(() => mounted.wrapper.unmount());

async function open(query: string): Promise<void> {
  localStorage.clear();
  mounted = await mountWithEngine(CommandPalette, {}, { runs: 12, live: 1 });
  useShell().paletteOpen = true;
  await mounted.wrapper.find('input').setValue(query);
}

const chosen = () => mounted.wrapper.find('[aria-selected="true"]').text();
const press = (key: string) => mounted.wrapper.find('[data-testid="palette"]').trigger('keydown', { key });

describe('the command palette', () => {
  it('has the focus when it opens', async () => {
    await open('');
    expect(document.activeElement).toBe(mounted.wrapper.find('input').element);
  });

  it('finds a command and does it', async () => {
    await open('dark theme');
    expect(chosen()).toContain('Dark theme');
    await press('Enter');
    expect(usePreferences().theme).toBe('dark');
    expect(useShell().paletteOpen).toBe(false);
  });

  it('goes to a run by its name', async () => {
    await open('penalty 100');
    expect(chosen()).toContain('λ=100');
    await press('Enter');
    await flushPromises();
    expect(mounted.router.currentRoute.value.path).toMatch(/^\/runs\/run-\d+$/);
  });

  it('moves with the arrows, round the ends', async () => {
    await open('go to');
    const first = chosen();
    await press('ArrowDown');
    expect(chosen()).not.toBe(first);
    await press('ArrowUp');
    await press('ArrowUp');
    await press('ArrowDown');
    expect(chosen()).toBe(first);
  });

  it('says when nothing matches', async () => {
    await open('zzzzqqq');
    expect(mounted.wrapper.text()).toContain('Nothing matches');
    await press('Escape');
    expect(useShell().paletteOpen).toBe(false);
  });
});
