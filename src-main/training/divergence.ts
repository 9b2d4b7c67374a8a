import { AdjointError } from '@shared/errors';
import type { Device, FloatArray, Tensor } from '../numerics/devices/device';
import type { TrainingState } from './state';
import type { NamedTensors } from './tensors';

/**
 * The error to stop with if the loss is no longer finite, else null. It names the first quantity that is not finite, looked for
 * where it would have come from: the weights (so the update before), the network's output, the layer's, objective, penalty, loss.
 */
export async function divergence(
  device: Device,
  state: TrainingState,
  values: { objective: number; penalty: number; loss: number },
  { raw, y }: { raw: Tensor; y: Tensor },
): Promise<AdjointError | null> {
  if (Number.isFinite(values.loss) && Number.isFinite(values.penalty)) return null;
  const weight = await firstNonFinite(device, { ...state.weights, ...state.techniqueWeights });
  if (weight !== null)
    return divergedError(state.step, `the weights ${weight}, after the update of step ${state.step - 1}`);
  if (!allFinite(await device.read(raw))) return divergedError(state.step, 'the network’s output');
  if (!allFinite(await device.read(y))) return divergedError(state.step, 'the layer’s output');
  const scalar = Object.entries(values).find(([, value]) => !Number.isFinite(value));
  return divergedError(state.step, `the ${scalar?.[0]} (${scalar?.[1]})`);
}

/** The name of the first tensor that holds NaN or infinity, or null. */
export async function firstNonFinite(device: Device, tensors: NamedTensors): Promise<string | null> {
  for (const [name, tensor] of Object.entries(tensors)) if (!allFinite(await device.read(tensor))) return name;
  return null;
}

export function divergedError(step: number, first: string): AdjointError {
  return new AdjointError('diverged', `Training diverged at step ${step}: first not finite was ${first}.`, {
    where: `step ${step}`,
    fix: 'Use a smaller learning rate or penalty weight. The run and its checkpoint from before are kept.',
  });
}

function allFinite(values: FloatArray): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
