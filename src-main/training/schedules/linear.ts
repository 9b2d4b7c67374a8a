import { z } from 'zod';
import { covered, type Schedule } from './schedule';
import { beginsBeforeEnd, beginsBeforeEndError, from, interval } from './settings';

const settings = z
  .strictObject({
    kind: z.literal('linear'),
    from: from('zero'),
    to: z.number().min(0).default(100).describe('The value at the end.').meta({ scale: 'log' }),
    ...interval,
  })
  .refine(beginsBeforeEnd, beginsBeforeEndError);

/** a + (b − a)τ, τ the share of the interval covered. */
export const linear: Schedule<'linear', typeof settings> = {
  kind: 'linear',
  title: 'Linear',
  summary: 'Changes evenly from one value to another over a part of the run.',
  reference: null,
  settings,
  value: (settings, position) => settings.from + (settings.to - settings.from) * covered(position, settings),
};
