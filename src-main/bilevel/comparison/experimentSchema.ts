import { z } from 'zod';

// This module describes experiments of kind `hypergradients`; docs/methods.md has what is measured.

/** Families with bounds on y only, which every contestant can take. */
export const comparedFamilies = ['coupled', 'V2', 'V3'] as const;

const settings = z.strictObject({
  kind: z.literal('hypergradients').default('hypergradients'),
  name: z.string().trim().min(1).max(200).default('Hypergradients').describe('What lists call the run.'),
  problem: z
    .strictObject({
      kind: z.enum(comparedFamilies).default('coupled').describe('The family of problems.'),
      d: z.int().min(1).max(5000).default(10).describe('Entries of x, and of y.'),
    })
    .prefault({})
    .describe('On what it is measured; its data are drawn from the seed of the run.'),
  points: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('Points x, drawn from N(0, I), at which hypergradients are taken.'),
  kinks: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe('Points at a kink of F, found by bisection between two active sets.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Of the general solver, absolute and relative.')
    .meta({ scale: 'log' }),
  threshold: z
    .number()
    .positive()
    .default(1e-6)
    .describe('How near a bound counts as active where the general solver’s answer is differentiated.')
    .meta({ scale: 'log' }),
  differenceStep: z.number().positive().default(1e-4).describe('Step of the differences.').meta({ scale: 'log' }),
  deltas: z
    .array(z.number().positive())
    .min(1)
    .default([1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
    .describe('Lengths δ of the moves of x by which stability is measured.'),
  directions: z.int().min(1).max(100).default(1).describe('Random directions of those moves.'),
  restarts: z.int().min(2).max(100).default(5).describe('Solver starts by which consistency is measured.'),
  ssigdSteps: z.int().min(1).max(100_000).default(100).describe('Steps of the timed runs of SSIGD.'),
  beta: z.number().positive().default(1e-2).describe('Their constant step.').meta({ scale: 'log' }),
  radius: z.number().nonnegative().default(1e-2).describe('Of their perturbation, uniform.').meta({ scale: 'log' }),
  budgetSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(1)
    .describe(
      'What the baseline may take for one hypergradient. Beyond it only some coordinates, drawn at random, are differenced, and the time of all is extrapolated.',
    )
    .meta({ unit: 's' }),
  allowVacuous: z
    .boolean()
    .default(false)
    .describe('Measure also where y* does not depend on x, so that there is nothing to compare.'),
  checkpointSeconds: z.number().positive().max(86_400).default(5).describe('Seconds between checkpoints.').meta({
    unit: 's',
  }),
  seed: z.int().min(0).default(0).describe('Of the problem and of everything that is drawn.'),
  tags: z.array(z.string()).default([]).describe('For filtering lists of runs.'),
  notes: z.string().default('').describe('Free text.').meta({ lines: true }),
});

export const hypergradientsSchema = settings.superRefine(({ problem, allowVacuous }, context) => {
  if (problem.kind === 'V2' && !allowVacuous)
    context.addIssue({
      code: 'custom',
      path: ['problem', 'kind'],
      message:
        'the lower level of V2 does not depend on x, so dy*/dx = 0 and the hypergradient is the partial derivative of f in x: there is nothing to compare. Take coupled or V3, or set allowVacuous: true',
    });
});

/** An experiment of kind `hypergradients` with every default filled in. */
export type HypergradientsExperiment = z.output<typeof hypergradientsSchema>;
