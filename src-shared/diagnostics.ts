import { z } from 'zod';
import { figureSchema } from './figures/spec';

// What there is to be seen around a checkpoint: what is asked of the engine and what it answers.

export const diagnosticKinds = ['hessian', 'rank', 'landscape', 'gradient', 'violations'] as const;
export type DiagnosticKind = (typeof diagnosticKinds)[number];

export const diagnosisAskSchema = z.object({
  run: z.string().min(1),
  /** The newest checkpoint when left out. */
  step: z.int().min(0).optional(),
  what: z
    .array(z.enum(diagnosticKinds))
    .min(1)
    .default([...diagnosticKinds]),
  /** Training instances that the loss is taken over, and what chooses them and the directions. */
  instances: z.int().min(1).max(4096).default(128),
  seed: z.int().min(0).default(0),
  /** Eigenvalues at each end, and steps of Lanczos' iteration at most. */
  count: z.int().min(1).max(50).default(5),
  iterations: z.int().min(2).max(500).default(60),
  /** Grid points along each direction, and the radius in norms of the filters. */
  points: z.int().min(3).max(101).default(21),
  radius: z.number().positive().max(100).default(1),
  /** Random directions across the gradient, along which it is compared with differences of the loss. */
  directions: z.int().min(1).max(1000).default(16),
  /** A newer question with the same key takes the place of an older one. */
  key: z.string().default(''),
});
export type DiagnosisAsk = z.infer<typeof diagnosisAskSchema>;

const ritzSchema = z.object({ value: z.number(), residual: z.number() });
const rankSchema = z.object({
  rank: z.number().nullable(),
  most: z.number().int(),
  singularValues: z.array(z.number()),
});
const figureEntrySchema = z.object({ name: z.string(), caption: z.string(), figure: figureSchema });

export const diagnosisSchema = z.object({
  run: z.string(),
  step: z.number().int(),
  epoch: z.number(),
  weights: z.number().int(),
  instances: z.number().int(),
  /** What is being computed; null when all is. */
  progress: z.object({ what: z.enum(diagnosticKinds), done: z.number().int(), of: z.number().int() }).nullable(),
  /** Passes through the network so far: what this has cost. */
  cost: z.object({ forward: z.number().int(), gradients: z.number().int(), seconds: z.number() }),
  hessian: z
    .object({
      /** From the end inwards, each with the residual of its Ritz pair. */
      largest: z.array(ritzSchema),
      smallest: z.array(ritzSchema),
      products: z.number().int(),
      asymmetry: z.number(),
    })
    .nullable(),
  /** Of the features that the last layer starts from, and of the gradients of single instances. */
  rank: z.object({ features: rankSchema, gradients: rankSchema }).nullable(),
  /** The gradient that training uses against central differences of the loss; null entries where one of them vanishes. */
  gradient: z
    .object({
      cosine: z.number().nullable(),
      relativeError: z.number().nullable(),
      norm: z.number().nullable(),
      slopeRatio: z.number().nullable(),
      directions: z.number().int(),
    })
    .nullable(),
  /** Over the validation set, one entry a row, equalities first: the largest violation (null where it is no number), and the share of instances above 1e-4. */
  violations: z
    .object({
      equalities: z.number().int(),
      instances: z.number().int(),
      largest: z.array(z.number().nullable()),
      violatedShare: z.array(z.number()),
    })
    .nullable(),
  figures: z.array(figureEntrySchema),
});
export type Diagnosis = z.infer<typeof diagnosisSchema>;
