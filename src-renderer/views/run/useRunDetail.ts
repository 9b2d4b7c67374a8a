import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { RunDetail } from '@shared/contract';
import type { Problem } from '@shared/errors';
import { problemOf } from '../../api/connect';
import { isLive } from '../../components/runState';
import { useConnection } from '../../stores/connection';
import { useRuns } from '../../stores/runs';

export interface LoadedDetail {
  detail: ShallowRef<RunDetail | null>;
  problem: ShallowRef<Problem | null>;
  loading: Ref<boolean>;
  reload(): Promise<void>;
}

/** Milliseconds between readings while a run is at work: new metrics and checkpoints appear this late. */
const readEvery = 5000;

/** A run in full, read again when its state changes and now and then while it is at work. */
export function useRunDetail(id: () => string): LoadedDetail {
  const connection = useConnection();
  const runs = useRuns();
  const detail = shallowRef<RunDetail | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const loading = ref(true);

  async function reload(): Promise<void> {
    const asked = id();
    try {
      const read = await connection.client().runs.get({ id: asked });
      if (asked !== id()) return;
      detail.value = read;
      problem.value = null;
    } catch (error) {
      if (asked === id()) problem.value = problemOf(error);
    }
    loading.value = false;
  }

  watch(id, () => {
    detail.value = null;
    problem.value = null;
    loading.value = true;
  });
  watch(
    () => [
      id(),
      connection.epoch,
      runs.byId.get(id())?.state,
      runs.byId.get(id())?.attempts,
      runs.byId.get(id())?.name,
    ],
    () => void reload(),
    { immediate: true },
  );
  // The first samples of a new run bring panels: look more often until there are some.
  watch(
    () => Object.keys(runs.byId.get(id())?.metrics ?? {}).length,
    () => void reload(),
  );

  const timer = setInterval(() => {
    const run = runs.byId.get(id());
    if (run && isLive(run) && !document.hidden) void reload();
  }, readEvery);
  onScopeDispose(() => clearInterval(timer));

  return { detail, problem, loading, reload };
}
