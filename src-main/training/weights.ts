import type { TrainingState } from './state';
import type { NamedTensors } from './tensors';

/** What a technique brings in is named under it: its weights among all, the schedules of its settings among the optimizer’s. */
export const techniquePrefix = 'technique/';

/** All trainable weights of a state. */
export const allWeights = ({ weights, techniqueWeights }: TrainingState): NamedTensors =>
  joinWeights(weights, techniqueWeights);

/** All trainable weights under one roof, for gradients and optimizer. */
export function joinWeights(weights: NamedTensors, added: NamedTensors): NamedTensors {
  const all = { ...weights };
  for (const [name, tensor] of Object.entries(added)) all[techniquePrefix + name] = tensor;
  return all;
}

export function splitWeights(all: NamedTensors): { own: NamedTensors; added: NamedTensors } {
  const [own, added]: [NamedTensors, NamedTensors] = [{}, {}];
  for (const [name, tensor] of Object.entries(all)) {
    if (name.startsWith(techniquePrefix)) added[name.slice(techniquePrefix.length)] = tensor;
    else own[name] = tensor;
  }
  return { own, added };
}
