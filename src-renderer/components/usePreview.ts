import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { Problem } from '@shared/errors';
import { problemOf } from '../api/connect';

export interface Preview<Answer> {
  /** The last answer; kept while the next is computed. */
  answer: ShallowRef<Answer | null>;
  /** The answer is not (yet) that of the current question. */
  stale: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  again: () => void;
}

const patience = 250;

/**
 * Asks again whenever the question changes, a moment after the last change; an older question that is still being answered is called off
 * and its answer never shown. `null` asks nothing.
 */
export function usePreview<Question, Answer>(
  question: () => Question | null,
  ask: (question: Question, signal: AbortSignal) => Promise<Answer>,
): Preview<Answer> {
  const answer = shallowRef<Answer | null>(null);
  const stale = ref(true);
  const problem = shallowRef<Problem | null>(null);
  let asked = '';
  let current: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function put(next: Question): Promise<void> {
    const mine = new AbortController();
    current = mine;
    try {
      const result = await ask(next, mine.signal);
      if (current !== mine) return;
      answer.value = result;
      problem.value = null;
    } catch (error) {
      if (current !== mine) return;
      problem.value = problemOf(error);
    }
    stale.value = false;
  }

  function request(delay: number): void {
    clearTimeout(timer);
    current?.abort();
    current = null;
    const next = question();
    asked = JSON.stringify(next);
    stale.value = true;
    if (next !== null) timer = setTimeout(() => void put(next), delay);
  }

  watch(
    question,
    (next) => {
      if (JSON.stringify(next) !== asked) request(asked === '' ? 0 : patience);
    },
    { immediate: true, deep: true },
  );
  onBeforeUnmount(() => {
    clearTimeout(timer);
    current?.abort();
    current = null;
  });
  return { answer, stale, problem, again: () => request(0) };
}
