import { defineStore } from 'pinia';
import { ref } from 'vue';

/** What floats over the views: palette, list of shortcuts, tour; and the title that a view gives its window. */
export const useShell = defineStore('shell', () => {
  const paletteOpen = ref(false);
  const helpOpen = ref(false);
  const tourOpen = ref(false);
  const pageTitle = ref<string | null>(null);
  return { paletteOpen, helpOpen, tourOpen, pageTitle };
});
