import { z } from 'zod';
import type { Tensor } from '../../numerics/devices/device';
import { scheduled } from '../schedules/registry';
import type { LossTerms, Pass, Technique } from './technique';
import { squaredResidual } from './residual';

const settings = z.strictObject({
  kind: z.literal('softPenalty'),
  lambda: scheduled(10).describe('Weight λ of the penalty. Larger values trade objective for feasibility.'),
});

/** Objective E[f(y)] and constraint term λ E‖r‖², for techniques with a scheduled `lambda`. */
export function penalised({ device: { tf }, problem, scheduled }: Pass<unknown>, y: Tensor, x: Tensor): LossTerms {
  const penalty = tf.mean(squaredResidual(tf, problem, y, x));
  return {
    objective: tf.mean(problem.objective(y)),
    constraint: tf.mul(penalty, scheduled.lambda),
    penalty,
  };
}

/** E[f(y) + λ‖r‖²] with r = [relu(c(y)); Ay − x]: the quadratic penalty method on a network's output. */
export const softPenalty: Technique<'softPenalty', typeof settings> = {
  kind: 'softPenalty',
  title: 'Soft penalty',
  summary: 'Adds the weighted squared constraint residual to the objective. Simple, and never exactly feasible.',
  reference: 'Nocedal & Wright, Numerical Optimization, §17.1',
  settings,
  metrics: ['lambda'],
  schedules: ({ lambda }) => ({ lambda }),
  terms: penalised,
  scalars: ({ scheduled }) => ({ lambda: scheduled.lambda }),
};
