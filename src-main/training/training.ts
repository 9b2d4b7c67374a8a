import type { Tensor } from '../numerics/devices/device';
import type { StepMetrics } from './gradients';
import type { LabelledSet } from './labelledSet';
import type { Qcqp } from './problem';
import type { TrainingState } from './state';
import type { LossTerms } from './techniques/technique';
import type { NamedTensors } from './tensors';

export interface TrainingData {
  problem: Qcqp;
  train: LabelledSet;
  valid: LabelledSet;
}

/** One training run as four functions over an explicit state (`init`, `step`, `finished`, `validate`): whoever drives them may
 * stop between any two calls, save the state, and go on later with the same bits. */
export interface Training {
  stepsPerEpoch: number;
  totalSteps: number;
  init(): TrainingState;
  finished(state: TrainingState): boolean;
  /** Steps in all as far as is known: with a budget, what fits into it at the pace so far. */
  expectedSteps(state: TrainingState): number;
  /** Whether early stopping has ended it. */
  stopped(state: TrainingState): boolean;
  /**
   * One update. Takes the state over: its tensors are disposed, the returned state has new ones.
   * @throws AdjointError `diverged`; the given state is then untouched.
   */
  step(state: TrainingState): Promise<{ state: TrainingState; metrics: StepMetrics }>;
  /** Whether an epoch has just ended (or nothing has begun) and is to be validated. */
  validationDue(state: TrainingState): boolean;
  /**
   * What is measured at this state. Changes nothing.
   *
   * @param options `timed`: whether the seconds that an instance takes are measured too, by the network with its technique and by the exact solver; if
   *   absent, where the run may end here
   */
  validate(state: TrainingState, options?: { timed: boolean }): Promise<Validation>;
  /**
   * Lets schedules and early stopping react to the metrics of a validation at this state; a second call at the same step changes nothing. The
   * returned state has the same tensors.
   */
  observe(state: TrainingState, metrics: Readonly<Record<string, number | null>>): TrainingState;
  /**
   * The loss at other weights over fixed instances of the training set, with nothing random in it: what there is to be seen around a state.
   * All trainable weights together, as `allWeights` names them. Differentiable; to be called inside `tf.tidy`.
   */
  look(state: TrainingState, weights: NamedTensors, instances: Int32Array): LossTerms & { features: Tensor };
  dispose(state: TrainingState): void;
  /** Lets go of everything but a state: for a training whose states are disposed of by whoever made them. */
  release(): void;
}

/** What a validation measures. */
export interface Validation {
  /** Scalars of the epoch clock, the mean training loss of the epoch included. */
  metrics: Record<string, number | null>;
  /** Vectors of the epoch clock. */
  vectors: Record<string, Float64Array>;
  /** y of the validation set, [N, n]. */
  outputs: Float64Array;
  /** A row of the clock `inner`, if there is one. */
  inner: Record<string, Float64Array> | null;
  /** Lines for the log; of the cautions it takes the first of each code. */
  notes: string[];
  cautions: { code: string; message: string }[];
}
