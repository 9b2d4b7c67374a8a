import { z } from 'zod';
import type { Device, Tensor } from '../../numerics/devices/device';
import type { Qcqp } from '../problem';
import { makeCompletion } from './completion';
import { rootOf, squaredResidual } from './residual';
import type { Pass, Technique } from './technique';

const settings = z.strictObject({
  kind: z.literal('dc3'),
  softWeight: z
    .number()
    .min(0)
    .default(10)
    .describe('Weight of both violations together in the loss.')
    .meta({ scale: 'log' }),
  equalityShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of that weight for Ay = x, which completion satisfies anyway; the rest is for c(y) ≤ 0.'),
  violation: z
    .enum(['squared', 'norm'])
    .default('squared')
    .describe('‖·‖² in the loss as in the paper, or ‖·‖ as in the reference implementation.'),
  rate: z.number().positive().default(1e-7).describe('Step size of the correction.').meta({ scale: 'log' }),
  momentum: z.number().min(0).max(0.999).default(0.5).describe('Momentum of the correction.'),
  steps: z.int().min(0).max(10_000).default(10).describe('Correction steps in training; all are differentiated.'),
  testSteps: z.int().min(0).max(100_000).default(10).describe('Correction steps in validation, at most.'),
  tolerance: z
    .number()
    .min(0)
    .default(1e-4)
    .describe('Largest violation at which an instance is left alone in validation.')
    .meta({ scale: 'log' }),
});

type Settings = z.output<typeof settings>;

interface Constants {
  /** Tᵀ [n − e, n], T [n, n − e] and Bᵀ [e, n] of y = Tz + Bx. */
  expand: Tensor;
  reduce: Tensor;
  follow: Tensor;
}

function constantsOf({ tf, tensor }: Device, problem: Qcqp): Constants {
  const { n, e } = problem;
  const { T, B } = makeCompletion(problem);
  const reduce = tensor(T, [n, n - e]);
  return { reduce, expand: tf.transpose(reduce), follow: tf.tidy(() => tf.transpose(tensor(B, [n, e]))) };
}

/**
 * The correction: z ← z − (ρ∇_z‖relu(c)‖² + μ·last step), a fixed number of times in training. In validation an instance stays where
 * its largest violation is within the tolerance, each by itself, after at least one step.
 */
function corrected(
  { device: { tf }, problem, settings, training }: Pass<Settings, Constants>,
  { expand, reduce }: Constants,
  start: Tensor,
  ofX: Tensor,
): Tensor {
  const { rate, momentum, steps, testSteps, tolerance } = settings;
  let z = start;
  let step: Tensor | null = null;
  let moving: Tensor | null = null;
  for (let k = 0; k < (training ? steps : testSteps); k++) {
    const y = tf.add(tf.matMul(z, expand), ofX);
    if (!training && k > 0) {
      const violated = tf.cast(tf.greater(tf.max(problem.inequality(y), 1, true), tolerance), 'float32');
      moving = moving ? tf.mul(moving, violated) : violated;
      if (tf.max(moving).dataSync()[0] === 0) break;
    }
    const slope = tf.mul(tf.matMul(problem.violationGradient(y), reduce), rate);
    step = step ? tf.add(slope, tf.mul(step, momentum)) : slope;
    z = tf.sub(z, moving ? tf.mul(step, moving) : step);
  }
  return z;
}

/** Completion and correction: Ay = x holds always, c(y) ≤ 0 as far as the correction comes. */
export const dc3: Technique<'dc3', typeof settings, Constants> = {
  kind: 'dc3',
  title: 'DC3',
  summary:
    'The network gives the free variables and the equality rows the others; gradient steps on these free variables then correct violated inequality rows.',
  reference: 'Donti, Rolnick & Kolter, DC3: A learning method for optimization with hard constraints, ICLR 2021',
  settings,
  refusal: (_, { e, equalityRank }) =>
    equalityRank < e
      ? `completion needs an A of full row rank; it has ${e} rows and rank ${equalityRank}. Leave out the rows that depend on others.`
      : null,
  constants: (_, problem, device) => constantsOf(device, problem),
  dispose: ({ expand, reduce, follow }) => [expand, reduce, follow].forEach((tensor) => tensor.dispose()),
  networkOutputs: (_, { n, e }) => n - e,
  layer(pass, raw, x) {
    const { tf } = pass.device;
    const { expand, follow } = pass.constants;
    const ofX = tf.matMul(x, follow);
    return tf.add(tf.matMul(corrected(pass, pass.constants, raw, ofX), expand), ofX);
  },
  terms({ device: { tf }, problem, settings }, y, x) {
    const { softWeight, equalityShare, violation } = settings;
    const size = (squared: Tensor) => tf.mean(violation === 'squared' ? squared : rootOf(tf, squared));
    const inequality = size(tf.sum(tf.square(tf.relu(problem.inequality(y))), 1));
    const equality = size(tf.sum(tf.square(problem.equality(y, x)), 1));
    return {
      objective: tf.mean(problem.objective(y)),
      constraint: tf.add(
        tf.mul(inequality, softWeight * (1 - equalityShare)),
        tf.mul(equality, softWeight * equalityShare),
      ),
      penalty: tf.mean(squaredResidual(tf, problem, y, x)),
    };
  },
  scalars: () => ({}),
};
