import {
  computed,
  inject,
  provide,
  ref,
  shallowRef,
  triggerRef,
  type ComputedRef,
  type InjectionKey,
  type Ref,
} from 'vue';
import type { Domain } from './chartModel';

/** What linked charts share: the zoomed part of the x axis, the cursor, what stands out, and the extent of all their data. */
export interface ChartLink {
  /** The zoomed part; null shows everything. */
  viewport: Readonly<Ref<Domain | null>>;
  cursor: Readonly<Ref<number | null>>;
  /** True while a person pans or zooms: charts are drawn coarser until it comes to rest. */
  moving: Readonly<Ref<boolean>>;
  /** The series that stands out in every chart, by its id. */
  focus: Readonly<Ref<string | null>>;
  /** What is shown: the viewport or the extent of all data. */
  domain: ComputedRef<Domain>;
  /** A chart tells the extent of its unzoomed data; null when it goes away. */
  report(id: symbol, extent: Domain | null): void;
  /** Puts the cursor at x in every chart; null takes it away. */
  point(x: number | null): void;
  emphasise(series: string | null): void;
  zoom(domain: Domain): void;
  reset(): void;
}

/** After the last move it is over. */
const restMilliseconds = 120;

const key: InjectionKey<ChartLink> = Symbol('chart link');

export function makeChartLink(): ChartLink {
  const viewport = shallowRef<Domain | null>(null);
  const cursor = ref<number | null>(null);
  const focus = ref<string | null>(null);
  const moving = ref(false);
  let resting: ReturnType<typeof setTimeout> | undefined;
  const extents = shallowRef(new Map<symbol, Domain>());

  const whole = computed<Domain>(() => {
    let from = Infinity;
    let to = -Infinity;
    for (const extent of extents.value.values()) {
      from = Math.min(from, extent.from);
      to = Math.max(to, extent.to);
    }
    return usable({ from, to });
  });

  return {
    viewport,
    cursor,
    focus,
    moving,
    domain: computed(() => viewport.value ?? whole.value),
    report(id, extent) {
      const known = extents.value.get(id);
      if (known?.from === extent?.from && known?.to === extent?.to) return;
      if (extent) extents.value.set(id, extent);
      else extents.value.delete(id);
      triggerRef(extents);
    },
    point(x) {
      cursor.value = x;
    },
    emphasise(series) {
      focus.value = series;
    },
    zoom(domain) {
      if (!(domain.to > domain.from)) return;
      viewport.value = domain;
      moving.value = true;
      clearTimeout(resting);
      resting = setTimeout(() => (moving.value = false), restMilliseconds);
    },
    reset() {
      viewport.value = null;
    },
  };
}

/** A domain that can be drawn, also before there are data and for a single sample. */
export function usable({ from, to }: Domain): Domain {
  if (!(to >= from)) return { from: 0, to: 1 };
  return to === from ? { from: from - 0.5, to: to + 0.5 } : { from, to };
}

export function provideChartLink(): ChartLink {
  const link = makeChartLink();
  provide(key, link);
  return link;
}

export function useChartLink(): ChartLink {
  return inject(key) ?? makeChartLink();
}
