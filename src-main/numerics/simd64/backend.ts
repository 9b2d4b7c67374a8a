import type * as cpu from '@tensorflow/tfjs-backend-cpu';
import type * as tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../devices/device';
import type { Simd64Kernels } from './kernels';
import type { Simd64Memory } from './memory';

/** The float64 copy of TensorFlow.js with its plain kernels, as scripts/buildSimd64.mts makes it. */
export type TensorFlow64 = TensorFlow & Pick<typeof cpu, 'MathBackendCPU'> & { version_cpu: string };

export const backendName = 'simd64';

/** TensorFlow.js's types do not know that its floats are float64 here. */
type Values = tfjs.BackendValues | Float64Array;

/**
 * What a tensor holds. Numbers that kernels in WebAssembly made or read lie in the device's memory, at `address`; what plain kernels made
 * stays on JavaScript's heap until one of the former reads it. `values` shows either as an array.
 */
export class StoredTensor {
  readonly dtype: tfjs.DataType;
  refCount: number;
  complexTensorInfos?: { real: tfjs.TensorInfo; imag: tfjs.TensorInfo };
  address = 0;
  length = 0;
  readonly #memory: Simd64Memory;
  #values: Values | null;

  constructor(memory: Simd64Memory, dtype: tfjs.DataType, values: Values | null, refCount: number) {
    this.#memory = memory;
    this.dtype = dtype;
    this.refCount = refCount;
    this.#values = values;
  }

  /** A tensor of `length` numbers that a kernel is about to write. */
  static inMemory(memory: Simd64Memory, length: number): StoredTensor {
    const stored = new StoredTensor(memory, 'float32', null, 1);
    stored.#claim(length);
    return stored;
  }

  get values(): Values {
    return (this.#values ??= this.#memory.view(this.address, this.length));
  }

  set values(values: Values) {
    this.free();
    this.#values = values;
  }

  /** Where its numbers are in the device's memory, moved there if need be. */
  place(): number {
    if (this.address === 0) {
      const values = this.#values as Float64Array;
      this.#claim(values.length);
      const view = this.#memory.view(this.address, this.length);
      view.set(values);
      this.#values = view;
    }
    return this.address;
  }

  /** Gives the memory back; views of it must not be used any more. */
  free(): void {
    if (this.address !== 0) this.#memory.free(this.address, this.length);
    this.address = 0;
    this.#values = null;
  }

  #claim(length: number): void {
    this.address = this.#memory.allocate(length);
    this.length = length;
  }
}

/** What kernels see of the backend. */
export interface Simd64Backend extends tfjs.KernelBackend {
  readonly kernels: Simd64Kernels;
  /** Where a float tensor's numbers are. */
  place(tensor: tfjs.TensorInfo): number;
  /** A new float tensor in the device's memory, to be written. */
  make(shape: number[], length: number): tfjs.TensorInfo & { address: number };
  /** The numbers of a float tensor, to be read or written at once. */
  view(tensor: tfjs.TensorInfo): Float64Array;
}

interface Storage {
  get(dataId: object): StoredTensor;
  set(dataId: object, value: StoredTensor): void;
  has(dataId: object): boolean;
  delete(dataId: object): boolean;
}

/** Registers the backend; `tf.setBackend('simd64')` then makes it. */
export function registerBackend(tf: TensorFlow64, makeKernels: () => Simd64Kernels): void {
  tf.registerBackend(backendName, () => makeBackend(tf, makeKernels()));
}

function makeBackend(tf: TensorFlow64, kernels: Simd64Kernels): tfjs.KernelBackend {
  const { memory } = kernels;

  /** TensorFlow.js's plain backend, which its kernels know, over the device's memory. */
  class Backend extends tf.MathBackendCPU {
    readonly kernels = kernels;
    #ids = 0;

    get #storage(): Storage {
      return this.data as unknown as Storage;
    }

    override write(values: Values, _shape: number[], dtype: tfjs.DataType): object {
      const dataId = { id: this.#ids++ };
      this.move(dataId, values, _shape, dtype, 1);
      return dataId;
    }

    override move(dataId: object, values: Values, _shape: number[], dtype: tfjs.DataType, refCount: number): void {
      // A view of another tensor's numbers would change when that tensor is disposed and its memory used again.
      const own = isShared(values) ? values.slice() : values;
      this.#storage.set(dataId, new StoredTensor(memory, dtype, own, refCount));
    }

    override readSync(dataId: object): tfjs.BackendValues {
      const values: Values = super.readSync(dataId);
      return (isShared(values) ? new Float64Array(values) : values) as tfjs.BackendValues;
    }

    override disposeData(dataId: object, force = false): boolean {
      const storage = this.#storage;
      if (!storage.has(dataId)) return true;
      const stored = storage.get(dataId);
      stored.refCount--;
      if (!force && stored.refCount > 0) return false;
      if (stored.complexTensorInfos) {
        this.disposeData(stored.complexTensorInfos.real.dataId, true);
        this.disposeData(stored.complexTensorInfos.imag.dataId, true);
      }
      stored.free();
      storage.delete(dataId);
      return true;
    }

    place({ dataId }: tfjs.TensorInfo): number {
      return this.#storage.get(dataId).place();
    }

    make(shape: number[], length: number): tfjs.TensorInfo & { address: number } {
      const dataId = { id: this.#ids++ };
      const stored = StoredTensor.inMemory(memory, length);
      this.#storage.set(dataId, stored);
      return { dataId, shape, dtype: 'float32', address: stored.address };
    }

    view({ dataId }: tfjs.TensorInfo): Float64Array {
      return this.#storage.get(dataId).values as Float64Array;
    }

    override memory() {
      return { unreliable: false, reasons: [] };
    }

    override epsilon(): number {
      return Number.EPSILON;
    }

    override dispose(): void {
      kernels.dispose();
    }
  }
  const backend = new Backend();
  // On first use the plain backend would advertise another one on the terminal.
  (backend as unknown as { firstUse: boolean }).firstUse = false;
  return backend;
}

function isShared(values: Values | null): values is Float64Array<SharedArrayBuffer> {
  return values instanceof Float64Array && values.buffer instanceof SharedArrayBuffer;
}
