import { z } from 'zod';

// Which techniques can be used on a problem, and what of the problem decides it.

const problemTraitsSchema = z.object({
  /** Variables, equality rows, inequality rows without the bounds. */
  n: z.number().int(),
  e: z.number().int(),
  m: z.number().int(),
  /** Inequality rows with a quadratic part. */
  curvedRows: z.number().int(),
  /** Every quadratic part is positive semidefinite. */
  convexRows: z.boolean(),
  /** Variables with a finite bound. */
  boundedVariables: z.number().int(),
  /** Rank of A. */
  equalityRank: z.number().int(),
  /** Rank of all linear rows together: A, the linear parts of the inequality rows, and a unit vector for every bounded variable. */
  rank: z.number().int(),
});
/** What of a problem decides which techniques can be used on it. */
export type ProblemTraits = z.infer<typeof problemTraitsSchema>;

const techniqueFitSchema = z.object({
  kind: z.string(),
  title: z.string(),
  summary: z.string(),
  /** Why it cannot be used, with its default settings, in a sentence; null if it can. */
  refusal: z.string().nullable(),
});

export const applicabilityAskSchema = z.object({
  /** As in an experiment: a name or a path. */
  dataset: z.string().min(1),
  /** A newer question with the same key takes the place of an older one, which is refused with `conflict`. */
  key: z.string().default(''),
});

export const applicabilitySchema = z.object({ traits: problemTraitsSchema, techniques: z.array(techniqueFitSchema) });
export type Applicability = z.infer<typeof applicabilitySchema>;
