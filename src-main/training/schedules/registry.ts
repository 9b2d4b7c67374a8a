import { z } from 'zod';
import { schemasOf } from '../../modelling/method';
import { constant } from './constant';
import { exponential } from './exponential';
import { linear } from './linear';
import { onPlateau } from './onPlateau';
import { step } from './step';

/** Every schedule. A new one is a file beside this one and an entry here. */
export const schedules = [constant, linear, exponential, step, onPlateau] as const;

const scheduleSchema = z.discriminatedUnion('kind', schemasOf(schedules));
export type ScheduleSettings = z.output<typeof scheduleSchema>;

/** A scheduled setting in an experiment; a plain number, or a value without a kind, is shorthand for a constant. */
export const scheduled = (fallback: number) => {
  // zod leaves the default of a preprocessed schema out of JSON Schema; `jsonSchema` puts `standard` back in its place.
  const standard = { kind: 'constant' as const, value: fallback };
  return z.preprocess(expandShorthand, scheduleSchema).default(standard).meta({ standard });
};

function expandShorthand(value: unknown): unknown {
  if (typeof value === 'number') return { kind: 'constant', value };
  const isValueAlone = typeof value === 'object' && value !== null && 'value' in value && !('kind' in value);
  return isValueAlone ? { kind: 'constant', ...value } : value;
}
