import { z } from 'zod';

/** The settings that optimizers share, so that they read the same everywhere. */
export const learningRate = (value: number) =>
  z.number().positive().max(100).default(value).describe('Step size η.').meta({ scale: 'log' });

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
