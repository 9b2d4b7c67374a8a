import { liveStates, type RunSummary } from '@shared/run';
import type { SweepPreview } from '@shared/sweeps';

/** Where all runs of a study stand. */
export interface StudyPlan {
  total: number;
  done: number;
  /** At work, and waiting for a slot. */
  live: number;
  queued: number;
  /** Not there yet, or stopped: what starting the study would run. */
  missing: number;
  /** Of the runs at work, from 0 to 1, and of all that is done. */
  share: number;
  /** Estimated for what is missing; null where nothing is known. */
  secondsLeft: number | null;
}

/** @param members the runs of the study's sweeps, other settings of the same sweeps included */
export function planOf(sweeps: readonly SweepPreview[] | null, members: readonly RunSummary[]): StudyPlan | null {
  if (!sweeps || sweeps.some(({ plan }) => plan === null)) return null;
  const plans = sweeps.map(({ plan }) => plan!);
  const sum = (of: (plan: (typeof plans)[number]) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const total = sum((plan) => plan.runs);
  const missing = sum((plan) => plan.created + plan.resumed);
  const running = members.filter(({ state }) => liveStates.includes(state));
  const queued = members.filter(({ state }) => state === 'queued').length;
  const done = Math.max(0, total - missing - running.length - queued);
  const partial = running.reduce((part, { progress }) => part + (progress ? progress.done / progress.total : 0), 0);
  const seconds = plans.map(({ secondsLeft, created, resumed }) => (created + resumed === 0 ? 0 : secondsLeft));
  return {
    total,
    done,
    live: running.length,
    queued,
    missing,
    share: total === 0 ? 0 : Math.min(1, (done + partial) / total),
    secondsLeft: seconds.some((value) => value === null)
      ? null
      : seconds.reduce((all: number, value) => all + value!, 0),
  };
}
