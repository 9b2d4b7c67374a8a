import { z } from 'zod';
import { sliceSchema, type Slice } from './problems';

// A run epoch by epoch, to be played through: whole series of vectors in one answer, and one instance in a plane.

export const filmAskSchema = z.object({
  id: z.string(),
  clock: z.string(),
  /** Scalars, vectors and histograms of the clock. */
  metrics: z.array(z.string()).min(1).max(64),
  /** Rows that are given at most, evenly picked, the first and the last among them. */
  most: z.number().int().min(2).max(2000).default(400),
  /** The last row at or before this epoch is given as well. */
  at: z.number().optional(),
});
export type FilmAsk = z.input<typeof filmAskSchema>;

/**
 * `arrow`: an Arrow IPC stream in base64, one record batch: `step`, `epoch` and `activeSeconds`, then a column a metric; scalars are float64, vectors and
 * histograms fixed-size lists of it. Null is not measured, NaN no number. `total`: rows that there are in all.
 */
export const filmPartSchema = z.object({ arrow: z.string(), total: z.number().int() });

/** Where a setting that follows a schedule changed. With more changes than can be told apart the list is empty and `many` says so. */
export const changesSchema = z.object({
  changes: z.array(z.object({ step: z.number(), epoch: z.number(), activeSeconds: z.number(), value: z.number() })),
  many: z.boolean(),
});

export const outputPlaneAskSchema = z.object({
  id: z.string(),
  /** Which of the instances whose outputs are recorded. */
  which: z.number().int().nonnegative().default(0),
  /** Directions of an earlier answer's slice, [n] each: the outputs in that plane are asked for, while a run goes on, and not the plane again. */
  directions: z.tuple([z.array(z.number()), z.array(z.number())]).optional(),
  /** Outputs that are given at most. */
  most: z.number().int().min(2).max(2000).default(400),
  /** A newer question with the same key takes the place of an older one. */
  key: z.string().default(''),
});
export type OutputPlaneAsk = z.infer<typeof outputPlaneAskSchema>;

const series = z.array(z.number());

/** The feasible set of one validation instance in the plane in which the network's outputs for it moved most, and these outputs. */
export const outputPlaneSchema = z.object({
  /** Instances whose outputs are recorded, by their number in the dataset, and which of them this is. */
  instances: z.array(z.number().int()),
  which: z.number().int(),
  /** Null where the directions were given: the plane is that of the earlier answer. */
  slice: sliceSchema.nullable(),
  /** Share of the outputs' squared distances from y* that lies in the plane. */
  share: z.number(),
  /** A row an output: its place in the plane, what is left of ŷ − y* across it, and what holds at ŷ itself. */
  path: z.object({
    step: series,
    epoch: series,
    activeSeconds: series,
    s: series,
    t: series,
    /** Within Ay = x but across the plane, and the distance from Ay = x, in the Euclidean norm. */
    across: series,
    fromEqualities: series,
    /** f(ŷ) − f*, and the largest violation of an inequality or bound. */
    objective: series,
    violation: series,
  }),
});
export type OutputPlaneAnswer = z.infer<typeof outputPlaneSchema>;
/** An answer with its plane. */
export type OutputPlane = OutputPlaneAnswer & { slice: Slice };
