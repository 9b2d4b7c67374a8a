import { z } from 'zod';
import { figureSchema, provenanceSchema } from './figures/spec';
import { sweepPreviewSchema, sweepStartedSchema } from './sweeps';

/** A number with the interval that seeds give it; low and high are null where one seed says nothing about the spread. */
export const estimateSchema = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });
export type Estimate = z.infer<typeof estimateSchema>;

const cellSchema = z.union([z.string(), z.number(), z.null(), estimateSchema]);
export type StudyCell = z.infer<typeof cellSchema>;

export const studyTableSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** What the numbers are and how they came about. */
  caption: z.string(),
  columns: z.array(z.object({ key: z.string(), title: z.string() })),
  rows: z.array(z.record(z.string(), cellSchema)),
});
export type StudyTable = z.infer<typeof studyTableSchema>;

/** One thing that the study found, in plain words, and the statistics that it rests on. */
export const claimSchema = z.object({ text: z.string(), basis: z.string() });
export type Claim = z.infer<typeof claimSchema>;

export const studyFigureSchema = z.object({ name: z.string(), caption: z.string(), figure: figureSchema });

export const studyResultSchema = z.object({
  study: z.string(),
  settings: z.record(z.string(), z.unknown()),
  createdAt: z.string(),
  /** Finished runs that it rests on, and how many of the plan are not finished. */
  runs: z.array(z.string()),
  missing: z.number().int(),
  reading: z.array(claimSchema),
  /** What keeps the numbers from meaning what they seem to mean: one seed only, a diverged run, runs on different data. */
  warnings: z.array(z.string()),
  tables: z.array(studyTableSchema),
  figures: z.array(studyFigureSchema),
  /** The experiment files that its runs come from. */
  experiments: z.array(z.string()),
  provenance: provenanceSchema,
});
export type StudyResult = z.infer<typeof studyResultSchema>;

export const studyInfoSchema = z.object({
  name: z.string(),
  title: z.string(),
  question: z.string(),
  /** How it is answered, in a few sentences. */
  method: z.string(),
  /** JSON Schema of its settings, with defaults. */
  settings: z.record(z.string(), z.unknown()),
});
export type StudyInfo = z.infer<typeof studyInfoSchema>;

export const studyAskSchema = z.object({
  name: z.string(),
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** What running a study would do: one sweep after the other. */
export const studyPlanSchema = z.object({ sweeps: z.array(sweepPreviewSchema) });
export const studyStartedSchema = z.object({ sweeps: z.array(sweepStartedSchema) });
