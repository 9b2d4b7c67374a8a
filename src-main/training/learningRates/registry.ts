import { z } from 'zod';
import { schemasOf } from '../../modelling/method';
import { constant } from './constant';
import { cosine } from './cosine';
import { exponential } from './exponential';
import { onPlateau } from './onPlateau';
import { step } from './step';

/**
 * Every schedule of the learning rate; its value is a factor of the optimiser's `learningRate`. Time counts from the end of the
 * warm-up. A new one is a file beside this one and an entry here.
 */
export const learningRates = [constant, cosine, step, exponential, onPlateau] as const;

export const learningRateSchema = z.discriminatedUnion('kind', schemasOf(learningRates));
export type LearningRateSettings = z.output<typeof learningRateSchema>;
