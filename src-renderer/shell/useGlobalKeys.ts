import { useEventListener } from '@vueuse/core';
import { useRouter } from 'vue-router';
import { isTyping } from './keys';
import { useShell } from './shellStore';

const places: Record<string, string> = {
  p: '/problems',
  o: '/solve',
  r: '/runs',
  c: '/compare',
  a: '/audit',
  d: '/devices',
  s: '/settings',
};

/** Shortcuts that work in every view. */
export function useGlobalKeys(): void {
  const shell = useShell();
  const router = useRouter();
  let goingSince = 0;

  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      shell.paletteOpen = !shell.paletteOpen;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || shell.paletteOpen) return;
    const going = performance.now() - goingSince < 1000;
    goingSince = 0;
    if (going && places[event.key]) void router.push(places[event.key]);
    else if (event.key === 'g') goingSince = performance.now();
    else if (event.key === '?') shell.helpOpen = !shell.helpOpen;
    else if (event.key === 'n') void router.push('/runs/new');
    else return;
    event.preventDefault();
  });
}
