import type { z } from 'zod';
import type { Method } from '../method';

/** Where a run stands when a schedule is asked for its value. */
export interface SchedulePosition {
  step: number;
  totalSteps: number;
}

/** A setting that may change over training. */
export interface Schedule<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  value(settings: z.output<Settings>, position: SchedulePosition): number;
}
