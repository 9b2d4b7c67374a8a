import { onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { Problem } from '@shared/errors';
import type { LayerAudit } from '@shared/layerAudit';
import { problemOf } from '../../api/connect';

const patience = 400;

/** The audit of the current question as it grows; another question calls the older one off. `null` asks nothing. */
export function useAudit<Question>(
  question: () => Question | null,
  ask: (question: Question, signal: AbortSignal) => Promise<AsyncIterable<LayerAudit>>,
) {
  const audit = shallowRef<LayerAudit | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const busy = ref(false);
  /** What is shown belongs to an older question. */
  const stale = ref(false);
  const stopped = ref(false);
  let current: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function put(next: Question): Promise<void> {
    const mine = new AbortController();
    current = mine;
    try {
      for await (const part of await ask(next, mine.signal)) {
        if (current !== mine) return;
        audit.value = part;
        stale.value = false;
        problem.value = null;
      }
    } catch (error) {
      if (current !== mine) return;
      problem.value = problemOf(error);
    }
    busy.value = false;
  }

  function stop(): void {
    clearTimeout(timer);
    current?.abort();
    current = null;
    stopped.value = busy.value;
    busy.value = false;
  }

  function again(delay = 0): void {
    stop();
    const next = question();
    stopped.value = false;
    problem.value = null;
    stale.value = audit.value !== null;
    if (next === null) return;
    busy.value = true;
    timer = setTimeout(() => void put(next), delay);
  }

  watch(
    () => JSON.stringify(question()),
    (_, before) => again(before === undefined ? 0 : patience),
    { immediate: true },
  );
  onBeforeUnmount(stop);
  return { audit, problem, busy, stale, stopped, stop, again: () => again() };
}
