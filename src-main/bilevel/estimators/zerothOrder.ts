import { z } from 'zod';
import { Generator, type GeneratorState } from '@shared/random/generator';
import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('zeroth-order'),
  directions: z.int().min(1).default(20).describe('Random directions an estimate; each costs two lower-level solves.'),
  radius: z
    .number()
    .positive()
    .default(1e-4)
    .describe('Smoothing radius μ: the estimate is that of F averaged over a Gaussian of this width.')
    .meta({ scale: 'log' }),
  seed: z.int().min(0).default(0).describe('Of the directions, which go on from call to call.'),
});

/** Gaussian smoothing: the mean over directions ξ ~ N(0, I) of (F(x + μξ) − F(x − μξ))/(2μ) ξ. Its variance grows with d. */
export const zerothOrder: Estimator<'zeroth-order', typeof settings> = {
  kind: 'zeroth-order',
  title: 'Zeroth order',
  summary: 'Differences F along random directions. Needs nothing but lower-level solves, and is noisy.',
  reference:
    'Nesterov & Spokoiny, Random Gradient-Free Minimization of Convex Functions, Found. Comput. Math. 17, 2017',
  settings,
  refusal: () => null,
  make(problem, { directions, radius, seed }) {
    const { d, n } = problem;
    const level = makeLowerLevel(problem);
    const generator = new Generator(seed);
    const gradient = new Float64Array(d);
    const [moved, y] = [new Float64Array(d), new Float64Array(n)];
    const work = new WorkCounter(level.bytes + 8 * (3 * d + n));
    return {
      at(x, options) {
        work.begin();
        const centre = level.solve(x, options);
        work.lowerSolves++;
        y.set(centre.y);
        const weak = [...centre.weak];
        const residual = kktResidual(problem, x, centre, options?.q);
        gradient.fill(0);
        const value = (direction: Float64Array, amount: number): number => {
          for (let i = 0; i < d; i++) moved[i] = x[i] + amount * direction[i];
          work.lowerSolves++;
          return problem.upperValue(moved, level.solve(moved, { ...options, warm: true }).y);
        };
        for (let k = 0; k < directions; k++) {
          const direction = generator.standardNormals(d);
          const slope = (value(direction, radius) - value(direction, -radius)) / (2 * radius);
          for (let i = 0; i < d; i++) gradient[i] += (slope * direction[i]) / directions;
        }
        const F = problem.upperValue(x, y);
        work.end();
        return { F, gradient, y, weak, work, residual: () => residual };
      },
      save: () => ({ arrays: { level: level.saveWarmStart() }, values: { generator: { ...generator.state } } }),
      restore({ arrays, values }) {
        level.restoreWarmStart(arrays.level);
        generator.state = values.generator as unknown as GeneratorState;
      },
    };
  },
};
