import { z } from 'zod';
import type { Tensor } from '../../numerics/devices/device';
import { scheduled } from '../schedules/registry';
import { innerProduct, mapTensors } from '../tensors';
import { penalised } from './softPenalty';
import type { Technique } from './technique';

const settings = z.strictObject({
  kind: z.literal('pcgrad'),
  lambda: scheduled(10).describe('Weight λ of the penalty, whose gradient is one of the two tasks.'),
});

/** Below every squared norm that matters: 0/0 becomes 0 where a gradient vanishes. */
const tiny = 1e-30;

/**
 * Projecting conflicting gradients, for the two tasks objective and penalty: where g_fᵀg_p < 0, each loses its component along
 * the other, g_f' = g_f − (g_fᵀg_p/‖g_p‖²) g_p and g_p' = g_p − (g_fᵀg_p/‖g_f‖²) g_f; the direction is g_f' + g_p'. Both
 * projections are onto the original other gradient, so that with two tasks the random order of the paper makes no difference.
 */
export const pcgrad: Technique<'pcgrad', typeof settings> = {
  kind: 'pcgrad',
  title: 'PCGrad',
  summary:
    'The soft penalty with gradient surgery: conflicting parts of objective and penalty gradient are projected out.',
  reference: 'Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020, Algorithm 1',
  settings,
  metrics: ['lambda'],
  schedules: ({ lambda }) => ({ lambda }),
  terms: penalised,
  direct({ device: { tf } }, f, p) {
    const conflict = tf.minimum(innerProduct(tf, f, p), 0);
    const share = (other: Tensor) => tf.sub(1, tf.div(conflict, tf.maximum(other, tiny)));
    const ofObjective = share(innerProduct(tf, f, f));
    const ofPenalty = share(innerProduct(tf, p, p));
    // g_f' + g_p' = (1 − g_fᵀg_p/‖g_f‖²) g_f + (1 − g_fᵀg_p/‖g_p‖²) g_p.
    return mapTensors(f, (gradient, name) => tf.add(tf.mul(gradient, ofObjective), tf.mul(p[name], ofPenalty)));
  },
  scalars: ({ scheduled }) => ({ lambda: scheduled.lambda }),
};
