import { usePreferredReducedMotion } from '@vueuse/core';
import { computed, onBeforeUnmount, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { advance, filmAxes, frameAt, nearestFrame, type FilmAxis, type Playback } from './film';

export interface Player {
  axis: Ref<FilmAxis>;
  frames: ComputedRef<Float64Array>;
  frame: ComputedRef<number>;
  /** Where the film stands, on its axis. */
  at: ComputedRef<number>;
  /** Where it was asked to stand, of which `at` is the frame; null at the end. */
  position: Readonly<Ref<number | null>>;
  /** At the end, where more of a live run is shown as it comes. */
  following: ComputedRef<boolean>;
  playing: Ref<boolean>;
  loop: Ref<boolean>;
  rate: Ref<number>;
  /** Reduced motion is asked for: the film goes no faster than two frames a second. */
  slowed: ComputedRef<boolean>;
  /** Epoch (step, seconds) that is drawn faintly behind; the first without one. */
  reference: ComputedRef<number | null>;
  setReference(x: number | null): void;
  toggle(): void;
  seek(x: number): void;
  step(by: number): void;
  toStart(): void;
  follow(): void;
}

export const rates = [2, 5, 10, 20, 40] as const;
const slowest = 2;
/** What the address calls a place on each axis; the view of the inner solver reads `epoch` as well. */
const queryNames: Record<FilmAxis, string> = { epoch: 'epoch', step: 'step', activeSeconds: 'seconds' };

/**
 * Where a film stands and how it goes on. The address holds the place, but while it plays only once it has come to rest. Of a film that is `thinned` any
 * epoch can be asked for, of another one the frames.
 */
export function usePlayer(
  framesOn: (axis: FilmAxis) => Float64Array,
  live: () => boolean,
  thinned: () => boolean,
): Player {
  const route = useRoute();
  const router = useRouter();
  const asked = (name: string): number | null => {
    const value = route.query[name];
    const number = Number(value);
    return value !== undefined && value !== null && value !== '' && Number.isFinite(number) ? number : null;
  };
  const axis = computed<FilmAxis>({
    get: () => filmAxes.find((one) => one === route.query.by) ?? 'epoch',
    set: (one) => {
      const rest = Object.fromEntries(
        Object.entries(route.query).filter(([name]) => name !== 'by' && name !== 'ref' && !Object.values(queryNames).includes(name)),
      );
      position.value = null;
      playing.value = false;
      void router.replace({ query: one === 'epoch' ? rest : { ...rest, by: one } });
    },
  }); // prettier-ignore
  const frames = computed(() => framesOn(axis.value));
  /** Null follows the end. */
  const position = ref<number | null>(asked(queryNames[axis.value]));
  const frame = computed(() =>
    position.value === null ? Math.max(0, frames.value.length - 1) : frameAt(frames.value, position.value),
  );
  const at = computed(() => frames.value[frame.value] ?? position.value ?? 0);
  const playing = ref(false);
  const loop = ref(false);
  const rate = ref<number>(10);
  const motion = usePreferredReducedMotion();
  const slowed = computed(() => motion.value === 'reduce');

  /** What the address is about to say because it was written here, undefined when it has said so. */
  let written: number | null | undefined;
  function write(): void {
    const { [queryNames[axis.value]]: _before, ...rest } = route.query;
    const value = position.value;
    const query = value === null ? rest : { ...rest, [queryNames[axis.value]]: String(value) };
    if (asked(queryNames[axis.value]) === value) return;
    written = value;
    void router.replace({ query });
  }
  let resting: ReturnType<typeof setTimeout> | undefined;
  function place(value: number | null): void {
    position.value = value;
    clearTimeout(resting);
    if (!playing.value) resting = setTimeout(write, 150);
  }
  watch(
    () => asked(queryNames[axis.value]),
    (value) => {
      // The address comes late: meanwhile the film may have been moved on, and must not be taken back.
      const own = value === written;
      written = undefined;
      if (!own && !playing.value && value !== position.value) position.value = value;
    },
  );

  let state: Playback = { frame: 0, rest: 0, playing: false };
  let request = 0;
  const before = shallowRef(0);
  function tick(now: number): void {
    if (!playing.value) return;
    const seconds = Math.min(0.5, (now - before.value) / 1000);
    before.value = now;
    const speed = slowed.value ? Math.min(slowest, rate.value) : rate.value;
    state = advance({ ...state, frame: frame.value }, seconds, { count: frames.value.length, rate: speed, loop: loop.value, live: live() });
    if (state.frame !== frame.value) position.value = frames.value[state.frame];
    if (state.playing) request = requestAnimationFrame(tick);
    else stop();
  } // prettier-ignore
  function start(): void {
    if (frames.value.length < 2) return;
    if (frame.value >= frames.value.length - 1) position.value = frames.value[0];
    playing.value = true;
    state = { frame: frame.value, rest: 0, playing: true };
    before.value = performance.now();
    request = requestAnimationFrame(tick);
  }
  function stop(): void {
    playing.value = false;
    cancelAnimationFrame(request);
    write();
  }
  onBeforeUnmount(() => {
    cancelAnimationFrame(request);
    clearTimeout(resting);
  });

  const frameX = (k: number) => frames.value[Math.max(0, Math.min(frames.value.length - 1, k))];
  const reference = computed(() => asked('ref'));
  return {
    ...{ axis, frames, frame, at, position, playing, loop, rate, slowed, reference },
    following: computed(() => position.value === null),
    setReference: (x) => {
      const { ref: _ref, ...rest } = route.query;
      void router.replace({ query: x === null ? rest : { ...rest, ref: String(x) } });
    },
    toggle: () => (playing.value ? stop() : start()),
    seek: (x) => {
      if (frames.value.length === 0) return;
      const isFree = axis.value === 'epoch' && thinned();
      place(isFree ? Math.round(x) : frameX(nearestFrame(frames.value, x)));
    },
    step: (by) => {
      if (playing.value) stop();
      if (frames.value.length > 0) place(frameX(frame.value + by));
    },
    toStart: () => place(frameX(0)),
    follow: () => {
      if (playing.value) stop();
      place(null);
    },
  };
}
