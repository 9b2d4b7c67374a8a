import { z } from 'zod';
import { learningRateSchema } from '../learningRates/registry';

/** The settings that optimizers share, so that they read the same everywhere. */
export const learningRate = (value: number) =>
  z.number().positive().max(100).default(value).describe('Step size η.').meta({ scale: 'log' });

export const stepControl = {
  schedule: learningRateSchema.prefault({ kind: 'constant' }).describe('How the learning rate changes over training.'),
  warmup: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('Epochs in which the learning rate rises linearly from zero; the schedule begins after them.')
    .meta({ unit: 'epochs' }),
  clip: z
    .number()
    .min(0)
    .default(0)
    .describe('Largest norm of the gradient, over all weights; a longer one is scaled down to it. 0 for no limit.'),
};

export const moments = {
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay β₁ of the mean of the gradients.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay β₂ of the mean of their squares.'),
  epsilon: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Added to the denominator, against division by zero.')
    .meta({ scale: 'log' }),
};
