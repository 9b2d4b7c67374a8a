import { z } from 'zod';
import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('differences'),
  scheme: z.enum(['forward', 'central']).default('central').describe('Forward takes d further solves, central 2d.'),
  step: z
    .number()
    .positive()
    .default(1e-5)
    .describe('Step s, relative to max(1, |x_i|). Across a kink of F the difference is a mean of both sides.')
    .meta({ scale: 'log' }),
  warm: z.boolean().default(true).describe('Start every solve from the active set of the one before.'),
});

/** Re-solves the lower level at moved points and differences F: (F(x + s e_i) − F(x))/s or (F(x + s e_i) − F(x − s e_i))/(2s). */
export const differences: Estimator<'differences', typeof settings> = {
  kind: 'differences',
  title: 'Direct differences',
  summary: 'Re-solves the lower level at x moved along every coordinate and differences F.',
  reference: 'Nocedal & Wright, Numerical Optimization, 2nd ed., §8.1',
  settings,
  refusal: () => null,
  make(problem, { scheme, step, warm }) {
    const level = makeLowerLevel(problem);
    const gradient = new Float64Array(problem.d);
    const [y, moved] = [new Float64Array(problem.n), new Float64Array(problem.d)];
    const work = new WorkCounter(level.bytes + 8 * (2 * problem.d + problem.n));
    return {
      at(x, options) {
        work.begin();
        const value = (): number => {
          work.lowerSolves++;
          return problem.upperValue(moved, level.solve(moved, { ...options, warm }).y);
        };
        const centre = level.solve(x, options);
        work.lowerSolves++;
        y.set(centre.y);
        const weak = [...centre.weak];
        const residual = kktResidual(problem, x, centre, options?.q);
        const F = problem.upperValue(x, y);
        moved.set(x);
        for (let i = 0; i < problem.d; i++) {
          const s = step * Math.max(1, Math.abs(x[i]));
          moved[i] = x[i] + s;
          // What was really added, after rounding.
          const ahead = moved[i] - x[i];
          const after = value();
          if (scheme === 'forward') gradient[i] = (after - F) / ahead;
          else {
            moved[i] = x[i] - s;
            const behind = x[i] - moved[i];
            gradient[i] = (after - value()) / (ahead + behind);
          }
          moved[i] = x[i];
        }
        work.end();
        return { F, gradient, y, weak, work, residual: () => residual };
      },
      save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
      restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
    };
  },
};
