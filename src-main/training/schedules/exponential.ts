import { z } from 'zod';
import { covered, type Schedule } from './schedule';
import { beginsBeforeEnd, beginsBeforeEndError, from, interval } from './settings';

const settings = z
  .strictObject({
    kind: z.literal('exponential'),
    from: from('positive'),
    to: z.number().positive().default(100).describe('The value at the end.').meta({ scale: 'log' }),
    ...interval,
  })
  .refine(beginsBeforeEnd, beginsBeforeEndError);

/** a (b/a)^τ, τ the share of the interval covered: even on a logarithmic scale. */
export const exponential: Schedule<'exponential', typeof settings> = {
  kind: 'exponential',
  title: 'Exponential',
  summary: 'Changes by the same factor every step, from one value to another over a part of the run.',
  reference: 'Nocedal & Wright, Numerical Optimization, §17.1 (increasing penalty parameters)',
  settings,
  value: (settings, position) => settings.from * (settings.to / settings.from) ** covered(position, settings),
};
