import { defineStore } from 'pinia';
import { ref } from 'vue';

/** The text that another view hands over for the panel that starts runs; taken once. */
export const useNewRun = defineStore('newRun', () => {
  const text = ref<string | null>(null);
  const begin = (yaml: string): void => void (text.value = yaml);
  function take(): string | null {
    const taken = text.value;
    text.value = null;
    return taken;
  }
  return { begin, take };
});
