import { z } from 'zod';

// What a training run measures of itself beside its loss: settings only, nothing here computes.

const every = (what: string) =>
  z.int().min(0).max(10_000_000).default(0).describe(`Epochs between ${what}, the last epoch included; 0 for never.`);
const instances = (help: string) => z.int().min(1).max(4096).default(64).describe(help);

const hessianSchema = z.strictObject({
  every: every('looks at the ends of the Hessian’s spectrum'),
  count: z.int().min(1).max(50).default(3).describe('Eigenvalues at each end.'),
  iterations: z
    .int()
    .min(2)
    .max(500)
    .default(30)
    .describe('Steps of Lanczos’ iteration, at most; each takes two gradients.'),
  instances: instances('Training instances that the loss is taken over.'),
});

const rankSchema = z.strictObject({
  every: every('effective ranks of features and gradients'),
  instances: instances('Training instances; one gradient each.'),
});

const landscapeSchema = z.strictObject({
  every: every('loss landscapes'),
  points: z
    .int()
    .min(3)
    .max(101)
    .refine((value) => value % 2 === 1, 'must be odd, so that the middle is the weights themselves')
    .default(15)
    .describe('Grid points along each direction, odd; one forward pass for each of their square.'),
  radius: z.number().positive().max(100).default(1).describe('Of the coordinates, in norms of the filters.'),
  instances: instances('Training instances that the loss is taken over.'),
});

const gradientErrorSchema = z.strictObject({
  every: every('comparisons of the gradient with differences of the loss'),
  directions: z
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe('Random directions across the gradient; each takes two forward passes.'),
  instances: instances('Training instances that the loss is taken over.'),
});

const probeSchema = z.strictObject({
  instances: z
    .int()
    .min(0)
    .max(64)
    .default(4)
    .describe('Validation instances, from the first on, whose outputs are recorded at every validation; 0 for none.'),
});

export const diagnosticsSchema = z.strictObject({
  hessian: hessianSchema.prefault({}).describe('Curvature: the ends of the spectrum of the loss’s Hessian.'),
  rank: rankSchema.prefault({}).describe('Effective rank of features and of the gradients of single instances.'),
  landscape: landscapeSchema.prefault({}).describe('The loss over a plane through the weights.'),
  gradientError: gradientErrorSchema
    .prefault({})
    .describe('Whether the gradient that training uses is that of the loss: shows what a backward mode leaves out.'),
  probe: probeSchema.prefault({}).describe('Outputs of a few instances, to be followed over training.'),
});

export type DiagnosticsSettings = z.output<typeof diagnosticsSchema>;

/** The diagnostics that have an interval. */
export const intervalDiagnostics = ['hessian', 'rank', 'landscape', 'gradientError'] as const;
export type IntervalDiagnostic = (typeof intervalDiagnostics)[number];

/** Validation instances, from the first on, whose outputs are recorded, of a set of so many. */
export const followedInstances = ({ probe }: DiagnosticsSettings, count: number): number =>
  Math.min(probe.instances, count);
