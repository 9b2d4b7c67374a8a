import type { z } from 'zod';
import type { Generator } from '@shared/random/generator';
import type { Tensor, TensorFlow } from '../../numerics/devices/device';
import type { Method } from '../method';
import type { NamedArrays, NamedTensors } from '../tensors';

export interface NetworkSize {
  inputs: number;
  outputs: number;
}

/** A network as two pure functions over named weights. */
export interface Network<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  /** Initial weights, drawn on the host in float64: the same ones on every device. */
  init(settings: z.output<Settings>, size: NetworkSize, generator: Generator): NamedArrays;
  /** Output for a batch: x [B,inputs] → [B,outputs]. */
  apply(tf: TensorFlow, settings: z.output<Settings>, weights: NamedTensors, x: Tensor): Tensor;
}
