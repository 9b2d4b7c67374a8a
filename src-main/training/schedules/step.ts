import { z } from 'zod';
import { epochOf, type Schedule } from './schedule';
import { from } from './settings';

const settings = z.strictObject({
  kind: z.literal('step'),
  from: from('zero'),
  factor: z.number().positive().max(1e6).default(2).describe('What the value is multiplied by at each step.'),
  every: z.int().min(1).default(20).describe('Epochs between two steps.').meta({ unit: 'epochs' }),
  max: z.number().positive().default(1e4).describe('The value never exceeds this.').meta({ scale: 'log' }),
});

/** min(a γ^⌊epoch/k⌋, max). */
export const step: Schedule<'step', typeof settings> = {
  kind: 'step',
  title: 'Steps',
  summary: 'Multiplied by a factor every so many epochs.',
  reference: 'Nocedal & Wright, Numerical Optimization, §17.1 (increasing penalty parameters)',
  settings,
  value: ({ from, factor, every, max }, position) =>
    Math.min(max, from * factor ** Math.floor(epochOf(position) / every)),
};
