import { z } from 'zod';
import { findingSchema, problemSchema } from './errors';
import { resumableStates, type RunState, type RunSummary } from './run';

const setting = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A swept setting and the different values that it takes. */
export const sweepAxisSchema = z.object({ path: z.string(), values: z.array(setting) });
export type SweepAxis = z.infer<typeof sweepAxisSchema>;

/** `experiments/<id>.json`: what a sweep was asked to be. What became of its runs, their directories say. */
export const sweepRecordSchema = z.object({
  format: z.literal('adjoint-sweep/1'),
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** The experiment file with its `sweep:` block. */
  source: z.string(),
  /** Folder that relative dataset paths start from. */
  baseDirectory: z.string().nullable(),
  axes: z.array(sweepAxisSchema),
  repeats: z.number().int().positive(),
  /** Every run of the sweep, in order; `run` is null until its directory is made. */
  runs: z.array(
    z.object({
      run: z.string().nullable(),
      point: z.record(z.string(), setting),
      repeat: z.number().int().nonnegative(),
      seed: z.number().int(),
    }),
  ),
});
export type SweepRecord = z.infer<typeof sweepRecordSchema>;

/** What starting a sweep would do. */
export const sweepPreviewSchema = z.object({
  findings: z.array(findingSchema),
  /** Null where there are findings. */
  plan: z
    .object({
      id: z.string(),
      name: z.string(),
      axes: z.array(sweepAxisSchema),
      points: z.number().int(),
      repeats: z.number().int(),
      runs: z.number().int(),
      /** Runs of this sweep that are done, going on or waiting already. */
      kept: z.number().int(),
      /** Stopped runs that would go on from their last checkpoint. */
      resumed: z.number().int(),
      /** Runs that would be made. */
      created: z.number().int(),
      /** For what is still to be run, from the speed of finished runs on the same dataset; null where there are none. */
      secondsLeft: z.number().nullable(),
    })
    .nullable(),
});
export type SweepPreview = z.infer<typeof sweepPreviewSchema>;

export const sweepStartedSchema = z.object({
  id: z.string(),
  created: z.array(z.string()),
  resumed: z.array(z.string()),
  kept: z.array(z.string()),
  /** Stopped runs that could not go on. */
  refused: z.array(z.object({ id: z.string(), problem: problemSchema })),
});
export type SweepStarted = z.infer<typeof sweepStartedSchema>;

/** How far a sweep is, from its runs. */
export interface SweepProgress {
  /** Runs that the sweep has, made or not. */
  total: number;
  counts: Partial<Record<RunState, number>>;
  /** Share of the work that is done, 0 to 1. */
  share: number;
  /** Until the last run that waits or runs has ended; null where nothing tells. */
  secondsLeft: number | null;
}

type Member = Pick<RunSummary, 'state' | 'pending' | 'progress' | 'activeSeconds'>;

/**
 * Time left is what the running runs say is left of them, and for each waiting one the mean length of those that tell, over as
 * many runs as go on now.
 */
export function sweepProgress(members: readonly Member[], total: number): SweepProgress {
  const counts: SweepProgress['counts'] = {};
  let done = 0;
  const lengths: number[] = [];
  let left = 0;
  let going = 0;
  let waiting = 0;
  for (const { state, pending, progress, activeSeconds } of members) {
    counts[state] = (counts[state] ?? 0) + 1;
    done += state === 'done' ? 1 : progress && progress.total > 0 ? progress.done / progress.total : 0;
    if (state === 'done') lengths.push(activeSeconds);
    if (state === 'queued' && pending === null) waiting++;
    if (state !== 'running' && state !== 'starting') continue;
    going++;
    if (progress?.secondsLeft === null || progress?.secondsLeft === undefined) waiting++;
    else {
      left += progress.secondsLeft;
      lengths.push(activeSeconds + progress.secondsLeft);
    }
  }
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const isOver = going === 0 && waiting === 0;
  const secondsLeft =
    isOver || going === 0 || (waiting > 0 && lengths.length === 0)
      ? null
      : (left + (waiting > 0 ? waiting * mean : 0)) / going;
  return {
    total: Math.max(total, members.length),
    counts,
    share: total > 0 ? Math.min(1, done / Math.max(total, members.length)) : 0,
    secondsLeft,
  };
}

/** `5/9 done · 2 running · 1 failed`, in the order of what matters. */
export function sweepStateText({ counts, total }: SweepProgress): string {
  const words: RunState[] = ['running', 'starting', 'paused', 'queued', ...resumableStates];
  const rest = words.flatMap((state) => (counts[state] ? [`${counts[state]} ${state}`] : []));
  return [`${counts.done ?? 0}/${total} done`, ...rest].join(' · ');
}
