import type { z } from 'zod';
import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { Method } from '../../modelling/method';
import type { BoundSchedule } from '../schedules/schedule';
import type { NamedTensors } from '../tensors';

export interface UpdateContext<Settings> {
  tf: TensorFlow;
  settings: Settings;
  learningRate: number;
  /** Number of this update, from 1. */
  t: number;
}

/** The result of updating one weight: its new value and its new slots, in the order of `slots`. */
export interface Update {
  weight: Tensor;
  slots: Tensor[];
}

/**
 * An optimizer as a pure function of one weight, its gradient and its slots (moments), applied to every weight alike.
 * All of its memory is in the slots and the step number, so that a checkpoint resumes exactly.
 */
export interface Optimizer<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  /** Names of the tensors kept for each weight, each of the weight's shape and zero at first. */
  slots(settings: z.output<Settings>): readonly string[];
  update(
    context: UpdateContext<z.output<Settings>>,
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
  ): Update;
}

/** Number of an update, from 1, and its learning rate. */
export interface StepSize {
  t: number;
  learningRate: number;
}

/** One optimizer with its settings: what the training loop steps with. */
export interface BoundOptimizer {
  slotNames: readonly string[];
  /** Factor of the settings' learning rate, from 0 to 1. */
  schedule: BoundSchedule;
  /** The settings' learning rate η; what a step uses is η times the schedule's value. */
  learningRate: number;
  /** Largest norm of the gradient; 0 for no limit. */
  clip: number;
  update(tf: TensorFlow, at: StepSize, weight: Tensor, gradient: Tensor, slots: readonly Tensor[]): Update;
}

/** Updates all weights. Slots are named `<slot>/<weight>`. Call inside a tidy. */
export function updateAll(
  tf: TensorFlow,
  optimizer: BoundOptimizer,
  at: StepSize,
  weights: NamedTensors,
  gradients: NamedTensors,
  slots: NamedTensors,
): { weights: NamedTensors; slots: NamedTensors } {
  const next: { weights: NamedTensors; slots: NamedTensors } = { weights: {}, slots: {} };
  for (const name of Object.keys(weights)) {
    const own = optimizer.slotNames.map((slot) => slots[`${slot}/${name}`]);
    const updated = optimizer.update(tf, at, weights[name], gradients[name], own);
    next.weights[name] = updated.weight;
    optimizer.slotNames.forEach((slot, i) => (next.slots[`${slot}/${name}`] = updated.slots[i]));
  }
  return next;
}

export function initSlots(tf: TensorFlow, optimizer: BoundOptimizer, weights: NamedTensors): NamedTensors {
  const slots: NamedTensors = {};
  for (const name of Object.keys(weights))
    for (const slot of optimizer.slotNames) slots[`${slot}/${name}`] = tf.zerosLike(weights[name]);
  return slots;
}
