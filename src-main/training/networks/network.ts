import type { z } from 'zod';
import type { Generator } from '../../numerics/random/generator';
import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { Method } from '../method';
import type { NamedArrays, NamedTensors } from '../tensors';

export interface NetworkSize {
  inputs: number;
  outputs: number;
}

/** A network as two pure functions over named weights. */
export interface Network<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  /** Names of the layers from input to output; the weights of each are named `<layer>/…`. */
  layers(settings: z.output<Settings>): readonly string[];
  /** Initial weights, drawn on the host in float64: the same ones on every device. */
  init(settings: z.output<Settings>, size: NetworkSize, generator: Generator): NamedArrays;
  /** What is random in a training pass over `rows` instances, such as dropout masks: arrays [rows, width]. Nothing if absent. */
  noise?(settings: z.output<Settings>, rows: number, generator: Generator): NamedArrays;
  /** Output for a batch: x [B,inputs] → [B,outputs]. In training with the batch's `noise`, in validation without. */
  apply(tf: TensorFlow, settings: z.output<Settings>, weights: NamedTensors, x: Tensor, noise: NamedTensors): Tensor;
}
