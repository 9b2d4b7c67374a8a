import { z } from 'zod';
import type { Device, Tensor } from '../../numerics/devices/device';
import { addTransposed } from '../../numerics/linalg/products';
import { inequalityAt, inequalityCount, type Qcqp } from '../problem';
import { complete, type Completion, makeCompletion } from './completion';
import { evaluated } from './hostLayer';
import { rootOf, squaredResidual } from './residual';
import type { Pass, Technique } from './technique';
import { ViolationEnergy } from './violationEnergy';

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
  completion: Completion;
  energy: ViolationEnergy;
  /** Tᵀ [n − e, n], T [n, n − e] and Bᵀ [e, n] of y = Tz + Bx. */
  expand: Tensor;
  reduce: Tensor;
  follow: Tensor;
}

function constantsOf({ tf, tensor }: Device, problem: Qcqp): Constants {
  const { n, e } = problem;
  const completion = makeCompletion(problem);
  const { T, B } = completion;
  const reduce = tensor(T, [n, n - e]);
  return {
    ...{ completion, energy: new ViolationEnergy(problem, 1) },
    reduce,
    expand: tf.transpose(reduce),
    follow: tf.tidy(() => tf.transpose(tensor(B, [n, e]))),
  };
}

/** The correction in training: z ← z − (ρ∇_z‖relu(c)‖² + μ·last step), a fixed number of times. */
function corrected(
  { device: { tf }, problem, settings: { rate, momentum, steps } }: Pass<Settings, Constants>,
  { expand, reduce }: Constants,
  start: Tensor,
  ofX: Tensor,
): Tensor {
  let z = start;
  let step: Tensor | null = null;
  for (let k = 0; k < steps; k++) {
    const y = tf.add(tf.matMul(z, expand), ofX);
    const slope = tf.mul(tf.matMul(problem.violationGradient(y), reduce), rate);
    step = step ? tf.add(slope, tf.mul(step, momentum)) : slope;
    z = tf.sub(z, step);
  }
  return z;
}

/**
 * The correction in validation, on the host in float64: an instance stays where its largest violation is within the tolerance, each by
 * itself, after at least one step. y [count, n].
 */
function correctedOnHost(
  { data, settings, constants: { completion, energy } }: Pass<Settings, Constants>,
  Z: Float64Array,
  X: Float64Array,
): Float64Array {
  const { n, e } = data;
  const { rate, momentum, testSteps, tolerance } = settings;
  const count = X.length / e;
  const k = n - e;
  const outputs = new Float64Array(count * n);
  const rows = new Float64Array(inequalityCount(data));
  const [gradient, slope] = [new Float64Array(n), new Float64Array(k)];
  for (let i = 0; i < count; i++) {
    const y = outputs.subarray(i * n, (i + 1) * n);
    const z = Z.slice(i * k, (i + 1) * k);
    const step = new Float64Array(k);
    complete(completion, z, 0, X, i * e, y);
    for (let t = 0; t < testSteps; t++) {
      inequalityAt(data, y, 0, rows);
      if (t > 0 && rows.every((value) => value <= tolerance)) break;
      energy.gradient(y, X, i * e, gradient);
      slope.fill(0);
      addTransposed(n, k, completion.T, gradient, slope);
      for (let j = 0; j < k; j++) {
        step[j] = rate * slope[j] + momentum * step[j];
        z[j] -= step[j];
      }
      complete(completion, z, 0, X, i * e, y);
    }
  }
  return outputs;
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
  evaluate: (pass, raw, X) => evaluated(correctedOnHost(pass, raw, X)),
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
