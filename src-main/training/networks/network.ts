import type { z } from 'zod';
import type { Generator } from '@shared/random/generator';
import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { Method } from '../../modelling/method';
import type { NamedArrays, NamedTensors } from '../tensors';

export interface NetworkSize {
  inputs: number;
  outputs: number;
}

/** One pass over a batch. */
export interface NetworkPass {
  weights: NamedTensors;
  /** What the network keeps besides its weights, as `buffers` made it or the last training pass left it. */
  buffers: NamedTensors;
  /** In training with the batch's `noise` and statistics, otherwise without noise and with the buffers' statistics. */
  training: { noise: NamedTensors } | null;
}

/** A network as pure functions over named weights and buffers. */
export interface Network<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  /** Names of the layers from input to output; the weights of each are named `<layer>/…`. */
  layers(settings: z.output<Settings>): readonly string[];
  /** Initial weights, drawn on the host in float64: the same ones on every device. */
  init(settings: z.output<Settings>, size: NetworkSize, generator: Generator): NamedArrays;
  /** What is kept without being trained, such as running statistics, as it is at first. Nothing if absent. */
  buffers?(settings: z.output<Settings>): NamedArrays;
  /** What is random in a training pass over `rows` instances, such as dropout masks: arrays [rows, width]. Nothing if absent. */
  noise?(settings: z.output<Settings>, rows: number, generator: Generator): NamedArrays;
  /**
   * Output for a batch, x [B,inputs] → y [B,outputs], the features that its last layer starts from [B,width], and the buffers after it;
   * outside of training they are the given ones.
   */
  apply(
    tf: TensorFlow,
    settings: z.output<Settings>,
    pass: NetworkPass,
    x: Tensor,
  ): { y: Tensor; features: Tensor; buffers: NamedTensors };
}
