import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { useConnection } from './connection';
import { useNotices } from './notices';
import { useRuns } from './runs';

export interface Example {
  name: string;
  title: string;
  yaml: string;
}

/** Example experiments that come with Adjoint; the one named `demo`, or else the first, is what "demo" starts. */
export const useExamples = defineStore('examples', () => {
  const connection = useConnection();
  const notices = useNotices();
  const runs = useRuns();
  const list = shallowRef<Example[] | null>(null);
  const demo = computed(() => list.value?.find(({ name }) => name === 'demo') ?? list.value?.[0] ?? null);
  const others = computed(() => (list.value ?? []).filter((example) => example !== demo.value));

  async function load(): Promise<Example[]> {
    list.value ??= await notices.attempt(() => connection.client().experiments.examples());
    return list.value ?? [];
  }

  /** @returns the run's id; null when it could not be started, which the user has been told */
  async function startDemo(): Promise<string | null> {
    await load();
    if (!demo.value) {
      notices.show(
        'error',
        'The example experiments are missing.',
        'They belong to the installation, in resources/experiments.',
      );
      return null;
    }
    const ids = await runs.create(demo.value.yaml);
    return ids?.[0] ?? null;
  }

  return { list, demo, others, load, startDemo };
});
