import type { ProcessPhase, ProcessState, RunSummary } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { SpawnedProcess } from './api';

/** A run that has a live process, ours or one that a former engine left behind. */
export interface ActiveRun {
  readonly run: RunDirectory;
  readonly attempt: number;
  /** Null when an earlier engine started it: then only its lock and its files tell. */
  readonly process: SpawnedProcess | null;
  state: ProcessState | null;
  /** Asked for and not yet obeyed. */
  pending: RunSummary['pending'];
  cancelAskedAt: number | null;
  /** Killed by us because it did not obey, or because the user insisted. */
  forced: boolean;
  /** Consecutive looks at which nobody held its lock. */
  unlocked: number;
}

export const makeActiveRun = (run: RunDirectory, attempt: number, process: SpawnedProcess | null): ActiveRun => ({
  run,
  attempt,
  process,
  state: run.state(attempt),
  pending: null,
  cancelAskedAt: null,
  forced: false,
  unlocked: 0,
});

const finalPhases: readonly ProcessPhase[] = ['done', 'failed', 'cancelled'];
export const isFinal = (state: ProcessState | null): boolean => state !== null && finalPhases.includes(state.phase);

/** A paused process sleeps and takes no slot; one that was told to go on does again. */
export const takesSlot = (active: ActiveRun): boolean => active.state?.phase !== 'paused';

/** Reads the heartbeat; true when anything in it is new. Clears `pending` once the process has obeyed. */
export function readHeartbeat(active: ActiveRun): boolean {
  const state = active.run.state(active.attempt);
  if (!state || state.updatedAt === active.state?.updatedAt) return false;
  active.state = state;
  if (active.pending === 'pause' && state.phase === 'paused') active.pending = null;
  if (active.pending === 'resume' && state.phase === 'running') active.pending = null;
  return true;
}

/** The process id to signal: our child's, or what the attempt recorded. */
export function processId(active: ActiveRun): number | null {
  return active.process?.pid ?? active.run.attempt(active.attempt)?.pid ?? null;
}
