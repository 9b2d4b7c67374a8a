import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { Problem } from '@shared/errors';
import type { Landscape } from '@shared/landscape';
import { problemOf } from '../../api/connect';

export interface LandscapeStream {
  /** The finest picture so far; kept while that of the next question is computed. */
  landscape: ShallowRef<Landscape | null>;
  /** The picture belongs to another question than the one asked now. */
  stale: Ref<boolean>;
  /** Finer pictures are still to come. */
  busy: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  /** Ends what is being computed and keeps the picture as it is. */
  stop: () => void;
  again: () => void;
}

const patience = 250;

/** Asks for a landscape whenever the question changes, a moment after the last change, and shows it while it is refined. `null` asks nothing. */
export function useLandscape<Question>(
  question: () => Question | null,
  ask: (question: Question, signal: AbortSignal) => Promise<AsyncIterable<Landscape>>,
): LandscapeStream {
  const landscape = shallowRef<Landscape | null>(null);
  const stale = ref(true);
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  let asked = '';
  let current: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function follow(next: Question): Promise<void> {
    const mine = new AbortController();
    current = mine;
    busy.value = true;
    problem.value = null;
    try {
      for await (const part of await ask(next, mine.signal)) {
        if (current !== mine) return;
        landscape.value = part;
        stale.value = false;
      }
    } catch (error) {
      if (current !== mine) return;
      problem.value = problemOf(error);
      stale.value = false;
    }
    if (current === mine) busy.value = false;
  }

  function stop(): void {
    clearTimeout(timer);
    current?.abort();
    current = null;
    busy.value = false;
  }

  function request(delay: number): void {
    stop();
    const next = question();
    asked = JSON.stringify(next);
    stale.value = true;
    if (next !== null) timer = setTimeout(() => void follow(next), delay);
  }

  watch(
    question,
    (next) => {
      if (JSON.stringify(next) !== asked) request(asked === '' ? 0 : patience);
    },
    { immediate: true, deep: true },
  );
  onBeforeUnmount(stop);
  return { landscape, stale, busy, problem, stop, again: () => request(0) };
}
