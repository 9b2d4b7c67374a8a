import { z } from 'zod';
import { outerAlgorithms } from './algorithms/registry';
import { differences } from './estimators/differences';
import { estimators } from './estimators/registry';
import { findBilevelFamily, linearFamilies } from './familyForms';
import { defaultMoreauSettings } from './moreau';
import { regressionFamilies } from './regression/families';

// This module describes experiments of kind `bilevel`; docs/methods.md has the formulas of what it names.

const withKind = <Kind extends string, Shape extends z.ZodRawShape>(family: {
  kind: Kind;
  title: string;
  settings: z.ZodObject<Shape, z.core.$strict>;
}) => z.strictObject({ kind: z.literal(family.kind).describe(family.title), ...family.settings.shape });
const [firstFamily, ...otherFamilies] = linearFamilies.map(withKind);
const [ridge, logistic, cleaning] = regressionFamilies;
/** Longer texts belong into a file. */
const longestText = 50_000;
const problemSchema = z
  .discriminatedUnion('kind', [
    firstFamily,
    ...otherFamilies,
    withKind(ridge),
    withKind(logistic),
    withKind(cleaning),
    z.strictObject({
      kind: z.literal('file').describe('A problem file.'),
      path: z
        .string({ error: (issue) => (issue.input === undefined ? 'is missing: name a problem file' : undefined) })
        .min(1)
        .describe(
          'A path, or one relative to the experiment file, the workspace’s folder problems or the built-in cases.',
        ),
    }),
    z.strictObject({
      kind: z.literal('text').describe('The text of a problem file, here.'),
      text: z
        .string({
          error: (issue) => (issue.input === undefined ? 'is missing: the text of a problem file' : undefined),
        })
        .min(1)
        .max(longestText)
        .describe('JSON of one of the formats of problem files.')
        .meta({ lines: true }),
    }),
  ])
  .prefault({ kind: 'coupled' })
  .describe('What is solved.');

/** An experiment has one seed: that of a method is taken from it, so that repeats over seeds draw anew. */
const withoutSeed = (settings: z.ZodObject): z.ZodObject =>
  'seed' in settings.shape ? settings.omit({ seed: true }) : settings;
type Settings = z.ZodObject<{ kind: z.ZodLiteral<string> }, z.core.$loose>;
const [firstAlgorithm, ...otherAlgorithms] = outerAlgorithms.map(({ settings }) => withoutSeed(settings) as Settings);
const [firstEstimator, ...otherEstimators] = estimators.map(({ settings }) => withoutSeed(settings) as Settings);

const everySteps = (what: string) => z.int().min(0).max(1e9).describe(`Steps between ${what}; 0 for none.`);

const measuresSchema = z.strictObject({
  every: z
    .int()
    .min(1)
    .default(1)
    .describe(
      'Steps between recorded rows. A step with one of the measures below and the last iterate have a row in any case.',
    ),
  residualEvery: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Rows at multiples of so many steps have the residual of the lower level, a third of a step; 0 for none.',
    ),
  gradientErrorEvery: everySteps('comparisons with the exact hypergradient, a cold solve each').default(100),
  stationarityEvery: everySteps('measurements of stationarity').default(250),
  goldstein: z
    .strictObject({
      radius: z.number().positive().default(1e-2).describe('δ of the ball around x.').meta({ scale: 'log' }),
      samples: z.int().min(1).max(10_000).default(10).describe('Gradients taken in the ball, that at x included.'),
    })
    .prefault({})
    .describe('The Goldstein measure: how near 0 is the hull of gradients around x.'),
  moreau: z
    .strictObject({
      mu: z
        .number()
        .positive()
        .default(defaultMoreauSettings.mu)
        .describe('μ of F(z) + ‖z − x‖²/(2μ). Too large a one for a concave F gives no value.')
        .meta({ scale: 'log' }),
      cuts: z
        .int()
        .min(0)
        .max(10_000)
        .default(30)
        .describe('Hypergradients a measurement, at most; 0 leaves the measure out.'),
      tolerance: z
        .number()
        .positive()
        .default(1e-8)
        .describe('Ends where the value found is within this of a lower bound.')
        .meta({ scale: 'log' }),
    })
    .prefault({})
    .describe('The Moreau gradient: how far x is from the proximal point of F.'),
});

