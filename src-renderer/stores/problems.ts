import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { DatasetInfo } from '@shared/datasets';
import type { TrashedDataset } from '@shared/datasetTrash';
import type { Problem } from '@shared/errors';
import type { FamilyInfo } from '@shared/problems';
import { isFinalState, type RunSummary } from '@shared/run';
import { problemOf } from '../api/connect';
import { useConnection } from './connection';
import { useNotices } from './notices';
import { useRuns } from './runs';

/** Families of problems that can be generated, and the datasets that there are. A generation that ends is followed by a new list. */
export const useProblems = defineStore('problems', () => {
  const connection = useConnection();
  const notices = useNotices();
  const runs = useRuns();

  const families = shallowRef<FamilyInfo[] | null>(null);
  const datasets = shallowRef<DatasetInfo[] | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const loading = ref(false);

  const family = (kind: string | null): FamilyInfo | undefined => families.value?.find((one) => one.kind === kind);
  const dataset = (name: string): DatasetInfo | undefined => datasets.value?.find((one) => one.name === name);

  /** Runs that generate, newest first. */
  const generations = computed(() => runs.list.filter(({ kind }) => kind === 'dataset'));
  /** Runs by the dataset that they were started on. */
  const users = computed(() => {
    const byDataset = new Map<string, RunSummary[]>();
    for (const run of runs.list) {
      if (run.dataset === null || run.kind === 'dataset') continue;
      const list = byDataset.get(run.dataset);
      if (list) list.push(run);
      else byDataset.set(run.dataset, [run]);
    }
    return byDataset;
  });

  async function loadFamilies(): Promise<void> {
    try {
      families.value ??= await connection.client().problems.families();
    } catch (error) {
      problem.value = problemOf(error);
    }
  }

  async function loadDatasets(): Promise<void> {
    loading.value = true;
    try {
      datasets.value = (await connection.client().datasets.list()).sort((a, b) => a.name.localeCompare(b.name));
      problem.value = null;
    } catch (error) {
      problem.value = problemOf(error);
    }
    loading.value = false;
  }

  const load = async (): Promise<void> => {
    await Promise.all([loadFamilies(), loadDatasets()]);
  };

  let watching = false;
  const ended = new Map<string, boolean>();
  /** Call when datasets are looked at: from then on the list follows what is generated, and is read again after a lost connection. */
  function follow(): void {
    if (watching) return;
    watching = true;
    for (const run of generations.value) ended.set(run.id, isFinalState(run.state));
    watch(
      () => connection.epoch,
      () => void load(),
    );
    connection.onEvent((event) => {
      if (event.type !== 'run' || event.run.kind !== 'dataset') return;
      const isEnd = isFinalState(event.run.state);
      const wasEnd = ended.get(event.run.id) ?? false;
      ended.set(event.run.id, isEnd);
      if (isEnd && !wasEnd) void loadDatasets();
    });
  }

  async function importFile(path: string, name?: string): Promise<string | null> {
    const made = await notices.attempt(() => connection.client().datasets.import({ path, ...(name ? { name } : {}) }));
    if (made) await loadDatasets();
    return made?.name ?? null;
  }

  /** @returns why it was refused; null when it was done */
  async function trash(name: string, force: boolean): Promise<Problem | null> {
    try {
      await connection.client().datasets.trash({ name, force });
    } catch (error) {
      return problemOf(error);
    }
    await loadDatasets();
    return null;
  }

  const trashed = shallowRef<TrashedDataset[] | null>(null);
  async function loadTrashed(): Promise<void> {
    const found = await notices.attempt(() => connection.client().datasets.trashed());
    if (found) trashed.value = found;
  }

  /** @returns why it was refused; null when it was done */
  async function restore(file: string, name?: string): Promise<Problem | null> {
    try {
      await connection.client().datasets.restore({ file, ...(name ? { name } : {}) });
    } catch (error) {
      return problemOf(error);
    } finally {
      await loadTrashed();
    }
    await loadDatasets();
    return null;
  }

  async function purge(files: string[]): Promise<void> {
    const answer = await notices.attempt(() => connection.client().datasets.purge({ files }));
    for (const { problem } of answer?.refused ?? []) notices.problem(problem);
    await loadTrashed();
  }

  return {
    families,
    datasets,
    problem,
    loading,
    family,
    dataset,
    generations,
    users,
    load,
    loadFamilies,
    loadDatasets,
    follow,
    importFile,
    trash,
    trashed,
    loadTrashed,
    restore,
    purge,
  };
});
