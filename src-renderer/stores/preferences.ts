import { usePreferredDark, useStorage } from '@vueuse/core';
import { defineStore } from 'pinia';
import { computed } from 'vue';
import { dark, light } from '../theme/tokens';

export type Theme = 'system' | 'light' | 'dark';
export type XAxis = 'step' | 'epoch' | 'activeSeconds';

/** What a person prefers, kept in this browser profile and shared by all windows. */
export const usePreferences = defineStore('preferences', () => {
  const theme = useStorage<Theme>('adjoint.theme', 'system');
  const xAxis = useStorage<XAxis>('adjoint.xAxis', 'step');
  const smoothing = useStorage<number>('adjoint.smoothing', 0);
  const tourSeen = useStorage<boolean>('adjoint.tourSeen', false);
  const prefersDark = usePreferredDark();

  const scheme = computed<'light' | 'dark'>(() =>
    theme.value === 'system' ? (prefersDark.value ? 'dark' : 'light') : theme.value,
  );
  const tokens = computed(() => (scheme.value === 'dark' ? dark : light));

  function toggleTheme(): void {
    theme.value = scheme.value === 'dark' ? 'light' : 'dark';
  }

  return { theme, xAxis, smoothing, tourSeen, scheme, tokens, toggleTheme };
});
