import { z } from 'zod';

// The gradient of a least-squares layer against the exact one, for every backward mode: what is asked of the engine and what it answers.

/** Where the network's outputs come from: a checkpoint of a run, or a network that has not been trained. */
export const auditSourceSchema = z.discriminatedUnion('kind', [
  /** The newest checkpoint unless `step` names another. */
  z.object({ kind: z.literal('run'), id: z.string().min(1), step: z.int().min(0).optional() }),
  z.object({
    kind: z.literal('dataset'),
    dataset: z.string().min(1),
    seed: z.int().min(0).default(0),
    hidden: z.array(z.int().min(1).max(4096)).max(8).default([200, 200]),
  }),
]);
export type AuditSource = z.infer<typeof auditSourceSchema>;

export const auditSplits = ['valid', 'test', 'train'] as const;

const common = {
  source: auditSourceSchema,
  split: z.enum(auditSplits).default('valid'),
  /** Damping of the first iteration, and whether it is adapted. A run's own settings where left out. */
  damping: z.number().min(0).optional(),
  adaptive: z.boolean().optional(),
  /** A newer question with the same key takes the place of an older one. */
  key: z.string().default(''),
};

export const layerAuditAskSchema = z.object({
  ...common,
  /** Instances of the probe batch, the first ones of the split. */
  instances: z.int().min(1).max(256).default(8),
  iterations: z.array(z.int().min(1).max(500)).min(1).max(12).default([1, 2, 3, 5, 10, 20]),
  anchorWeights: z.array(z.number().min(0)).min(1).max(12).default([0.01, 0.1, 1]),
  /** Iterations that `truncated` differentiates, and ε of DLM. */
  last: z.int().min(1).max(500).default(5),
  epsilon: z.number().positive().max(1).default(1e-2),
});
export type LayerAuditAsk = z.infer<typeof layerAuditAskSchema>;

export const layerModes = ['anchored', 'project'] as const;
export const backwardNames = ['unroll', 'truncated', 'implicit', 'implicitNewton', 'dlm'] as const;
export type BackwardName = (typeof backwardNames)[number];

const optional = z.number().nullable();

/** One way to differentiate, at one number of iterations and one anchor weight. */
export const auditCellSchema = z.object({
  mode: z.enum(layerModes),
  backward: z.enum(backwardNames),
  iterations: z.number().int(),
  anchorWeight: z.number(),
  /** Why there is no gradient; the numbers are then null. */
  refused: z.string().nullable(),
  /** Against the exact gradient; null where one of the two vanishes. */
  cosine: optional,
  relativeError: optional,
  normRatio: optional,
  /** Against central differences of the layer as it is, with its own number of iterations. */
  differences: optional,
  /** Of forward and backward pass for the batch, and what is held between them. */
  seconds: optional,
  bytes: optional,
  /** Largest violation of a row over the batch. */
  violation: optional,
  /** Of DLM: distance to convergence over its own step; above .1 not to be trusted. */
  unconverged: optional,
  /** Instances whose solve or derivative failed. */
  dropped: z.number().int(),
});
export type AuditCell = z.infer<typeof auditCellSchema>;

/** The exact gradient of a mode at an anchor weight, checked against central differences of the exact layer. */
export const auditReferenceSchema = z.object({
  mode: z.enum(layerModes),
  anchorWeight: z.number(),
  /** Relative error of its directional derivatives; null where they vanish. */
  differences: optional,
  iterations: z.number(),
  norm: z.number(),
});

export const layerAuditSchema = z.object({
  name: z.string(),
  about: z.string(),
  dims: z.object({ n: z.number().int(), e: z.number().int(), rows: z.number().int() }),
  /** Numbers of the instances in the dataset. */
  instances: z.array(z.number().int()),
  /** The settings of the run, where there is one: its own cell. */
  own: z
    .object({
      mode: z.enum(layerModes),
      backward: z.enum(backwardNames),
      iterations: z.number().int(),
      anchorWeight: z.number(),
    })
    .nullable(),
  damping: z.number(),
  adaptive: z.boolean(),
  done: z.number().int(),
  total: z.number().int(),
  cells: z.array(auditCellSchema),
  references: z.array(auditReferenceSchema),
  warnings: z.array(z.string()),
});
export type LayerAudit = z.infer<typeof layerAuditSchema>;

export const layerPathAskSchema = z.object({
  ...common,
  /** Which of the split. */
  instance: z.int().min(0).default(0),
  mode: z.enum(layerModes).default('project'),
  iterations: z.int().min(1).max(500).default(10),
  anchorWeight: z.number().min(0).default(0.1),
});
export type LayerPathAsk = z.infer<typeof layerPathAskSchema>;

export const layerIterateSchema = z.object({
  phase: z.enum(['inner', 'restoration']),
  s: z.number(),
  t: z.number(),
  /** From the plane. */
  distance: z.number(),
  /** ½‖r‖², ‖Jᵀr‖∞, largest violation of a row, rows of c that are violated. */
  objective: z.number(),
  gradient: z.number(),
  violation: z.number(),
  active: z.number().int(),
  damping: z.number().nullable(),
});

export const layerPathSchema = z.object({
  /** Number in the dataset. */
  instance: z.number().int(),
  status: z.string(),
  iterates: z.array(layerIterateSchema),
  /** The plane through the last iterate that contains the first. */
  s: z.tuple([z.number(), z.number()]),
  t: z.tuple([z.number(), z.number()]),
  size: z.number().int(),
  /** log₁₀ of ½‖r‖² at [k·size + i], at t_k and s_i. */
  objective: z.array(z.number()),
  /** Pieces [s, t, s, t] of the boundary of c ≤ 0. */
  boundary: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
});
export type LayerPath = z.infer<typeof layerPathSchema>;
