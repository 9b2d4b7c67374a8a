import type { SavedScalars, SavedState } from '../training/checkpoint';

/** Diagnostics are differences of gradients: they are taken in float64, where the weights of a float32 run are exact. */
export function inFloat64({ tensors, state }: { tensors: SavedState['tensors']; state: SavedScalars }): SavedState {
  const cast: SavedState['tensors'] = new Map();
  for (const [name, tensor] of tensors)
    cast.set(name, tensor.dtype === 'F32' ? { ...tensor, dtype: 'F64', data: Float64Array.from(tensor.data) } : tensor);
  return { tensors: cast, state: { ...state, dtype: 'float64' } };
}
