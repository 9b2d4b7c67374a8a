import { z } from 'zod';
import type { Generator } from '@shared/random/generator';

/** Settings of algorithms that draw a perturbation q of the lower level at every step. */
export const perturbationSettings = {
  radius: z
    .number()
    .nonnegative()
    .default(1e-2)
    .describe('Size of the perturbation q that is drawn at every step.')
    .meta({ scale: 'log' }),
  law: z.enum(['uniform', 'normal']).default('uniform').describe('Entries of q: uniform within ± radius, or normal.'),
};

/** q, [n]. */
export const perturbation = (
  generator: Generator,
  n: number,
  { radius, law }: { radius: number; law: 'uniform' | 'normal' },
): Float64Array =>
  law === 'uniform'
    ? generator.uniforms(-radius, radius, n)
    : generator.standardNormals(n).map((value) => radius * value);
