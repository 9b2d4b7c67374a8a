import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { simdLevel } from '../devices/simd';
import type { TensorFlow64 } from './backend';
import { Module, type WasmModule } from './memory';

/**
 * What scripts/buildSimd64.mts made: beside the bundle (out/node/simd64, seen from an entry or from a chunk), or in out/simd64 when run from
 * source.
 */
function find(name: string): URL | undefined {
  const folders = ['./simd64/', '../simd64/', '../../../out/simd64/'];
  return folders.map((folder) => new URL(folder + name, import.meta.url)).find((url) => existsSync(url));
}

const binary = () => (simdLevel() === 'relaxed-simd' ? 'kernels-relaxed.wasm' : 'kernels-simd.wasm');

/** The file that is missing, or null if everything is there. */
export function missingArtefact(): string | null {
  return [binary(), 'tensorflow.mjs', 'thread.mjs'].find((name) => find(name) === undefined) ?? null;
}

export async function loadTensorFlow64(): Promise<TensorFlow64> {
  return (await import(/* @vite-ignore */ pathToFileURL(fileURLToPath(find('tensorflow.mjs')!)).href)) as TensorFlow64;
}

/** The kernels for what WebAssembly offers here. */
export function compileKernels(): WasmModule {
  return new Module(Uint8Array.from(readFileSync(find(binary())!)));
}

export const threadEntry = (): URL => find('thread.mjs')!;
