import type { z } from 'zod';
import type { Method } from '../../modelling/method';

/** Where a run stands when a schedule is asked for its value. */
export interface SchedulePosition {
  step: number;
  totalSteps: number;
  stepsPerEpoch: number;
}

/** What a schedule remembers of the validations so far; empty at first. Finite numbers only: it is in every checkpoint. */
export type ScheduleState = Readonly<Record<string, number>>;

/**
 * A setting that may change over training: a pure function of the position and, for schedules that react to validation, of
 * what `observe` has made of the validations so far.
 */
export interface Schedule<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  value(settings: z.output<Settings>, position: SchedulePosition, state: ScheduleState): number;
  /** The new state after a validation; called once for each. */
  observe?(
    settings: z.output<Settings>,
    state: ScheduleState,
    metrics: Readonly<Record<string, number | null>>,
  ): ScheduleState;
}

/** A schedule with its settings. */
export interface BoundSchedule {
  value(position: SchedulePosition, state: ScheduleState | undefined): number;
  observe(state: ScheduleState | undefined, metrics: Readonly<Record<string, number | null>>): ScheduleState;
}

/** Share of the way from `begin` to `end` (fractions of the run) that a position has covered, in [0, 1]. */
export function covered(
  { step, totalSteps }: SchedulePosition,
  { begin, end }: { begin: number; end: number },
): number {
  return Math.min(1, Math.max(0, (step / totalSteps - begin) / (end - begin)));
}

/** Whole epochs done. */
export const epochOf = ({ step, stepsPerEpoch }: SchedulePosition): number => Math.floor(step / stepsPerEpoch);
