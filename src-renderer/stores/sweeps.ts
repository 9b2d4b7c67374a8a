import { defineStore } from 'pinia';
import type { SweepPreview, SweepStarted } from '@shared/sweeps';
import { useConnection } from './connection';
import { useNotices } from './notices';
import { useRuns } from './runs';

/** What is done with sweeps as a whole; their runs are in the list of runs. */
export const useSweeps = defineStore('sweeps', () => {
  const connection = useConnection();
  const notices = useNotices();
  const runs = useRuns();

  const preview = (yaml: string): Promise<SweepPreview> => connection.client().sweeps.preview({ yaml });

  /** Starts what is missing of a sweep; null where it was refused. */
  async function create(yaml: string): Promise<SweepStarted | null> {
    const started = await notices.attempt(() => connection.client().sweeps.create({ yaml }));
    if (started) runs.report(started.refused);
    return started;
  }

  async function pause(id: string): Promise<void> {
    const result = await notices.attempt(() => connection.client().sweeps.pause({ id }));
    if (result) runs.report(result.refused);
  }

  async function resume(id: string): Promise<void> {
    const result = await notices.attempt(() => connection.client().sweeps.resume({ id }));
    if (result) runs.report(result.refused);
  }

  async function cancel(id: string): Promise<void> {
    const result = await notices.attempt(() => connection.client().sweeps.cancel({ id }));
    if (result) runs.report(result.refused);
  }

  return { preview, create, pause, resume, cancel };
});
