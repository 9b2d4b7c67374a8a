import { z } from 'zod';
import { Generator, type GeneratorState } from '@shared/random/generator';
import { joinStates, partOf } from '../savedState';
import type { Estimator } from './estimator';
import { implicitOracle } from './implicit';

const settings = z.strictObject({
  kind: z.literal('noisy'),
  level: z
    .number()
    .nonnegative()
    .default(0.1)
    .describe('Size of the noise: its root mean square norm over that of the hypergradient.')
    .meta({ scale: 'log' }),
  seed: z.int().min(0).default(0).describe('Of the noise, which goes on from call to call.'),
});

/** g = ∇F + level ‖∇F‖ ξ/√d with ξ ~ N(0, I): an unbiased hypergradient of known quality, to see what quality is worth. */
export const noisy: Estimator<'noisy', typeof settings> = {
  kind: 'noisy',
  title: 'Exact with noise',
  summary: 'The exact hypergradient with Gaussian noise of a given size added, as sampling would add it.',
  reference:
    'Ghadimi & Wang, Approximation Methods for Bilevel Programming, arXiv 1802.02246, 2018, for the noise model',
  settings,
  refusal: () => null,
  make(problem, { level, seed }) {
    const oracle = implicitOracle(problem, 'auto');
    const generator = new Generator(seed);
    return {
      at(x, options) {
        const estimate = oracle.at(x, options);
        const { gradient } = estimate;
        const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
        const size = (level * norm) / Math.sqrt(problem.d);
        const noise = generator.standardNormals(problem.d);
        for (let i = 0; i < gradient.length; i++) gradient[i] += size * noise[i];
        return estimate;
      },
      save: () =>
        joinStates({ oracle: oracle.save(), noise: { arrays: {}, values: { generator: { ...generator.state } } } }),
      restore(saved) {
        oracle.restore(partOf(saved, 'oracle'));
        generator.state = partOf(saved, 'noise').values.generator as unknown as GeneratorState;
      },
    };
  },
};
