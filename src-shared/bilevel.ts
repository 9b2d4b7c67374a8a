import { z } from 'zod';
import { findingSchema, problemSchema } from './errors';
import { bilevelSourceSchema } from './landscape';

// A bilevel problem before anything is run on it: what the Problems view asks and shows.

export const bilevelPreviewAskSchema = z.object({
  source: bilevelSourceSchema,
  /** A newer question with the same key takes the place of an older one. */
  key: z.string().default(''),
});
export type BilevelPreviewAsk = z.infer<typeof bilevelPreviewAskSchema>;

/** A problem that comes with Adjoint. */
export const bilevelCaseSchema = z.object({
  name: z.string(),
  about: z.string(),
  dims: z.object({ d: z.number().int(), n: z.number().int(), m: z.number().int() }),
  /** The least value of F, where the case says it. */
  optimum: z.number().nullable(),
});
export type BilevelCase = z.infer<typeof bilevelCaseSchema>;

const numbers = z.array(z.number());

/** The lower level at the point to start from. */
export const lowerViewSchema = z.object({
  /** How it is solved. */
  method: z.string(),
  /** F and ‖∇F‖ there; null where the exact formula has no gradient. */
  F: z.number(),
  gradientNorm: z.number().nullable(),
  y: numbers,
  /** Bounds, [n] each; null where there is none. */
  lower: z.array(z.number().nullable()),
  upper: z.array(z.number().nullable()),
  /** Per variable: at its lower bound −1, at its upper one 1, free 0. */
  side: z.array(z.number().int()),
  /** Active rows A y + B x ≤ b, and those rows and bounds (`y₀ at its lower bound`) that are active with multiplier 0. */
  activeRows: z.array(z.number().int()),
  weak: z.array(z.string()),
  smallestActiveMultiplier: z.number().nullable(),
  smallestInactiveSlack: z.number().nullable(),
  condition: z.number().nullable(),
});
export type LowerView = z.infer<typeof lowerViewSchema>;

export const bilevelPreviewSchema = z.object({
  /** What is wrong with the settings, by path; with any of them nothing is shown. */
  findings: z.array(findingSchema),
  name: z.string(),
  about: z.string(),
  /** Entries of x and y, rows of the lower level; null where there is no problem to speak of. */
  dims: z.object({ d: z.number().int(), n: z.number().int(), m: z.number().int() }).nullable(),
  /** The point to start from, [d]. */
  start: numbers,
  /** Is X all of ℝᵈ? */
  unboundedX: z.boolean(),
  /** What would make results on this problem meaningless, or less than they seem. */
  checks: z.array(z.object({ code: z.string(), severity: z.enum(['meaningless', 'caution']), message: z.string() })),
  lower: lowerViewSchema.nullable(),
  /** Why there is no lower level to show at the start. */
  problem: problemSchema.nullable(),
  /** Eigenvalues of the lower level's Hessian at the start, descending; empty where too large. */
  spectrum: numbers,
  /** The known least value of F, where the problem has one. */
  optimum: z.number().nullable(),
  notes: z.array(z.string()),
  /** Text of a problem file, for an editor; null where the problem comes from elsewhere. */
  text: z.string().nullable(),
});
export type BilevelPreview = z.infer<typeof bilevelPreviewSchema>;
