import type * as tfjs from '@tensorflow/tfjs-core';

/** The operations of TensorFlow.js, as values: whoever computes is handed them and imports none itself. */
export type TensorFlow = typeof tfjs;
export type { Tensor, Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** Rungs of the ladder, best first. `auto` takes the first that is available. */
export const deviceNames = ['simd64', 'tensorflow', 'wasm', 'cpu'] as const;
export type DeviceName = (typeof deviceNames)[number];
export const deviceRequests = ['auto', ...deviceNames] as const;
export type DeviceRequest = (typeof deviceRequests)[number];

export type FloatArray = Float32Array | Float64Array;

/**
 * Where tensors live and operations run. One device a process.
 *
 * Nothing may assume float32: `tensor` and `read` take and give whatever precision the device has.
 */
export interface Device {
  name: DeviceName;
  /** For people, such as `WebAssembly SIMD`. */
  label: string;
  dtype: 'float32' | 'float64';
  threads: number;
  /** What it runs on, and, where `auto` passed over a better rung that is installed, why. */
  detail: string;
  /** Version of each package that computes. */
  packages: Record<string, string>;
  tf: TensorFlow;
  /** A tensor of the device's own precision; `values` are rounded to it once. */
  tensor(values: ArrayLike<number>, shape: number[]): tfjs.Tensor;
  /** The values of a tensor in the device's own precision; waits for the device. */
  read(tensor: tfjs.Tensor): Promise<FloatArray>;
  /** Says that work is about to come after a pause, so that sleeping threads are awake by then. Nothing for a device whose threads do not sleep. */
  wake?(): void;
  dispose(): void;
}

export interface DeviceOptions {
  /** Threads that the device may use, where it can use more than one. */
  threads: number;
  /** Folders from which optional packages are looked up, such as the workspace. */
  packageFolders?: readonly string[];
}

/** One rung: how to tell whether it can be had, and how to load it. */
export interface DeviceProvider {
  name: DeviceName;
  label: string;
  dtype: 'float32' | 'float64';
  /** Cheap: loads no backend. */
  probe(options: DeviceOptions): { available: boolean; detail: string };
  /** @throws Error with the reason, if the backend does not load. */
  load(options: DeviceOptions): Promise<Device>;
}

/** The rest of a device that computes in float32, given its TensorFlow.js. */
export function float32Device(
  tf: TensorFlow,
  description: Pick<Device, 'name' | 'label' | 'threads' | 'detail' | 'packages'>,
): Device {
  return {
    ...description,
    dtype: 'float32',
    tf,
    tensor: (values, shape) => tf.tensor(Float32Array.from(values), shape, 'float32'),
    read: async (tensor) => (await tensor.data<'float32'>()) as Float32Array,
    dispose: () => tf.removeBackend(tf.getBackend()),
  };
}
