import type { Device, FloatArray, Tensor, TensorFlow } from '../numerics/devices/device';

/** Tensors by name, such as `layer1/kernel`. The order of the names is part of the value: sums run in it. */
export type NamedTensors = Record<string, Tensor>;

/** Arrays by name on the host: what a checkpoint holds and what initial weights are drawn as. */
export type NamedArrays = Record<string, { shape: number[]; values: ArrayLike<number> }>;

export function upload(device: Device, arrays: NamedArrays): NamedTensors {
  return mapTensors(arrays, ({ shape, values }) => device.tensor(values, shape));
}

export async function download(
  device: Device,
  tensors: NamedTensors,
): Promise<Record<string, { shape: number[]; values: FloatArray }>> {
  const result: Record<string, { shape: number[]; values: FloatArray }> = {};
  for (const [name, tensor] of Object.entries(tensors))
    result[name] = { shape: [...tensor.shape], values: await device.read(tensor) };
  return result;
}

/** Numbers and scalars on the device as numbers; what is computed for them is disposed of, tensors that were there before stay. */
export async function readScalars(
  device: Device,
  compute: () => Record<string, number | Tensor>,
): Promise<Record<string, number>> {
  const { tf } = device;
  const names: string[] = [];
  const result: Record<string, number> = {};
  const [stacked] = tf.tidy((): Tensor[] => {
    const tensors: Tensor[] = [];
    for (const [name, value] of Object.entries(compute())) {
      result[name] = value as number;
      if (typeof value === 'number') continue;
      names.push(name);
      tensors.push(value);
    }
    return tensors.length > 0 ? [tf.stack(tensors)] : [];
  });
  if (stacked === undefined) return result;
  const values = await device.read(stacked);
  stacked.dispose();
  names.forEach((name, i) => (result[name] = values[i]));
  return result;
}

export function disposeAll(tensors: NamedTensors): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

export function zerosLike(tf: TensorFlow, tensors: NamedTensors): NamedTensors {
  return mapTensors(tensors, (tensor) => tf.zerosLike(tensor));
}

export function mapTensors<T, U>(
  tensors: Readonly<Record<string, T>>,
  map: (tensor: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor, name)]));
}

/** Σ over all tensors of ⟨a, b⟩, as a scalar on the device. */
export function innerProduct(tf: TensorFlow, a: NamedTensors, b: NamedTensors): Tensor {
  return tf.addN(Object.keys(a).map((name) => tf.sum(tf.mul(a[name], b[name]))));
}
