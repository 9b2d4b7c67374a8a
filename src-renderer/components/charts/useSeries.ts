import { useDocumentVisibility } from '@vueuse/core';
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';
import type { Problem } from '@shared/errors';
import type { SeriesRequest } from '@shared/frames';
import { useConnection } from '../../stores/connection';
import { SeriesBuffer } from './seriesBuffer';
import { decodeSeriesFrame, type SeriesPart } from './seriesFrame';

/** At most 16 frames a second a chart: what an eye follows, at half the cost of 30. */
const millisecondsPerFrame = 60;

export interface LiveSeries {
  /** Counts frames; depend on it to see new data. */
  version: Ref<number>;
  part(key: string): SeriesPart;
  level: Ref<number>;
  loading: Ref<boolean>;
  problem: Ref<Problem | null>;
}

/**
 * A live subscription. Its request may change at any time: the old data stay until the first frame of the new one. Without a
 * request (null), and while the window is hidden, nothing is subscribed and nothing is drawn.
 */
export function useSeries(request: () => SeriesRequest | null): LiveSeries {
  const connection = useConnection();
  const visibility = useDocumentVisibility();
  let buffer = new SeriesBuffer();
  const version = ref(0);
  const level = ref(1);
  const loading = ref(true);
  const problem = shallowRef<Problem | null>(null);
  let stop: (() => void) | null = null;

  const wanted = computed(() => {
    const spec = visibility.value === 'hidden' ? null : request();
    return spec === null ? null : JSON.stringify(spec);
  });

  watch(wanted, subscribe, { immediate: true });
  onScopeDispose(() => stop?.());

  function subscribe(json: string | null): void {
    stop?.();
    stop = null;
    if (json === null) return;
    let next: SeriesBuffer | null = new SeriesBuffer();
    stop = connection.frames().subscribe(
      JSON.parse(json) as SeriesRequest,
      (payload) => {
        if (next) {
          buffer = next;
          next = null;
        }
        buffer.apply(decodeSeriesFrame(payload));
        level.value = buffer.level;
        loading.value = false;
        problem.value = null;
        version.value++;
        return new Promise((resolve) => setTimeout(resolve, millisecondsPerFrame));
      },
      () => (loading.value = false),
      (why) => {
        problem.value = why;
        loading.value = false;
      },
    );
  }

  return { version, part: (key) => buffer.get(key), level, loading, problem };
}
