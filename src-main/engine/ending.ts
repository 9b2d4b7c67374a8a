import { mkdirSync, rmSync } from 'node:fs';
import { problemText, type Problem } from '@shared/errors';
import type { ProcessState } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import { releaseReserve } from '../store/reserve';
import { repairRun } from '../store/repair';
import { summariseRun } from '../store/recorded';
import { RunLog } from '../store/runLog';
import { isFinal, type ActiveRun } from './activeRun';
import { processOutput } from './launch';

export interface Exit {
  code: number | null;
  signal: string | null;
}

const bySignal: Record<string, string> = {
  SIGKILL: 'It was killed (SIGKILL): by someone, or by the system because memory ran out.',
  SIGSEGV: 'It crashed in native code (SIGSEGV).',
  SIGABRT: 'It aborted (SIGABRT), usually because memory ran out.',
};

function cause(exit: Exit | null): string {
  if (!exit) return 'Its process is gone.';
  if (exit.signal) return bySignal[exit.signal] ?? `It was ended by ${exit.signal}.`;
  return `Its process ended with code ${exit.code} without saying how the run went.`;
}

const emptyState = (): ProcessState => ({
  phase: 'starting',
  updatedAt: new Date().toISOString(),
  endedAt: null,
  activeSeconds: 0,
  progress: null,
  acknowledged: {},
  summaries: {},
  lastCheckpoint: null,
  error: null,
  controlSeen: 0,
});

/**
 * Puts a run in order whose process has ended: a process that finished said so itself; one that died leaves torn segments,
 * which are cut, and a state that this writes. Returns the problem to show, if any. What is in order already stays as it is:
 * the command line and an engine may both look after the same run.
 */
export function settle(active: ActiveRun, exit: Exit | null): Problem | null {
  const { run, attempt, forced } = active;
  const state = run.state(attempt);
  if (isFinal(state) || (state && state.endedAt !== null)) return state?.error ?? null;
  const log = new RunLog(run);
  const begun = run.attempt(attempt) !== null;
  if (!begun && forced) {
    // There never was such an attempt: the run is what it was before. A process that is killed in this moment leaves its folder, which by itself
    // would look like an attempt that died.
    rmSync(run.file('attempts', String(attempt)), { recursive: true, force: true });
    log.write('Cancelled before it began.');
    return null;
  }
  releaseReserve(run, attempt);
  if (!begun) mkdirSync(run.file('attempts', String(attempt)), { recursive: true });
  const { cut } = begun ? repairRun(run) : { cut: [] };
  const problem = forced ? null : begun ? crashed(run, attempt, exit) : neverStarted(run, attempt, exit);
  // What earlier attempts reached still stands, where this one did not get as far as to say anything.
  const before = attempt > 1 ? run.state(attempt - 1) : null;
  const reached = state ?? (before ? { ...before, acknowledged: {}, controlSeen: 0 } : emptyState());
  const now = new Date().toISOString();
  run.writeState(attempt, {
    ...reached,
    // A crash keeps the phase in which it happened: that the process is gone is what makes it a crash.
    phase: forced ? 'cancelled' : (state?.phase ?? 'starting'),
    updatedAt: now,
    endedAt: now,
    summaries: begun ? summariseRun(run) : reached.summaries,
    error: problem,
  });
  log.write(problem ? problemText(problem) : 'Stopped by force.');
  for (const line of cut) log.write(`Repair: ${line}`);
  return problem;
}

function crashed(run: RunDirectory, attempt: number, exit: Exit | null): Problem {
  const step = run.checkpoints().find((checkpoint) => checkpoint.valid)?.step;
  return {
    code: 'run-crashed',
    what: cause(exit),
    where: `attempt ${attempt}`,
    fix:
      step === undefined
        ? 'Resume it: it starts again from the beginning.'
        : `Resume it: it goes on from its checkpoint at step ${step}.`,
  };
}

/** The process died before it could write anything: what it printed is all there is. */
function neverStarted(run: RunDirectory, attempt: number, exit: Exit | null): Problem {
  const printed = processOutput(run).slice(-4000).trim();
  return {
    code: 'run-crashed',
    what: `The run process did not start. ${cause(exit)}`,
    where: `attempt ${attempt}`,
    fix: printed ? `It printed: ${printed.slice(-800)}` : 'Resume it, or run "adjoint doctor" to check this machine.',
  };
}
