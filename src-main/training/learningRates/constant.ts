import { z } from 'zod';
import type { Schedule } from '../schedules/schedule';

const settings = z.strictObject({ kind: z.literal('constant') });

export const constant: Schedule<'constant', typeof settings> = {
  kind: 'constant',
  title: 'Constant',
  summary: 'The learning rate of the optimiser throughout.',
  reference: null,
  settings,
  value: () => 1,
};
