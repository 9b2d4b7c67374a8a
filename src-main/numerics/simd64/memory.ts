import { AdjointError } from '@shared/errors';

/** What is used of WebAssembly here; its types come with the DOM's, which this side does not have. */
interface WebAssemblyApi {
  Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { exports: Record<string, unknown> };
}
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
export type WasmModule = object;
export const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

export const pageBytes = 65_536;
/** Below it lie the control block and the scratch space of up to 64 threads: see assembly/layout.ts. */
const heapStart = 2 << 20;
const maximumPages = 65_536;

/** Numbers that share a cache line are never in two arrays, so threads do not disturb each other. */
const line = 64;
const smallClasses = 16;

/**
 * The memory of the device: arrays of float64 at 64-byte borders, all of them visible to every thread. Freed blocks are kept in lists by
 * size and used again; four sizes an octave, so that at most a fifth of a block is unused.
 */
export class Simd64Memory {
  readonly wasm: WasmMemory;
  readonly #free: number[][] = [];
  #buffer: SharedArrayBuffer;
  #end = heapStart;
  #used = 0;

  constructor(maximum = maximumPages) {
    this.wasm = new Memory({ initial: (heapStart * 4) / pageBytes, maximum, shared: true });
    this.#buffer = this.wasm.buffer;
  }

  /** Bytes in blocks that are in use. */
  get used(): number {
    return this.#used;
  }

  /** Address of a block for `length` numbers; what it holds is undefined. @throws AdjointError `unsupported` when memory is full. */
  allocate(length: number): number {
    const [kind, bytes] = sizeClass(length * 8);
    this.#used += bytes;
    const known = this.#free[kind]?.pop();
    if (known !== undefined) return known;
    const address = this.#end;
    if (address + bytes > this.#buffer.byteLength) this.#grow(address + bytes - this.#buffer.byteLength);
    this.#end += bytes;
    return address;
  }

  free(address: number, length: number): void {
    const [kind, bytes] = sizeClass(length * 8);
    this.#used -= bytes;
    (this.#free[kind] ??= []).push(address);
  }

  view(address: number, length: number): Float64Array<SharedArrayBuffer> {
    return new Float64Array(this.#buffer, address, length);
  }

  integers(address: number, length: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.#buffer, address, length);
  }

  #grow(bytes: number): void {
    const needed = Math.ceil(bytes / pageBytes);
    try {
      // A quarter more at a time; when that much is no longer there, only what is needed.
      const generous = Math.max(needed, Math.ceil(this.#buffer.byteLength / pageBytes / 4));
      try {
        this.wasm.grow(generous);
      } catch {
        this.wasm.grow(needed);
      }
    } catch (error) {
      throw new AdjointError('unsupported', 'The tensors do not fit into the 4 GiB that device simd64 can address.', {
        where: `device simd64, ${Math.round(this.#used / 2 ** 20)} MiB in use`,
        fix: 'Use smaller batches or a smaller network, or another device.',
        cause: error,
      });
    }
    this.#buffer = this.wasm.buffer;
  }
}

/** Number of the size class of a block and how many bytes its blocks have. */
function sizeClass(wanted: number): [number, number] {
  const bytes = Math.max(wanted, 8);
  if (bytes <= smallClasses * line) {
    const lines = Math.ceil(bytes / line);
    return [lines, lines * line];
  }
  const octave = 31 - Math.clz32(bytes - 1);
  const step = 2 ** (octave - 2);
  const steps = Math.ceil(bytes / step);
  return [smallClasses + 4 * (octave - 9) + steps - 4, steps * step];
}
