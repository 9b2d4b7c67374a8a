import { z } from 'zod';
import type { Schedule } from '../schedules/schedule';

const settings = z.strictObject({
  kind: z.literal('cosine'),
  final: z.number().min(0).max(1).default(0).describe('What is left at the end, as a fraction of the learning rate.'),
});

/** φ + (1 − φ)(1 + cos(πt/T))/2: SGDR's annealing, once over the run. */
export const cosine: Schedule<'cosine', typeof settings> = {
  kind: 'cosine',
  title: 'Cosine',
  summary: 'Falls along half a cosine from the learning rate to a fraction of it at the end of the run.',
  reference: 'Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017',
  settings,
  value: ({ final }, { step, totalSteps }) => final + ((1 - final) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2,
};
