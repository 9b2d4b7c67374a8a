import { useEventListener } from '@vueuse/core';
import { isTyping } from '../../../shell/keys';
import { useShell } from '../../../shell/shellStore';
import type { Player } from './usePlayer';

/** What has keys of its own. */
const others = '[role="radiogroup"], [role="listbox"], .n-popover, [data-testid="chart"], select';

/** Space plays and pauses, arrows go step by step (ten with shift), Home and End to the ends. */
export function useFilmKeys(player: Player): void {
  const shell = useShell();
  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || isTyping(event) || shell.paletteOpen) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(others)) return;
    // A button that has the focus is pressed by the space bar.
    if (event.key === ' ' && target?.closest('button, a')) return;
    if (event.key === ' ') player.toggle();
    else if (event.key === 'ArrowRight') player.step(event.shiftKey ? 10 : 1);
    else if (event.key === 'ArrowLeft') player.step(event.shiftKey ? -10 : -1);
    else if (event.key === 'Home') player.toStart();
    else if (event.key === 'End') player.follow();
    else return;
    event.preventDefault();
  });
}
