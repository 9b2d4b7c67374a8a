import type { ControlCommand, ProcessPhase, ProcessState, RunSummary } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import type { SpawnedProcess } from './api';

/** A run that has a live process, ours or one that a former engine left behind. */
export interface ActiveRun {
  readonly run: RunDirectory;
  readonly attempt: number;
  /** Null when an earlier engine started it: then only its lock and its files tell. */
  process: SpawnedProcess | null;
  /** Its process is being made. */
  spawning: boolean;
  state: ProcessState | null;
  /** Asked for and not yet obeyed. */
  pending: RunSummary['pending'];
  /** Commands that wait for the attempt to begin: before that nobody reads its control file. */
  unsent: ControlCommand['command'][];
  /** Line of the last command that was sent; a heartbeat with a lower `controlSeen` knows nothing of it. */
  sent: number;
  /** It was paused and has been given a slot again. */
  goesOn: boolean;
  cancelAskedAt: number | null;
  /** Killed by us because it did not obey, or because the user insisted. */
  forced: boolean;
  /** Consecutive looks at which nobody held its lock. */
  unlocked: number;
}

export const makeActiveRun = (run: RunDirectory, attempt: number): ActiveRun => ({
  run,
  attempt,
  process: null,
  spawning: false,
  state: run.state(attempt),
  pending: null,
  unsent: [],
  sent: 0,
  goesOn: false,
  cancelAskedAt: null,
  forced: false,
  unlocked: 0,
});

const finalPhases: readonly ProcessPhase[] = ['done', 'failed', 'cancelled'];
export const isFinal = (state: ProcessState | null): boolean => state !== null && finalPhases.includes(state.phase);

export const nextAttempt = (run: RunDirectory): number => (run.attempts().at(-1) ?? 0) + 1;

/** A paused process sleeps and takes no slot; one that was told to go on does again. */
export const takesSlot = (active: ActiveRun): boolean => active.state?.phase !== 'paused' || active.goesOn;

/** Asks the process for something; sent when its attempt has begun. */
export function ask(active: ActiveRun, command: ControlCommand['command']): void {
  active.unsent.push(command);
  deliver(active);
}

/** Sends what waits, if the attempt has begun. */
export function deliver(active: ActiveRun): void {
  if (active.unsent.length === 0 || !active.run.attempt(active.attempt)) return;
  for (const command of active.unsent.splice(0))
    active.sent = active.run.appendControl(active.attempt, { command, at: new Date().toISOString() });
}

/** Reads the heartbeat; true when anything in it is new. Clears `pending` once the process has obeyed. */
export function readHeartbeat(active: ActiveRun): boolean {
  const state = active.run.state(active.attempt);
  if (!state || state.updatedAt === active.state?.updatedAt) return false;
  active.state = state;
  if (active.unsent.length > 0 || state.controlSeen < active.sent) return true;
  if (active.pending === 'pause' && state.phase === 'paused') active.pending = null;
  if (active.pending === 'resume' && state.phase === 'running') active.pending = null;
  active.goesOn = false;
  return true;
}

/** Ends the process by force. One that is only being made is to be killed again as soon as it is there. */
export function kill(active: ActiveRun): void {
  active.forced = true;
  if (active.spawning) return;
  if (active.process) return active.process.kill('SIGKILL');
  const pid = active.run.attempt(active.attempt)?.pid;
  // The lock tells that the recorded process is still the one that works on this run, so its id was not reused.
  if (pid === undefined || !active.run.isLocked()) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in this moment: its lock tells soon.
  }
}
