import { computed, inject, onScopeDispose, provide, ref, shallowRef, watch, type InjectionKey } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { Comparison, ComparisonSpec, RunContext } from '@shared/comparisons';
import type { Problem } from '@shared/errors';
import { problemOf } from '../../api/connect';
import { provideChartLink } from '../../components/charts/chartLink';
import { SeriesPool } from '../../components/charts/seriesPool';
import { useConnection } from '../../stores/connection';
import { usePreferences } from '../../stores/preferences';
import { useRuns } from '../../stores/runs';
import { assignColours, seriesColour } from '../../theme/seriesColours';
import { defaultSpec, hasChanges, readQuery, writeQuery } from './address';
import { resolveEntries, type Entry } from './entries';

/** How long a viewport rests before its details are fetched. */
const settleMilliseconds = 150;

export type Comparing = ReturnType<typeof makeComparison>;
const key: InjectionKey<Comparing> = Symbol('comparison');

/** The comparison that the address tells, with everything that its parts share. */
export function provideComparison(): Comparing {
  const comparison = makeComparison();
  provide(key, comparison);
  return comparison;
}

export function injectComparison(): Comparing {
  const comparison = inject(key);
  if (!comparison) throw new Error('A part of the comparison stands outside its view.');
  return comparison;
}

function makeComparison() {
  const route = useRoute();
  const router = useRouter();
  const connection = useConnection();
  const preferences = usePreferences();
  const runs = useRuns();
  const link = provideChartLink();

  const savedId = computed(() => (typeof route.params.id === 'string' && route.params.id ? route.params.id : null));
  const saved = shallowRef<Comparison | null>(null);
  const problem = shallowRef<Problem | null>(null);

  async function loadSaved(): Promise<void> {
    const id = savedId.value;
    problem.value = null;
    if (id === null || saved.value?.id !== id) saved.value = null;
    if (id === null) return;
    try {
      const found = await connection.client().comparisons.get({ id });
      if (savedId.value === id) saved.value = found;
    } catch (error) {
      if (savedId.value === id) problem.value = problemOf(error);
    }
  }
  watch([savedId, () => connection.epoch], () => void loadSaved(), { immediate: true });

  const base = computed(() => saved.value?.spec ?? defaultSpec);
  const specText = computed(() => JSON.stringify(readQuery(route.query, base.value)));
  // The same object for the same comparison, whatever else the address says.
  const spec = computed(() => JSON.parse(specText.value) as ComparisonSpec);
  const changed = computed(() => saved.value !== null && hasChanges(route.query));

  /**
   * Changes go into the address. Which runs are compared and how is a step that "back" undoes; `replace` is for what is tried out quickly.
   */
  function change(part: Partial<ComparisonSpec>, how: 'push' | 'replace' = 'push'): void {
    const own = Object.fromEntries(Object.entries(route.query).filter(([name]) => name === 'tab' || name === 'panel'));
    const query = { ...own, ...writeQuery({ ...spec.value, ...part }, base.value) };
    void router[how]({ path: route.path, query });
  }

  const resolution = computed(() => resolveEntries(spec.value, runs.list));
  const contexts = shallowRef(new Map<string, RunContext>());
  /** The list of all runs has few of their aggregates: the context brings the others, events bring all. */
  const entries = computed(() =>
    resolution.value.entries.map((entry): Entry => ({
      ...entry,
      runs: entry.runs.map((run) => ({ ...run, metrics: { ...contexts.value.get(run.id)?.metrics, ...run.metrics } })),
    })),
  );
  const colours = computed(() => assignColours(entries.value.map(({ id }) => id)));
  const colourOf = (id: string): string => seriesColour(colours.value.get(id) ?? 0, preferences.scheme);
  const paperColourOf = (id: string): string => seriesColour(colours.value.get(id) ?? 0, 'light');
  const isHidden = (id: string): boolean => spec.value.hidden.includes(id);
  const visible = computed(() => entries.value.filter(({ id }) => !isHidden(id)));
  const baseline = computed(() => entries.value.find(({ id }) => id === spec.value.baseline) ?? null);

  /** Runs whose context is known, by what may change it: a run records nothing before it has started. */
  const wantedContexts = computed(() =>
    resolution.value.entries
      .flatMap(({ runs: members }) => members.map((run) => `${run.id} ${Object.keys(run.metrics).length > 0 ? 1 : 0}`))
      .sort()
      .join(),
  );
  watch(
    [wantedContexts, () => connection.epoch],
    async ([wanted]) => {
      if (wanted === '') return;
      const ids = wanted.split(',').map((part) => part.slice(0, part.indexOf(' ')));
      try {
        const found = await connection.client().comparisons.context({ ids });
        contexts.value = new Map(found.map((context) => [context.id, context]));
        problem.value = null;
      } catch (error) {
        problem.value = problemOf(error);
      }
    },
    { immediate: true },
  );

  const pool = new SeriesPool(
    (...request) => connection.frames().subscribe(...request),
    spec.value.xAxis,
    pointsFor(window.innerWidth, spec.value.layout),
    () => link.moving.value,
  );
  let settling: ReturnType<typeof setTimeout> | undefined;
  watch(link.viewport, (viewport) => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      pool.settle(viewport);
      settled.value++;
    }, settleMilliseconds);
  });
  const settled = ref(0);
  /** What is shown lies in what was fetched in detail; while a person pans it changes only at its edges. */
  const detailed = computed(() => (void settled.value, pool.covers(link.domain.value)));
  watch(
    () => [spec.value.xAxis, spec.value.layout] as const,
    ([axis, layout], [before]) => {
      if (axis !== before) link.reset();
      pool.restart(axis, pointsFor(window.innerWidth, layout));
    },
  );
  onScopeDispose(() => {
    clearTimeout(settling);
    pool.close();
  });

  return {
    spec, change, saved, savedId, changed, problem, loadSaved, resolution, entries, visible, baseline,
    colourOf, paperColourOf, isHidden, contexts, pool, detailed, link,
  }; // prettier-ignore
}

/** A bucket a pixel of a panel is all that can be seen. */
function pointsFor(windowWidth: number, layout: ComparisonSpec['layout']): number {
  if (layout === 'columns') return 400;
  return windowWidth > 1500 ? 600 : 500;
}

export const sourceOf = ({ id, group, runs }: Entry) => ({ id, group, runs: runs.map((run) => run.id) });
