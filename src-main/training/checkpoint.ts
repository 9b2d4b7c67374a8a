import { AdjointError } from '@shared/errors';
import type { Device, FloatArray } from '../numerics/devices/device';
import type { GeneratorState } from '@shared/random/generator';
import type { Checkpoint } from '../store/checkpoint';
import { divergedError } from './divergence';
import type { ScheduleState } from './schedules/schedule';
import type { StoppingState, TrainingState } from './state';
import { download, type NamedTensors } from './tensors';

/** A state on the host: what a checkpoint file holds. */
export interface SavedState {
  tensors: Checkpoint['tensors'];
  state: SavedScalars;
}

export interface SavedScalars {
  step: number;
  /** Epochs done, with the fraction of the one that is going on. */
  epoch: number;
  dtype: 'float32' | 'float64';
  device: string;
  position: number;
  epochLoss: { sum: number; count: number };
  generator: GeneratorState;
  noise?: GeneratorState;
  techniqueValues: Record<string, number>;
  /** Absent in checkpoints from before there were schedules with a memory; so are the next two. */
  schedules?: Record<string, ScheduleState>;
  stopping?: StoppingState;
  observedStep?: number;
  /** Absent in checkpoints from before there were budgets. */
  trainedSeconds?: number;
  validatedSeconds?: number;
  activeSeconds: number;
}

const groups = {
  'network/': (state: TrainingState) => state.weights,
  'network-buffers/': (state: TrainingState) => state.buffers,
  'technique-weights/': (state: TrainingState) => state.techniqueWeights,
  'optimizer/': (state: TrainingState) => state.slots,
  'technique/': (state: TrainingState) => state.technique.tensors,
} as const;
const orderName = 'data/order';

/**
 * Reads a state off the device.
 * @throws AdjointError `diverged` if a tensor is no longer finite: such a state is never written over a good one.
 */
export async function saveState(device: Device, state: TrainingState, stepsPerEpoch: number): Promise<SavedState> {
  const tensors: SavedState['tensors'] = new Map();
  for (const [prefix, select] of Object.entries(groups)) {
    for (const [name, { shape, values }] of Object.entries(await download(device, select(state)))) {
      if (values.some((value) => !Number.isFinite(value)))
        throw divergedError(state.step, `${prefix}${name}, after the update of step ${state.step - 1}`);
      // A copy: what the device hands out may be a view of its memory.
      tensors.set(prefix + name, { dtype: dtypeOf(values), shape, data: values.slice() });
    }
  }
  tensors.set(orderName, { dtype: 'I32', shape: [state.order.length], data: state.order.slice() });
  return {
    tensors,
    state: {
      step: state.step,
      epoch: state.step / stepsPerEpoch,
      dtype: device.dtype,
      device: device.name,
      position: state.position,
      epochLoss: { ...state.epochLoss },
      generator: { ...state.generator },
      ...(state.noise ? { noise: { ...state.noise } } : {}),
      techniqueValues: { ...state.technique.values },
      schedules: { ...state.schedules },
      stopping: { ...state.stopping },
      observedStep: state.observedStep,
      trainedSeconds: state.trainedSeconds,
      validatedSeconds: state.validatedSeconds,
      activeSeconds: state.activeSeconds,
    },
  };
}

/**
 * Puts a saved state onto a device.
 * @throws AdjointError `conflict` if it was computed in another precision: going on would change the run's numbers.
 */
export function restoreState(device: Device, saved: SavedState): TrainingState {
  const { state } = saved;
  if (state.dtype !== device.dtype)
    throw new AdjointError(
      'conflict',
      `The checkpoint is in ${state.dtype}, but device ${device.name} computes in ${device.dtype}.`,
      {
        where: `checkpoint of step ${state.step}`,
        fix: `Resume on the device ${state.device}, or start a new run from the same experiment.`,
      },
    );
  const group = (prefix: string): NamedTensors => {
    const tensors: NamedTensors = {};
    for (const [name, { shape, data }] of saved.tensors)
      if (name.startsWith(prefix)) tensors[name.slice(prefix.length)] = device.tensor(data, shape);
    return tensors;
  };
  return {
    step: state.step,
    weights: group('network/'),
    buffers: group('network-buffers/'),
    techniqueWeights: group('technique-weights/'),
    slots: group('optimizer/'),
    technique: { tensors: group('technique/'), values: state.techniqueValues },
    schedules: state.schedules ?? {},
    stopping: state.stopping ?? { stale: 0 },
    observedStep: state.observedStep ?? -1,
    generator: state.generator,
    ...(state.noise ? { noise: state.noise } : {}),
    order: (saved.tensors.get(orderName)?.data ?? new Int32Array(0)) as Int32Array,
    position: state.position,
    epochLoss: state.epochLoss,
    trainedSeconds: state.trainedSeconds ?? 0,
    validatedSeconds: state.validatedSeconds ?? 0,
    activeSeconds: state.activeSeconds,
  };
}

/** What a trained network is made of, without the optimiser's and the technique's memory; names as in the network's own description. */
export function networkWeights({ tensors }: Pick<SavedState, 'tensors'>): SavedState['tensors'] {
  const weights: SavedState['tensors'] = new Map();
  for (const prefix of ['network/', 'network-buffers/'])
    for (const [name, tensor] of tensors) if (name.startsWith(prefix)) weights.set(name.slice(prefix.length), tensor);
  return weights;
}

function dtypeOf(values: FloatArray): 'F32' | 'F64' {
  return values instanceof Float64Array ? 'F64' : 'F32';
}
