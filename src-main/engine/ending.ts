import { problemText, type Problem } from '@shared/errors';
import type { ProcessState } from '@shared/run';
import type { RunDirectory } from '../store/runDirectory';
import { repairRun } from '../store/repair';
import { summariseRun } from '../store/recorded';
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
 * which are cut, and a state that this writes. Returns the problem to show, if any.
 */
export function settle(active: ActiveRun, exit: Exit | null): Problem | null {
  const { run, attempt } = active;
  const state = run.state(attempt);
  if (isFinal(state)) return state?.error ?? null;
  if (run.attempt(attempt) === null) return neverStarted(run, attempt, exit);

  const { cut } = repairRun(run);
  const now = new Date().toISOString();
  const step = run.checkpoints().find((checkpoint) => checkpoint.valid)?.step;
  const problem: Problem = {
    code: 'run-crashed',
    what: cause(exit),
    where: `attempt ${attempt}`,
    fix:
      step === undefined
        ? 'Resume it: it starts again from the beginning.'
        : `Resume it: it goes on from its checkpoint at step ${step}.`,
  };
  run.writeState(attempt, {
    ...(state ?? emptyState()),
    // A crash keeps the phase in which it happened: that the process is gone is what makes it a crash.
    phase: active.forced ? 'cancelled' : (state?.phase ?? 'starting'),
    updatedAt: now,
    endedAt: now,
    summaries: summariseRun(run),
    error: active.forced ? null : problem,
  });
  run.appendLog(active.forced ? 'Stopped by force.' : problemText(problem));
  for (const line of cut) run.appendLog(`Repair: ${line}`);
  return active.forced ? null : problem;
}

/** The process died before it could write anything: what it printed is all there is. */
function neverStarted(run: RunDirectory, attempt: number, exit: Exit | null): Problem {
  const printed = processOutput(run).slice(-4000).trim();
  const problem: Problem = {
    code: 'run-crashed',
    what: `The run process did not start. ${cause(exit)}`,
    where: `attempt ${attempt}`,
    fix: printed ? `It printed: ${printed.slice(-800)}` : 'Run "adjoint doctor" to check this machine.',
  };
  const now = new Date().toISOString();
  run.writeState(attempt, { ...emptyState(), phase: 'failed', updatedAt: now, endedAt: now, error: problem });
  run.appendLog(problemText(problem));
  return problem;
}
