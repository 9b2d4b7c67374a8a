import { StorageSerializers, useStorage } from '@vueuse/core';
import { computed, inject, provide, ref, watch, type ComputedRef, type InjectionKey, type Ref } from 'vue';
import type { RunState, RunSummary } from '@shared/run';
import { column, defaultColumns, type Column } from './columns';
import { differingSettings, type Difference } from './differences';
import { makeFilter } from './filter';
import { groupRows, sortRuns, type Grouping, type Row, type Sort } from './rows';
import type { SweepGroup } from './sweepRows';

export interface RunTable {
  text: Ref<string>;
  states: Ref<RunState[]>;
  tags: Ref<string[]>;
  grouping: Ref<Grouping>;
  sort: Ref<Sort | null>;
  /** Until some are chosen, and when none is, those that fit the kinds of the runs that are listed. */
  columnIds: Ref<string[]>;
  widths: Ref<Record<string, number>>;
  columns: ComputedRef<Column[]>;
  /** Somebody has chosen the columns: none is left out for want of room. */
  columnsChosen: ComputedRef<boolean>;
  listed: ComputedRef<RunSummary[]>;
  rows: ComputedRef<Row[]>;
  differing: Ref<Difference[]>;
  filtered: ComputedRef<boolean>;
  selected: Ref<Set<string>>;
  selectedRuns: ComputedRef<RunSummary[]>;
  /** Key of the row that the keyboard is at. */
  focused: Ref<string | null>;
  /** Opens or closes a heading. */
  toggleGroup(key: string): void;
  /** Unfolds or folds a sweep. */
  toggleSweep(key: string): void;
  selectSweep(sweep: SweepGroup): void;
  isSelected(sweep: SweepGroup): boolean;
  sortBy(id: string): void;
  select(id: string, on: boolean): void;
  /** From the run last selected to this one. */
  selectTo(id: string): void;
  selectAll(on: boolean): void;
  move(by: number): void;
  clearFilter(): void;
}

/** Everything a table of runs remembers and derives; what a person chose survives a reload. */
export function useRunTable(runs: () => readonly RunSummary[], storage: string): RunTable {
  const kept = <T>(name: string, initial: T) =>
    useStorage<T>(`adjoint.${storage}.${name}`, initial, localStorage, { mergeDefaults: false });
  const text = ref('');
  const states = kept<RunState[]>('states', []);
  const tags = kept<string[]>('tags', []);
  const grouping = kept<Grouping>('grouping', 'none');
  // Of what is null at first the storage cannot tell how it is written.
  const sort = useStorage<Sort | null>(`adjoint.${storage}.sort`, null, localStorage, {
    serializer: StorageSerializers.object,
  });
  const chosenColumns = kept<string[]>('columns', []);
  const widths = kept<Record<string, number>>('widths', {});
  const closed = ref(new Set<string>());
  const openSweeps = ref(new Set<string>());
  const selected = ref(new Set<string>());
  const focused = ref<string | null>(null);
  let anchor: string | null = null;

  const filtered = computed(() => text.value.trim() !== '' || states.value.length > 0 || tags.value.length > 0);
  const matching = computed(() => {
    if (!filtered.value) return [...runs()];
    return runs().filter(makeFilter({ text: text.value, states: states.value, tags: tags.value }));
  });
  const kinds = computed(() => new Set((matching.value.length > 0 ? matching.value : runs()).map(({ kind }) => kind)));
  const kindsText = computed(() => [...kinds.value].sort().join());
  const columnIds = computed({
    get: () => (chosenColumns.value.length > 0 ? chosenColumns.value : defaultColumns(kindsText.value.split(','))),
    set: (ids) => (chosenColumns.value = ids),
  });
  const columns = computed(() => columnIds.value.map(column));
  const columnsChosen = computed(() => chosenColumns.value.length > 0);
  const listed = computed(() =>
    sortRuns(matching.value, sort.value ? column(sort.value.column) : null, sort.value?.descending ?? false),
  );
  const rows = computed(() =>
    groupRows(listed.value, grouping.value, { closed: closed.value, openSweeps: openSweeps.value }),
  );

  // What differs depends on which runs are listed and not on how far they are: it is worked out when that set changes.
  const differing = ref<Difference[]>([]);
  const members = computed(() => matching.value.map(({ id }) => id).join());
  watch(members, () => (differing.value = differingSettings(matching.value)), { immediate: true });

  const byId = computed(() => new Map(runs().map((run) => [run.id, run])));
  const selectedRuns = computed(() => [...selected.value].flatMap((id) => byId.value.get(id) ?? []));

  function sortBy(id: string): void {
    if (sort.value?.column !== id)
      sort.value = { column: id, descending: id.startsWith('metric:') ? false : id === 'age' };
    else if (sort.value.descending === (id === 'age')) sort.value = { column: id, descending: !sort.value.descending };
    else sort.value = null;
  }

  function toggleIn(set: Ref<Set<string>>, key: string): void {
    const next = new Set(set.value);
    if (!next.delete(key)) next.add(key);
    set.value = next;
  }

  const toggleGroup = (key: string): void => toggleIn(closed, key);
  const toggleSweep = (key: string): void => toggleIn(openSweeps, key);
  const isSelected = ({ members }: SweepGroup): boolean => members.every(({ id }) => selected.value.has(id));

  /** All of its runs, or none where all are selected already. */
  function selectSweep(sweep: SweepGroup): void {
    const next = new Set(selected.value);
    const on = !isSelected(sweep);
    for (const { id } of sweep.members)
      if (on) next.add(id);
      else next.delete(id);
    selected.value = next;
  }

  function select(id: string, on: boolean): void {
    const next = new Set(selected.value);
    if (on) next.add(id);
    else next.delete(id);
    selected.value = next;
    anchor = id;
  }

  function selectTo(id: string): void {
    const ids = rows.value.flatMap((row) => (row.type === 'run' ? [row.run.id] : []));
    const from = anchor === null ? -1 : ids.indexOf(anchor);
    const to = ids.indexOf(id);
    if (from < 0 || to < 0) return select(id, true);
    selected.value = new Set([...selected.value, ...ids.slice(Math.min(from, to), Math.max(from, to) + 1)]);
  }

  function selectAll(on: boolean): void {
    selected.value = on ? new Set(listed.value.map(({ id }) => id)) : new Set();
  }

  function move(by: number): void {
    const list = rows.value;
    if (list.length === 0) return;
    const at = list.findIndex(({ key }) => key === focused.value);
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by));
    focused.value = list[next].key;
  }

  function clearFilter(): void {
    text.value = '';
    states.value = [];
    tags.value = [];
  }

  return {
    text, states, tags, grouping, sort, columnIds, widths, columns, columnsChosen, listed, rows, differing, filtered,
    selected, selectedRuns, focused, toggleGroup, toggleSweep, selectSweep, isSelected, sortBy, select, selectTo, selectAll, move, clearFilter,
  }; // prettier-ignore
}

const key: InjectionKey<RunTable> = Symbol('run table');

/** A view makes its table; the parts of the view share it. */
export function provideRunTable(runs: () => readonly RunSummary[], storage: string): RunTable {
  const table = useRunTable(runs, storage);
  provide(key, table);
  return table;
}

export function injectRunTable(): RunTable {
  const table = inject(key);
  if (!table) throw new Error('A part of the run table stands outside a view that provides one.');
  return table;
}
