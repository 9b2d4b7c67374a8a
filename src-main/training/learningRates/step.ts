import { z } from 'zod';
import { epochOf, type Schedule } from '../schedules/schedule';

const settings = z.strictObject({
  kind: z.literal('step'),
  factor: z.number().positive().max(1).default(0.1).describe('What the learning rate is multiplied by at each step.'),
  every: z.int().min(1).default(100).describe('Epochs between two steps.').meta({ unit: 'epochs' }),
});

/** γ^⌊E/k⌋, E the epochs done. */
export const step: Schedule<'step', typeof settings> = {
  kind: 'step',
  title: 'Steps',
  summary: 'Multiplied by a factor below one every so many epochs.',
  reference: null,
  settings,
  value: ({ factor, every }, position) => factor ** Math.floor(epochOf(position) / every),
};
