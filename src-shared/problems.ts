import { z } from 'zod';
import { applicabilitySchema } from './applicability';
import { findingSchema } from './errors';

// Families of problems, and what is shown of one before and after it is generated.

export const familySchema = z.object({
  kind: z.string(),
  title: z.string(),
  /** What it is, in words. */
  summary: z.string(),
  /** KaTeX source of the problem. */
  formula: z.string(),
  reference: z.string(),
  /** JSON Schema of its settings, with defaults and descriptions. */
  settings: z.record(z.string(), z.unknown()),
  /** Named choices of settings; what one leaves out is as before. */
  presets: z.array(z.object({ name: z.string(), title: z.string(), settings: z.record(z.string(), z.number()) })),
});
export type FamilyInfo = z.infer<typeof familySchema>;

/** One instance at its optimum. Rows in order, of inequality i its slack −c_i(y*) and its multiplier λ_i. */
export const instanceViewSchema = z.object({
  instance: z.number().int(),
  status: z.string(),
  objective: z.number(),
  /** Largest violation of any row or bound, and relative gap, of the optimum shown. */
  violation: z.number(),
  gap: z.number(),
  iterations: z.number().int(),
  milliseconds: z.number(),
  /** [m] each. */
  slacks: z.array(z.number()),
  multipliers: z.array(z.number()),
  /** Numbers of the rows with slack ≤ 1e-8, and of the variables at a bound. */
  activeRows: z.array(z.number().int()),
  atLower: z.array(z.number().int()),
  atUpper: z.array(z.number().int()),
  largestMultiplier: z.number(),
  smallestActiveMultiplier: z.number().nullable(),
  smallestInactiveSlack: z.number().nullable(),
  /** Where a dataset has a label of its own: its objective minus this one's over max(1, |f*|), its violation, ‖y − y*‖. */
  label: z.object({ gap: z.number(), violation: z.number(), distance: z.number() }).nullable(),
});
export type InstanceView = z.infer<typeof instanceViewSchema>;

/**
 * A row's function in the plane y = y* + s·u + t·v: value ≤ 0 is feasible, 0 is its boundary.
 * value = c₀ + c₁s + c₂t + c₃s² + c₄st + c₅t², exact.
 */
const planeRowSchema = z.object({
  kind: z.enum(['inequality', 'lower', 'upper']),
  /** Row i, or variable j for a bound. */
  index: z.number().int(),
  /** Active at the optimum. */
  active: z.boolean(),
  coefficients: z.array(z.number()).length(6),
});

export const planes = ['interior', 'gradients', 'random'] as const;

/** The feasible set of one instance in a plane through its optimum, which lies at s = t = 0. */
export const sliceSchema = z.object({
  instance: z.number().int(),
  plane: z.enum(planes),
  /** What the two axes are, in words. */
  axes: z.tuple([z.string(), z.string()]),
  /** Orthonormal directions u and v in the null space of A, [n] each. */
  directions: z.tuple([z.array(z.number()), z.array(z.number())]),
  /** Points a side of the grid, and what it spans. Grid value [i·size + j] is at t_i, s_j. */
  size: z.number().int(),
  s: z.tuple([z.number(), z.number()]),
  t: z.tuple([z.number(), z.number()]),
  /** f − f*. */
  objective: z.array(z.number()),
  /** The largest row value, negative inside: its contour at 0 bounds the feasible set. */
  violation: z.array(z.number()),
  /** Position in `rows` of the row that has that value; −1 where it is a row that is not listed. */
  binding: z.array(z.number().int()),
  /** f − f* in the plane, as the rows have it. */
  objectiveCoefficients: z.array(z.number()).length(6),
  /** The rows whose boundary bounds the feasible set in the window or crosses it. */
  rows: z.array(planeRowSchema),
  /** A⁺x − y* in the plane's coordinates, where the plane holds it. */
  leastNorm: z.tuple([z.number(), z.number()]).nullable(),
});
export type Slice = z.infer<typeof sliceSchema>;

/** What can be seen of a family at some of its instances. */
export const problemViewSchema = z.object({
  dims: z.object({ n: z.number(), m: z.number(), e: z.number(), N: z.number() }),
  quadraticRows: z.boolean(),
  bounds: z.boolean(),
  /** Eigenvalues of Q, descending. */
  spectrum: z.array(z.number()),
  instances: z.array(instanceViewSchema),
  /** Null where there is none; `notes` then says why. */
  slice: sliceSchema.nullable(),
  /** What was reduced or left out, in sentences. */
  notes: z.array(z.string()),
});
export type ProblemView = z.infer<typeof problemViewSchema>;

const viewChoices = {
  /** The instance whose slice is shown. */
  sliceOf: z.number().int().nonnegative().optional(),
  plane: z.enum(planes).default('interior'),
  /** Points a side of the slice's grid. */
  gridSize: z.number().int().min(2).max(201).default(121),
  /** A newer preview with the same key takes the place of an older one, which is refused with `conflict`. */
  key: z.string().default(''),
};

export const previewFamilySchema = z.object({
  family: z.string(),
  settings: z.record(z.string(), z.unknown()),
  /** How many sample instances are solved. */
  instances: z.number().int().min(1).max(8).default(4),
  ...viewChoices,
});
export type PreviewFamily = z.infer<typeof previewFamilySchema>;

export const previewDatasetSchema = z.object({
  name: z.string(),
  instances: z.array(z.number().int().nonnegative()).min(1).max(8).default([0]),
  ...viewChoices,
});
export type PreviewDataset = z.infer<typeof previewDatasetSchema>;

export const familyPreviewSchema = z.object({
  /** What is wrong with the settings, by path; with any of them nothing is drawn. */
  findings: z.array(findingSchema),
  /** Settings with every default filled in; null if they are not valid. */
  settings: z.record(z.string(), z.unknown()).nullable(),
  /** Bytes of the .npz file, and the most memory that making it takes, of what there is. */
  bytes: z.number(),
  memory: z.number(),
  memoryAvailable: z.number(),
  /** Estimated seconds to generate and label everything on `threads` threads. */
  seconds: z.number().nullable(),
  threads: z.number().int(),
  view: problemViewSchema.nullable(),
  /** Which techniques can be used on it; null where nothing was drawn, or it is too large to say so at once. */
  fits: applicabilitySchema.nullable(),
  /** What was reduced, or why nothing is shown, in sentences. */
  notes: z.array(z.string()),
});
export type FamilyPreview = z.infer<typeof familyPreviewSchema>;
