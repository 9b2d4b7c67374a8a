import { z } from 'zod';
import { findingSchema, problemSchema } from './errors';

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
