import { z } from 'zod';
import type { Tensor } from '../../numerics/devices/device';
import { inequalityCount } from '../problem';
import type { SchedulePosition } from '../schedules/schedule';
import { mapTensors } from '../tensors';
import { squaredResidual } from './residual';
import type { Pass, Technique } from './technique';

const settings = z.strictObject({
  kind: z.literal('augmentedLagrangian'),
  rho: z.number().positive().default(10).describe('Penalty parameter ρ at the beginning.').meta({ scale: 'log' }),
  every: z
    .int()
    .min(1)
    .default(10)
    .describe('Epochs between two updates of the multipliers; the last epoch before one is what it is computed from.')
    .meta({ unit: 'epochs' }),
  growth: z
    .number()
    .min(1)
    .default(2)
    .describe('What ρ is multiplied by after an update at which the violation has not fallen enough; 1 keeps ρ.'),
  decrease: z
    .number()
    .positive()
    .max(1)
    .default(0.9)
    .describe('Enough is a violation of at most this fraction of that at the update before.'),
  rhoMax: z.number().positive().default(1e3).describe('ρ never grows beyond this.').meta({ scale: 'log' }),
  multiplierMax: z
    .number()
    .positive()
    .default(1e6)
    .describe('Multipliers are kept within ± this, so that a bad phase cannot blow them up.')
    .meta({ scale: 'log' }),
});

type Settings = z.output<typeof settings>;

/**
 * Augmented Lagrangian with one multiplier a row, shared by all instances: ν for Ay = x and μ ≥ 0 for c(y) ≤ 0.
 *
 *     L = E[ f + νᵀ(Ay − x) + ρ/2 ‖Ay − x‖² + 1/(2ρ) Σ_j (relu(μ_j + ρ c_j)² − μ_j²) ]
 *     ν ← ν + ρ E[Ay − x],   μ_j ← E[relu(μ_j + ρ c_j)]
 *
 * For one instance this is the method of Nocedal & Wright, §17.3, with the slacks of inequality rows eliminated (§17.4); the mean
 * over instances is the adaptation.
 * Safeguards are those of Birgin & Martínez (2014): multipliers stay in a box, and ρ grows where the violation
 * max(|E[Ay − x]|, |E[max(c, −μ/ρ)]|) has not fallen enough.
 */
export const augmentedLagrangian: Technique<'augmentedLagrangian', typeof settings> = {
  kind: 'augmentedLagrangian',
  title: 'Augmented Lagrangian',
  summary:
    'Penalty with a multiplier for each row of constraints, shared by all instances and updated every few epochs.',
  reference:
    'Nocedal & Wright, Numerical Optimization, §17.3–17.4; Birgin & Martínez, Practical Augmented Lagrangian Methods, 2014',
  settings,
  metrics: ['alm/rho', 'alm/violation', 'alm/equality_multiplier_max', 'alm/inequality_multiplier_max'],
  init({ rho }, problem) {
    const zeros = (length: number) => ({ shape: [length], values: new Float64Array(length) });
    const number = (value: number) => ({ shape: [], values: [value] });
    const [e, rows] = [problem.e, inequalityCount(problem)];
    const multipliers = { equality: zeros(e), inequality: zeros(rows) };
    const sums = { equalitySum: zeros(e), inequalitySum: zeros(rows) };
    return { tensors: { ...multipliers, ...sums, rho: number(rho), violation: number(0) }, values: { count: 0 } };
  },
  terms({ device: { tf }, problem, state }, y, x) {
    const { equality, inequality, rho } = state.tensors;
    const residual = problem.equality(y, x);
    const ofEqualities = tf.sum(tf.mul(residual, tf.add(equality, tf.mul(residual, tf.mul(rho, 0.5)))), 1);
    const shifted = tf.relu(tf.add(inequality, tf.mul(problem.inequality(y), rho)));
    const ofInequalities = tf.div(tf.sum(tf.sub(tf.square(shifted), tf.square(inequality)), 1), tf.mul(rho, 2));
    return {
      objective: tf.mean(problem.objective(y)),
      constraint: tf.mean(tf.add(ofEqualities, ofInequalities)),
      penalty: tf.mean(squaredResidual(tf, problem, y, x)),
    };
  },
  afterStep(pass, y, x) {
    const { settings, position, state, device, problem } = pass;
    if ((Math.floor(position.step / position.stepsPerEpoch) + 1) % settings.every !== 0) return undefined;
    const { tf } = device;
    const { inequality, rho } = state.tensors;
    const shifted = tf.relu(tf.add(inequality, tf.mul(problem.inequality(y), rho)));
    const sums = {
      equalitySum: tf.add(state.tensors.equalitySum, tf.sum(problem.equality(y, x), 0)),
      inequalitySum: tf.add(state.tensors.inequalitySum, tf.sum(shifted, 0)),
    };
    const count = state.values.count + y.shape[0];
    if (endsEpoch(position)) return update(pass, sums, count);
    return { tensors: { ...mapTensors(state.tensors, (tensor) => tf.clone(tensor)), ...sums }, values: { count } };
  },
  scalars({ device: { tf }, state: { tensors } }) {
    return {
      'alm/rho': tensors.rho,
      'alm/violation': tensors.violation,
      'alm/equality_multiplier_max': tf.max(tf.abs(tensors.equality)),
      'alm/inequality_multiplier_max': tf.max(tensors.inequality),
    };
  },
};

const endsEpoch = ({ step, stepsPerEpoch }: SchedulePosition): boolean => (step + 1) % stepsPerEpoch === 0;

/** New multipliers and ρ from the sums over an epoch. */
function update(
  { device: { tf }, settings, state }: Pass<Settings>,
  sums: { equalitySum: Tensor; inequalitySum: Tensor },
  count: number,
) {
  const { growth, decrease, rhoMax, multiplierMax } = settings;
  const { equality, inequality, rho, violation: before } = state.tensors;
  const nextEquality = tf.add(equality, tf.mul(tf.div(sums.equalitySum, count), rho));
  const nextInequality = tf.div(sums.inequalitySum, count);
  const moved = tf.concat([tf.sub(nextEquality, equality), tf.sub(nextInequality, inequality)]);
  const violation = tf.div(tf.max(tf.abs(moved)), rho);
  // One where ρ is to grow: not at the first update, before which there is no violation to compare with.
  const stalls = tf.cast(tf.greater(violation, tf.mul(before, decrease)), 'float32');
  const grows = tf.mul(stalls, tf.cast(tf.greater(before, 0), 'float32'));
  const grown = tf.maximum(rho, tf.minimum(tf.mul(rho, growth), rhoMax));
  return {
    tensors: {
      equality: tf.clipByValue(nextEquality, -multiplierMax, multiplierMax),
      inequality: tf.clipByValue(nextInequality, 0, multiplierMax),
      equalitySum: tf.zerosLike(equality),
      inequalitySum: tf.zerosLike(inequality),
      rho: tf.add(rho, tf.mul(tf.sub(grown, rho), grows)),
      violation,
    },
    values: { count: 0 },
  };
}