/** Each setting by itself; the schema below also holds them against one another. */
export const bilevelSettings = z.strictObject({
  kind: z.literal('bilevel').default('bilevel'),
  name: z.string().trim().min(1).max(200).default('Bilevel').describe('What lists call the run.'),
  problem: problemSchema,
  algorithm: z
    .discriminatedUnion('kind', [firstAlgorithm, ...otherAlgorithms])
    .prefault({ kind: 'ssigd' })
    .describe('The outer algorithm.'),
  estimator: z
    .discriminatedUnion('kind', [firstEstimator, ...otherEstimators])
    .prefault({ kind: 'exact' })
    .describe('How the hypergradient is estimated.'),
  useLayer: z
    .boolean()
    .default(true)
    .describe(
      'Differentiate the lower level as a layer. false takes direct differences in place of the estimators exact and conic.',
    ),
  fallBack: differences.settings
    .omit({ kind: true })
    .prefault({})
    .describe(
      'Differences that answer where the estimator refuses: at a kink (exact and conic) and where y* has no derivative. Each is counted and its reason recorded.',
    ),
  start: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('problem').describe('The point that comes with the problem.') }),
      z.strictObject({
        kind: z.literal('point'),
        x: z.array(z.number()).min(1).describe('The start, one number a coordinate of x.'),
      }),
      z.strictObject({
        kind: z.literal('draw').describe('Standard normals from the seed of the run.'),
        scale: z.number().positive().default(1).describe('Standard deviation.').meta({ scale: 'log' }),
      }),
    ])
    .prefault({ kind: 'problem' })
    .describe('Where x begins; a start outside of X is projected.'),
  seconds: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      'Ends after so many seconds in steps of the algorithm, if it has not ended before; measurements do not count. 0 for no limit.',
    )
    .meta({ unit: 's' }),
  onBadIterate: z
    .enum(['stop', 'goOn'])
    .default('stop')
    .describe(
      'Where the lower level has no solution at x, F is no number or x leaves X: stop, or go halfway back to the last good iterate and on.',
    ),
  optimum: z
    .number()
    .nullable()
    .default(null)
    .describe('Least value of F, for the gap; null takes a closed form where the problem has one.'),
  allowVacuous: z
    .boolean()
    .default(false)
    .describe('Run also where the check beforehand says that numbers on hypergradients would mean nothing.'),
  measures: measuresSchema.prefault({}).describe('What is recorded, and how often.'),
  checkpointSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(30)
    .describe('Seconds between checkpoints.')
    .meta({ unit: 's' }),
  keepCheckpoints: z.int().min(1).max(1000).default(3).describe('How many of the newest checkpoints are kept.'),
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe('Of what algorithm, estimator and start draw. The same seed gives the same bits.'),
  tags: z.array(z.string()).default([]).describe('For filtering lists of runs.'),
  notes: z.string().default('').describe('Free text.').meta({ lines: true }),
});

/** What it asks about are hypergradients and how to estimate them, and not only where the optimum is. */
export const isAboutGradients = ({ useLayer, estimator }: z.output<typeof bilevelSettings>): boolean =>
  !useLayer || estimator.kind !== 'exact';

export const bilevelExperimentSchema = bilevelSettings.superRefine((experiment, context) => {
  const { problem, start, allowVacuous } = experiment;
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (problem.kind === 'V2' && isAboutGradients(experiment) && !allowVacuous)
    issue(
      ['problem', 'kind'],
      'the lower level of V2 does not depend on x, so dy*/dx = 0: whichever way hypergradients are estimated, the numbers say nothing about it. Take coupled, V1 or V3, or set allowVacuous: true',
    );
  if (problem.kind === 'V3' && problem.d !== problem.n)
    issue(
      ['problem', 'n'],
      `V3 multiplies c_l and x entry by entry: d = ${problem.d} and n = ${problem.n} must be equal`,
    );
  const d = findBilevelFamily(problem.kind)?.sizes(problem).d;
  if (start.kind === 'point' && d !== undefined && start.x.length !== d)
    issue(['start', 'x'], `has ${start.x.length} numbers; x has ${d} entries`);
});

/** A bilevel experiment with every default filled in. */
export type BilevelExperiment = z.output<typeof bilevelExperimentSchema>;
export type BilevelProblemSettings = BilevelExperiment['problem'];
export type MeasureSettings = BilevelExperiment['measures'];

/** Fills in every default. @throws z.ZodError if the experiment is not valid */
export const resolveBilevel = (experiment: unknown): BilevelExperiment => bilevelExperimentSchema.parse(experiment);
