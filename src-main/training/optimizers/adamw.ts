import { z } from 'zod';
import { adamUpdate } from '../../numerics/ops/adam';
import type { Optimizer } from './optimizer';
import { learningRate, moments, stepControl } from './settings';

const settings = z.strictObject({
  kind: z.literal('adamw'),
  learningRate: learningRate(1e-3),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(1e-2)
    .describe('Decay ω: weights shrink by ηω of themselves each step.'),
  ...moments,
  ...stepControl,
});

/** θ ← (1 − ηω)θ, then Adam's step: the decay does not pass through the moments. */
export const adamw: Optimizer<'adamw', typeof settings> = {
  kind: 'adamw',
  title: 'AdamW',
  summary: 'Adam with weight decay that is decoupled from the gradient.',
  reference: 'Loshchilov & Hutter, Decoupled Weight Decay Regularization, ICLR 2019',
  settings,
  slots: () => ['mean', 'square'],
  update({ tf, settings, learningRate, t }, weight, gradient, [mean, square]) {
    const kept = 1 - learningRate * settings.weightDecay;
    const next = adamUpdate(tf, { ...settings, learningRate, t, kept }, weight, gradient, mean, square);
    return { weight: next.weight, slots: [next.mean, next.square] };
  },
};
