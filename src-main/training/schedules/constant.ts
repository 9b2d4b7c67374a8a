import { z } from 'zod';
import type { Schedule } from './schedule';

const settings = z.strictObject({
  kind: z.literal('constant'),
  value: z.number().min(0).default(10).describe('The value, at every step.').meta({ scale: 'log' }),
});

export const constant: Schedule<'constant', typeof settings> = {
  kind: 'constant',
  title: 'Constant',
  summary: 'The same value throughout.',
  reference: null,
  settings,
  value: ({ value }) => value,
};
