import type { GeneratorState } from '@shared/random/generator';
import type { NamedTensors } from './tensors';
import type { TechniqueState } from './techniques/technique';

/**
 * Everything that training depends on, as a value: from equal states, equal steps follow, bit for bit on the same device.
 * `loop.ts` makes new states and disposes what the old ones held; `checkpoint.ts` writes and reads them.
 */
export interface TrainingState {
  /** Updates done so far. */
  step: number;
  weights: NamedTensors;
  /** Weights that the technique brought in. */
  techniqueWeights: NamedTensors;
  /** The optimizer's memory, `<slot>/<weight>`. */
  slots: NamedTensors;
  technique: TechniqueState;
  /** Draws the order of each epoch. */
  generator: GeneratorState;
  /** Order of the training instances in the epoch that is going on. */
  order: Int32Array;
  /** How many of them have been used. */
  position: number;
  /** Batch losses of this epoch, or of the one that has just ended. */
  epochLoss: { sum: number; count: number };
  /** Seconds of computation, pauses left out. */
  activeSeconds: number;
}
