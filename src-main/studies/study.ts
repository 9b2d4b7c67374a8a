import type { z } from 'zod';
import type { Clock, RunSummary } from '@shared/run';
import type { FigureInput } from '@shared/figures/spec';
import type { Claim, StudyTable } from '@shared/studies';

/** A finished run as a study sees it. */
export interface StudyRun {
  summary: RunSummary;
  /** Full series of metrics of one clock over epochs; NaN where a metric was not measured. */
  series(clock: Clock, metrics: readonly string[]): { epoch: Float64Array; values: Record<string, Float64Array> };
}

export interface Findings {
  reading: Claim[];
  warnings: string[];
  tables: StudyTable[];
  figures: { name: string; caption: string; figure: FigureInput }[];
}

/** A sweep of a study that cannot be run on its dataset. */
export interface LeftOut {
  /** Its place among the study's sweeps. */
  sweep: number;
  reason: string;
}

/**
 * A recipe that answers one question: which runs it needs, and what they say. One file each, listed in the registry. `analyse` is a
 * pure function of the runs, so that it can be tested on runs whose answer is known.
 */
export interface Study<Settings extends z.ZodType = z.ZodType> {
  name: string;
  title: string;
  question: string;
  method: string;
  settings: Settings;
  /** Experiment files with a `sweep:` block. Studies that ask for the same runs name the same sweep and share them. */
  sweeps(settings: z.output<Settings>): string[];
  /** A sweep that does not fit its dataset is left out and said, in the place of refusing the study. */
  leavesOutUnfit?: true;
  /** @param runs finished ones of those sweeps, at least one */
  analyse(settings: z.output<Settings>, runs: readonly StudyRun[], leftOut?: readonly LeftOut[]): Findings;
}
