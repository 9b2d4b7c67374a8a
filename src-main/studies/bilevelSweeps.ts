import { stringify } from 'yaml';
import { z } from 'zod';
import { bilevelFamilies } from '../bilevel/families';
import type { StudyRun } from './study';
import { vacuousRefusal } from './vacuous';

/** Settings that studies of bilevel runs share: one problem, and SSIGD on it. */
export const bilevelStudySettings = z.strictObject({
  family: z.enum(bilevelFamilies).default('coupled').describe('The family of problems.'),
  d: z.int().min(1).max(5000).default(50).describe('Entries of x, and of y.'),
  problemSeed: z.int().min(0).default(1234).describe('Of the problem’s data; all runs are on this one problem.'),
  radius: z
    .number()
    .nonnegative()
    .default(1e-3)
    .describe('Of the perturbation that SSIGD draws at every step, uniform.')
    .meta({ scale: 'log' }),
  seeds: z.int().min(1).max(100).default(5).describe('Runs of each setting, with seeds counted up from 0.'),
  allowVacuous: z
    .boolean()
    .default(false)
    .describe('Run also on a problem where numbers about hypergradients mean nothing; they are then marked.'),
});
type BilevelStudySettings = z.output<typeof bilevelStudySettings>;

/** Refuses what the preflight calls meaningless, at the setting that chose it. For zod's `superRefine`. */
export function refuseVacuous(
  { family, allowVacuous }: Pick<BilevelStudySettings, 'family' | 'allowVacuous'>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  const message = vacuousRefusal(family, allowVacuous);
  if (message !== null) context.addIssue({ code: 'custom', path: ['family'], message });
}

type Problem = Pick<BilevelStudySettings, 'family' | 'd' | 'problemSeed' | 'allowVacuous'>;

/** An experiment file of bilevel runs on the study's problem. */
export function bilevelSweep(
  name: string,
  { family, d, problemSeed, allowVacuous }: Problem,
  rest: Record<string, unknown>,
  sweep: Record<string, unknown>,
): string {
  return stringify({
    kind: 'bilevel',
    name,
    problem: { kind: family, d, n: d, seed: problemSeed },
    ...rest,
    ...(allowVacuous ? { allowVacuous } : {}),
    tags: ['study'],
    sweep,
  });
}

/** One run of DSIGD from the same start, to its end: what F can come down to. */
export const referenceSweep = (problem: Problem): string =>
  bilevelSweep(
    `Reference on ${problem.family}, d = ${problem.d}`,
    problem,
    {
      algorithm: { kind: 'dsigd', iterations: 2000 },
      measures: { every: 50, gradientErrorEvery: 0, stationarityEvery: 0 },
    },
    { seeds: [0] },
  );

export const isReference = ({ summary: { settings } }: StudyRun): boolean => settings['algorithm.kind'] === 'dsigd';

/** F at the last iterate, with the problem's own perturbation. */
export const finalF = (run: StudyRun): number => run.summary.metrics['bilevel/F']?.last ?? NaN;

/** The least final F of all runs. */
export const bestF = (runs: readonly StudyRun[]): number =>
  Math.min(...runs.map(finalF).filter((value) => Number.isFinite(value)));
