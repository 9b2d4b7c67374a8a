import { computed, ref, shallowRef, watch, type ComputedRef } from 'vue';
import { mean } from '@shared/statistics/summary';
import { useConnection } from '../../stores/connection';
import { useNotices } from '../../stores/notices';
import type { Entry } from './entries';
import { finalCell, finalValue, needsSeries, type FinalCell } from './finals';
import { injectComparison } from './useComparison';

/** Final values of all entries in some metrics, and the order in which the entries are listed. */
export function useFinals(keys: ComputedRef<readonly string[]>) {
  const connection = useConnection();
  const notices = useNotices();
  const { spec, entries, baseline } = injectComparison();
  const sort = ref<{ key: string; descending: boolean } | null>(null);

  // The value nearest to zero is not among the aggregates: it is asked for when it is wanted.
  const nearest = shallowRef(new Map<string, number | null>());
  const asked = computed(() => {
    if (spec.value.statistic !== 'best') return '';
    const wanted = keys.value
      .map((key) => ({ key, runs: entries.value.flatMap(({ runs }) => runs.filter((run) => needsSeries(run, key))) }))
      .filter(({ runs }) => runs.length > 0)
      .map(({ key, runs }) => ({
        key,
        ids: runs.map(({ id }) => id),
        counts: runs.map((run) => run.metrics[key].count),
      }));
    return wanted.length > 0 ? JSON.stringify(wanted) : '';
  });
  watch(
    asked,
    async (text) => {
      if (text === '') return;
      const wanted = JSON.parse(text) as { key: string; ids: string[] }[];
      const answers = await notices.attempt(() =>
        Promise.all(
          wanted.map(async ({ key, ids }) => ({
            key,
            points: await connection.client().comparisons.tradeOff({ ids, x: key, y: key, at: 'bestX' }),
          })),
        ),
      );
      if (answers)
        nearest.value = new Map(answers.flatMap(({ key, points }) => points.map(({ id, x }) => [`${id} ${key}`, x])));
    },
    { immediate: true },
  );

  const cells = computed(() => {
    const found = new Map<string, FinalCell>();
    const nearestTo = (run: string, key: string) => nearest.value.get(`${run} ${key}`) ?? null;
    for (const key of keys.value)
      for (const entry of entries.value)
        found.set(
          `${entry.id} ${key}`,
          finalCell(entry, baseline.value, (run) => finalValue(run, key, spec.value.statistic, nearestTo)),
        );
    return found;
  });
  const cell = (entry: Entry, key: string): FinalCell => cells.value.get(`${entry.id} ${key}`)!;
  const activeOf = (entry: Entry) => mean(entry.runs.map(({ activeSeconds }) => activeSeconds));

  const rows = computed(() => {
    const by = sort.value;
    if (!by) return entries.value;
    const value = (entry: Entry) => (by.key === 'active' ? activeOf(entry) : cell(entry, by.key).value);
    return [...entries.value].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return Number(x === null) - Number(y === null);
      return by.descending ? y - x : x - y;
    });
  });

  function sortBy(key: string): void {
    if (sort.value?.key !== key) sort.value = { key, descending: false };
    else if (!sort.value.descending) sort.value = { key, descending: true };
    else sort.value = null;
  }
  const sortOf = (key: string) =>
    sort.value?.key !== key ? 'none' : sort.value.descending ? 'descending' : 'ascending';

  return { rows, cell, activeOf, sortBy, sortOf };
}
