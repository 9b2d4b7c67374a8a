import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { AppEvent } from '@shared/contract';
import type { Problem } from '@shared/errors';
import type { Annotations, RunSummary } from '@shared/run';
import { problemOf } from '../api/connect';
import { useConnection } from './connection';
import { headlineMetrics } from './headlines';
import { useNotices } from './notices';
import { useQueue } from './queue';

type Bulk = 'pause' | 'resume' | 'trash' | 'restore' | 'purge';

/** Milliseconds between updates of the list: with thousands of runs, sorting at every event would be waste. */
const updateEvery = 200;

/**
 * All runs of the workspace, kept up to date by events. Summaries are never changed in place: a changed run is a new
 * object, so that whatever was derived from an unchanged one can be kept.
 */
export const useRuns = defineStore('runs', () => {
  const connection = useConnection();
  const queue = useQueue();
  const notices = useNotices();

  const byId = shallowRef(new Map<string, RunSummary>());
  const trash = shallowRef<RunSummary[] | null>(null);
  const loaded = ref(false);
  const problem = shallowRef<Problem | null>(null);

  const list = computed(() => newestFirst([...byId.value.values()]));
  const tags = computed(() => [...new Set(list.value.flatMap((run) => run.tags))].sort());

  let allMetrics = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  function changed(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      triggerRef(byId);
    }, updateEvery);
  }

  /** The list, with the aggregates of the table's usual columns only until `needAllMetrics` was called. */
  async function load(): Promise<void> {
    try {
      const input = allMetrics ? {} : { metrics: [...headlineMetrics] };
      const runs = await connection.client().runs.list(input);
      byId.value = new Map(runs.map((run) => [run.id, run]));
      problem.value = null;
      loaded.value = true;
    } catch (error) {
      problem.value = problemOf(error);
    }
  }

  /** For a column, a filter or a preview of any metric. Of thousands of runs these are megabytes, so they come when asked for. */
  async function needAllMetrics(): Promise<void> {
    if (allMetrics) return;
    allMetrics = true;
    if (loaded.value) await load();
  }

  async function loadTrash(): Promise<void> {
    const runs = await notices.attempt(() => connection.client().runs.list({ trash: true }));
    if (runs) trash.value = newestFirst(runs);
  }

  function receive(event: AppEvent): void {
    if (event.type === 'run') {
      byId.value.set(event.run.id, event.run);
      changed();
    } else if (event.type === 'removed') {
      byId.value.delete(event.id);
      changed();
    } else if (event.type === 'queue') queue.queue = event.queue;
    else notices.problem(event.problem, event.level);
  }

  /** Call once; keeps the list true for as long as the window lives. */
  function start(): void {
    connection.onEvent(receive);
  }

  const get = (id: string): RunSummary | undefined => byId.value.get(id);

  async function act(action: Bulk, ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const result = await notices.attempt(() => connection.client().runs[action]({ ids }));
    if (result) report(result.refused);
    if (action === 'trash' || action === 'restore' || action === 'purge') await Promise.all([load(), loadTrash()]);
  }

  async function cancel(ids: string[], force = false): Promise<void> {
    if (ids.length === 0) return;
    const result = await notices.attempt(() => connection.client().runs.cancel({ ids, force }));
    if (result) report(result.refused);
  }

  function report(refused: { id: string; problem: Problem }[]): void {
    for (const { id, problem: why } of refused.slice(0, 3))
      notices.problem({ ...why, where: why.where ?? get(id)?.name ?? id }, 'warning');
    if (refused.length > 3) notices.show('warning', `${refused.length - 3} more runs were left as they are.`);
  }

  async function annotate(id: string, change: Partial<Annotations>): Promise<boolean> {
    const before = byId.value.get(id);
    if (before) {
      const { group, ...rest } = change;
      byId.value.set(id, { ...before, ...rest, ...(group === undefined ? {} : { group }) });
      triggerRef(byId);
    }
    const ok = (await notices.attempt(() => connection.client().runs.annotate({ id, change }))) !== null;
    if (!ok && before) {
      byId.value.set(id, before);
      triggerRef(byId);
    }
    return ok;
  }

  async function create(yaml: string, clonedFrom?: string): Promise<string[] | null> {
    const made = await notices.attempt(() =>
      connection.client().runs.create({ yaml, ...(clonedFrom === undefined ? {} : { clonedFrom }) }),
    );
    return made?.ids ?? null;
  }

  return {
    byId,
    list,
    tags,
    trash,
    loaded,
    problem,
    load,
    needAllMetrics,
    loadTrash,
    receive,
    start,
    get,
    act,
    cancel,
    report,
    annotate,
    create,
  };
});

function newestFirst(runs: RunSummary[]): RunSummary[] {
  return runs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? 1 : -1));
}
