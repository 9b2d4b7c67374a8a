import type { z } from 'zod';
import type { Device, Tensor } from '../numerics/devices/device';
import type { Generator } from '@shared/random/generator';
import type { NetworkSettings, OptimizerSettings, TechniqueSettings } from './experimentSchema';
import type { Network, NetworkSize } from './networks/network';
import { networks } from './networks/registry';
import type { BoundOptimizer, Optimizer } from './optimizers/optimizer';
import { optimizers } from './optimizers/registry';
import type { Technique } from './techniques/technique';
import { techniques } from './techniques/registry';
import type { NamedArrays, NamedTensors } from './tensors';

// A method is looked up by the kind of its own settings, so the two belong together; the casts say so, here only.

type Any<Settings> = z.ZodType<Settings>;

export interface BoundNetwork {
  init(size: NetworkSize, generator: Generator): NamedArrays;
  apply(device: Device, weights: NamedTensors, x: Tensor): Tensor;
}

export function bindNetwork(settings: NetworkSettings): BoundNetwork {
  const network = find(networks, settings.kind) as unknown as Network<string, Any<NetworkSettings>>;
  return {
    init: (size, generator) => network.init(settings, size, generator),
    apply: ({ tf }, weights, x) => network.apply(tf, settings, weights, x),
  };
}

export function bindOptimizer(settings: OptimizerSettings): BoundOptimizer {
  const optimizer = find(optimizers, settings.kind) as unknown as Optimizer<string, Any<OptimizerSettings>>;
  const { learningRate } = settings;
  return {
    slotNames: optimizer.slots(settings),
    learningRate,
    update: (tf, t, weight, gradient, slots) =>
      optimizer.update({ tf, settings, learningRate, t }, weight, gradient, slots),
  };
}

export type AnyTechnique = Technique<string, Any<unknown>>;

export interface BoundTechnique {
  technique: AnyTechnique;
  settings: unknown;
}

export function bindTechnique(settings: TechniqueSettings): BoundTechnique {
  return { technique: find(techniques, settings.kind) as unknown as AnyTechnique, settings };
}

function find<Entry extends { kind: string }>(registry: readonly Entry[], kind: string): Entry {
  return registry.find((entry) => entry.kind === kind)!;
}
