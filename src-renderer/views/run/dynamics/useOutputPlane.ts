import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { Problem } from '@shared/errors';
import type { OutputPlane } from '@shared/film';
import { problemOf } from '../../../api/connect';
import { isLive } from '../../../components/runState';
import { useConnection } from '../../../stores/connection';
import type { Film } from './useFilms';

const pollMilliseconds = 6000;

/** The outputs for one instance in their plane. While a run goes on outputs are added; plane and window stay as they were. */
export function useOutputPlane(
  film: () => Film,
  which: () => number,
): {
  plane: ShallowRef<OutputPlane | null>;
  problem: ShallowRef<Problem | null>;
  loading: Ref<boolean>;
} {
  const connection = useConnection();
  const plane = shallowRef<OutputPlane | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const loading = ref(false);
  const isRecorded = () => film().detail?.recorded.epoch?.includes('valid/probe_outputs') === true;

  // Another window, or another panel on the same run, must not end this one's question.
  const asker = Math.random().toString(36).slice(2);
  let newest = 0;
  async function load(keep: boolean): Promise<void> {
    if (!isRecorded()) return;
    const question = ++newest;
    const { id } = film().run;
    const asked = which();
    const before = keep ? plane.value : null;
    loading.value = true;
    try {
      const answer = await connection.client().film.plane({
        ...{ id, which: asked, key: asker },
        ...(before ? { directions: before.slice.directions } : {}),
      });
      if (question !== newest) return;
      const slice = answer.slice ?? before?.slice;
      if (slice) plane.value = { ...answer, slice };
      problem.value = null;
    } catch (error) {
      // A newer question answers for this one.
      if (question === newest) problem.value = problemOf(error);
    } finally {
      if (question === newest) loading.value = false;
    }
  }
  watch(
    // A text: a list would be another one at every epoch that comes.
    () => `${film().run.id} ${which()} ${isRecorded()}`,
    () => {
      plane.value = null;
      void load(false);
    },
    { immediate: true },
  );
  watch(
    () => film().run.state,
    () => void load(true),
  );
  const timer = setInterval(() => isLive(film().run) && void load(true), pollMilliseconds);
  onBeforeUnmount(() => clearInterval(timer));
  return { plane, problem, loading };
}
