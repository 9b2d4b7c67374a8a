import type { GeneratorState } from '@shared/random/generator';
import { disposeAll, type NamedTensors } from './tensors';
import type { MonitorState } from './monitor';
import type { ScheduleState } from './schedules/schedule';
import type { TechniqueState } from './techniques/technique';

/** What early stopping remembers: the best value of its metric, when that was, and the validations since. */
export interface StoppingState extends MonitorState {
  bestStep?: number;
}

/**
 * Everything that training depends on, as a value: from equal states, equal steps follow, bit for bit on the same device.
 * `loop.ts` makes new states and disposes what the old ones held; `checkpoint.ts` writes and reads them.
 */
export interface TrainingState {
  /** Updates done so far. */
  step: number;
  weights: NamedTensors;
  /** What the network keeps without training it, such as running statistics. */
  buffers: NamedTensors;
  /** Weights that the technique brought in. */
  techniqueWeights: NamedTensors;
  /** The optimizer's memory, `<slot>/<weight>`. */
  slots: NamedTensors;
  technique: TechniqueState;
  /** What scheduled settings remember of the validations, by the setting: `technique/lambda`, `learningRate`. */
  schedules: Readonly<Record<string, ScheduleState>>;
  stopping: StoppingState;
  /** Step of the last validation that `observe` has seen, −1 before the first: none is seen twice. */
  observedStep: number;
  /** Draws what is random in the network's training passes; absent in checkpoints from before there was any. */
  noise?: GeneratorState;
  /** Draws the order of each epoch. */
  generator: GeneratorState;
  /** Order of the training instances in the epoch that is going on. */
  order: Int32Array;
  /** How many of them have been used. */
  position: number;
  /** Batch losses of this epoch, or of the one that has just ended. */
  epochLoss: { sum: number; count: number };
  /** Seconds of training steps alone, without validation and diagnostics: what a budget counts. */
  trainedSeconds: number;
  /** What that was at the last validation. */
  validatedSeconds: number;
  /** Seconds of computation, pauses left out. */
  activeSeconds: number;
}

/** Lets go of a state's tensors. */
export function disposeState({ weights, buffers, techniqueWeights, slots, technique }: TrainingState): void {
  for (const tensors of [weights, buffers, techniqueWeights, slots, technique.tensors]) disposeAll(tensors);
}
