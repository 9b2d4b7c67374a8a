import { z } from 'zod';
import { withDistance } from '../distance';
import { applyHostLayer, evaluateHostLayer, hostLayerMetrics } from '../hostLayer';
import { HostPool } from '../hostPool/pool';
import { squaredResidual } from '../residual';
import type { Technique } from '../technique';

const settings = z.strictObject({
  kind: z.literal('fsNet'),
  distance: z
    .number()
    .min(0)
    .default(5)
    .describe('Weight of ‖y − ŷ‖² in the loss, what the feasibility seeking has to do.')
    .meta({ scale: 'log' }),
  scale: z
    .number()
    .positive()
    .default(1000)
    .describe('Factor σ of the squared violation that is minimised.')
    .meta({ scale: 'log' }),
  memory: z.int().min(1).max(500).default(30).describe('Curvature pairs that L-BFGS remembers.'),
  armijo: z
    .number()
    .positive()
    .max(0.5)
    .default(1e-4)
    .describe('Sufficient decrease of the line search.')
    .meta({ scale: 'log' }),
  shrink: z
    .number()
    .positive()
    .max(0.95)
    .default(0.5)
    .describe('What a step is multiplied by until it decreases enough.'),
  iterations: z.int().min(1).max(10_000).default(50).describe('Iterations in training.'),
  differentiated: z
    .int()
    .min(0)
    .max(10_000)
    .default(30)
    .describe('Iterations, from the beginning, that the gradient goes through; what comes after them is a constant.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Squared violation below which an instance is done in training.')
    .meta({ scale: 'log' }),
  testIterations: z.int().min(1).max(100_000).default(200).describe('Iterations in validation.'),
  testTolerance: z
    .number()
    .positive()
    .default(1e-12)
    .describe('Squared violation below which an instance is done in validation.')
    .meta({ scale: 'log' }),
});

/** A network that is this far from feasible (mean squared violation) is also drawn by its own violation, with this weight; published. */
const [rescueFrom, rescueWeight] = [1e3, 10];

/**
 * FSNet: from ŷ, L-BFGS on σ(‖Ay − x‖² + ‖relu(c)‖²) seeks feasibility; the first iterations are differentiated; the loss is
 * E[f(y) + w‖y − ŷ‖²]. Every instance has its own line search and its own end, so that a result does not depend on its batch.
 */
export const fsNet: Technique<'fsNet', typeof settings, HostPool> = {
  kind: 'fsNet',
  title: 'FSNet',
  summary:
    'L-BFGS moves the network’s output towards the constraints, whatever smooth rows they are, and is differentiated through.',
  reference:
    'Nguyen & Donti, FSNet: Feasibility-Seeking Neural Network for Constrained Optimization with Guarantees, NeurIPS 2025',
  settings,
  metrics: hostLayerMetrics,
  constants: (settings, problem) => new HostPool({ kind: 'fsNet', settings, problem }),
  dispose: (pool) => pool.dispose(),
  layer: (pass, raw, x) => applyHostLayer(pass, raw, x, pass.constants.layer('training', pass.threads)),
  evaluate: (pass, raw, X) => evaluateHostLayer(pass, raw, X, pass.constants.layer('test', pass.threads)),
  terms(pass, y, x, raw) {
    const { tf } = pass.device;
    const terms = withDistance(pass, y, x, raw, pass.settings.distance);
    const before = tf.mean(squaredResidual(tf, pass.problem, raw, x));
    const far = tf.cast(tf.greaterEqual(before, rescueFrom), 'float32');
    return { ...terms, constraint: tf.add(terms.constraint, tf.mul(tf.mul(far, before), rescueWeight)) };
  },
  scalars: () => ({}),
};
