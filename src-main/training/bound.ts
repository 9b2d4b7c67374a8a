import type { z } from 'zod';
import type { Device, Tensor } from '../numerics/devices/device';
import type { Generator } from '@shared/random/generator';
import type { NetworkSettings, OptimizerSettings, TechniqueSettings } from './experimentSchema';
import type { Network, NetworkPass, NetworkSize } from './networks/network';
import { learningRates } from './learningRates/registry';
import { afterWarmUp } from './learningRates/warmUp';
import { networks } from './networks/registry';
import type { BoundOptimizer, Optimizer } from './optimizers/optimizer';
import { optimizers } from './optimizers/registry';
import { schedules, type ScheduleSettings } from './schedules/registry';
import type { BoundSchedule, Schedule } from './schedules/schedule';
import type { Technique } from './techniques/technique';
import { techniques } from './techniques/registry';
import type { NamedArrays, NamedTensors } from './tensors';

// A method is looked up by the kind of its own settings, so the two belong together; the casts say so, here only.

type Any<Settings> = z.ZodType<Settings>;

export interface BoundNetwork {
  layers: readonly string[];
  init(size: NetworkSize, generator: Generator): NamedArrays;
  buffers(): NamedArrays;
  noise(rows: number, generator: Generator): NamedArrays;
  apply(device: Device, pass: NetworkPass, x: Tensor): { y: Tensor; features: Tensor; buffers: NamedTensors };
}

export function bindNetwork(settings: NetworkSettings): BoundNetwork {
  const network = find(networks, settings.kind) as unknown as Network<string, Any<NetworkSettings>>;
  return {
    layers: network.layers(settings),
    init: (size, generator) => network.init(settings, size, generator),
    buffers: () => network.buffers?.(settings) ?? {},
    noise: (rows, generator) => network.noise?.(settings, rows, generator) ?? {},
    apply: ({ tf }, pass, x) => network.apply(tf, settings, pass, x),
  };
}

export function bindOptimizer(settings: OptimizerSettings): BoundOptimizer {
  const optimizer = find(optimizers, settings.kind) as unknown as Optimizer<string, Any<OptimizerSettings>>;
  const { learningRate, schedule, warmup, clip } = settings;
  return {
    slotNames: optimizer.slots(settings),
    learningRate,
    schedule: afterWarmUp(withSettings(find(learningRates, schedule.kind), schedule), warmup),
    clip,
    update: (tf, at, weight, gradient, slots) => optimizer.update({ tf, settings, ...at }, weight, gradient, slots),
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

export function bindSchedule(settings: ScheduleSettings): BoundSchedule {
  return withSettings(find(schedules, settings.kind), settings);
}

function withSettings<Settings>(schedule: { kind: string }, settings: Settings): BoundSchedule {
  const bound = schedule as unknown as Schedule<string, Any<Settings>>;
  return {
    value: (position, state = {}) => bound.value(settings, position, state),
    observe: (state = {}, metrics) => bound.observe?.(settings, state, metrics) ?? state,
  };
}

function find<Entry extends { kind: string }>(registry: readonly Entry[], kind: string): Entry {
  return registry.find((entry) => entry.kind === kind)!;
}
