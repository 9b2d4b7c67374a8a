import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Problem } from '@shared/errors';
import { problemOf } from '../api/connect';

export interface Notice {
  id: number;
  level: 'info' | 'warning' | 'error';
  text: string;
  detail: string | null;
}

const millisecondsShown = { info: 4000, warning: 9000, error: 12_000 } as const;

/** Short messages about actions, in the corner. Errors of what a page shows stay on the page. */
export const useNotices = defineStore('notices', () => {
  const list = ref<Notice[]>([]);
  let nextId = 1;

  function show(level: Notice['level'], text: string, detail: string | null = null): void {
    const repeated = list.value.find((notice) => notice.text === text && notice.detail === detail);
    if (repeated) dismiss(repeated.id);
    const id = nextId++;
    list.value = [...list.value.slice(-3), { id, level, text, detail }];
    setTimeout(() => dismiss(id), millisecondsShown[level]);
  }

  function dismiss(id: number): void {
    list.value = list.value.filter((notice) => notice.id !== id);
  }

  function problem(problem: Problem, level: Notice['level'] = 'error'): void {
    const where = problem.where ? ` (${problem.where})` : '';
    show(level, `${problem.what}${where}`, problem.fix ?? null);
  }

  /** Does what the user asked for; a failure becomes a notice and `null`. */
  async function attempt<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      problem(problemOf(error));
      return null;
    }
  }

  return { list, show, dismiss, problem, attempt };
});
