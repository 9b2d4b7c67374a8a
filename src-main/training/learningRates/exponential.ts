import { z } from 'zod';
import { epochOf, type Schedule } from '../schedules/schedule';

const settings = z.strictObject({
  kind: z.literal('exponential'),
  factor: z.number().positive().max(1).default(0.99).describe('What the learning rate is multiplied by every epoch.'),
});

/** γ^E, E the epochs done. */
export const exponential: Schedule<'exponential', typeof settings> = {
  kind: 'exponential',
  title: 'Exponential',
  summary: 'Multiplied by a factor below one after every epoch.',
  reference: null,
  settings,
  value: ({ factor }, position) => factor ** epochOf(position),
};
