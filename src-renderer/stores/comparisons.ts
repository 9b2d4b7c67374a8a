import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Comparison, ComparisonInfo, ComparisonSpec } from '@shared/comparisons';
import { useConnection } from './connection';
import { useNotices } from './notices';

/** Saved comparisons of the workspace. */
export const useComparisons = defineStore('comparisons', () => {
  const connection = useConnection();
  const notices = useNotices();
  const list = shallowRef<ComparisonInfo[]>([]);

  /** Read again whenever the list is shown: another window may have changed it. */
  async function load(): Promise<void> {
    const found = await notices.attempt(() => connection.client().comparisons.list());
    if (found) list.value = found;
  }

  async function save(name: string, spec: ComparisonSpec, id?: string): Promise<Comparison | null> {
    const saved = await notices.attempt(() =>
      connection.client().comparisons.save({ name, spec, ...(id === undefined ? {} : { id }) }),
    );
    if (saved) await load();
    return saved;
  }

  async function rename(id: string, name: string): Promise<Comparison | null> {
    const renamed = await notices.attempt(() => connection.client().comparisons.rename({ id, name }));
    if (renamed) await load();
    return renamed;
  }

  async function remove(id: string): Promise<boolean> {
    const removed = await notices.attempt(() => connection.client().comparisons.remove({ id }));
    if (removed) await load();
    return removed !== null;
  }

  return { list, load, save, rename, remove };
});
