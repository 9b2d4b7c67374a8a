import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCore } from './core';
import { type DeviceProvider, float32Device } from './device';
import { simdLevel } from './simd';
import { installTransposedMatMul } from './wasmMatMul';

const binary = (simd: boolean) => (simd ? 'tfjs-backend-wasm-simd.wasm' : 'tfjs-backend-wasm.wasm');

/** TensorFlow.js's WebAssembly backend. Under Node it has one thread. */
export const wasmProvider: DeviceProvider = {
  name: 'wasm',
  label: 'WebAssembly',
  dtype: 'float32',
  probe() {
    const simd = simdLevel() !== 'none';
    const file = findBinary(binary(simd));
    if (file === undefined) return { available: false, detail: `${binary(simd)} is not beside the program` };
    return { available: true, detail: `TensorFlow.js in WebAssembly${simd ? ' with SIMD' : ''}, one thread` };
  },
  async load(options) {
    const { available, detail } = wasmProvider.probe(options);
    if (!available) throw new Error(detail);
    const tf = await loadCore();
    const backend = await import('@tensorflow/tfjs-backend-wasm');
    // The backend's own loader wants to fetch; from disk it is a data URL that Node's fetch reads.
    const name = binary(simdLevel() !== 'none');
    const bytes = readFileSync(findBinary(name)!);
    const url = `data:application/wasm;base64,${bytes.toString('base64')}`;
    backend.setWasmPaths(
      {
        'tfjs-backend-wasm.wasm': url,
        'tfjs-backend-wasm-simd.wasm': url,
        'tfjs-backend-wasm-threaded-simd.wasm': url,
      },
      true,
    );
    const listeners = currentListeners();
    await tf.setBackend('wasm');
    await tf.ready();
    removeAddedListeners(listeners);
    installTransposedMatMul(tf);
    return float32Device(tf, {
      name: 'wasm',
      label: wasmProvider.label,
      threads: 1,
      detail,
      packages: { '@tensorflow/tfjs-core': tf.version_core, '@tensorflow/tfjs-backend-wasm': backend.version_wasm },
    });
  },
};

const handled = ['uncaughtException', 'unhandledRejection'] as const;
const currentListeners = () => new Map(handled.map((event) => [event, process.listeners(event as 'exit')]));

/** Emscripten installs process-wide handlers that rethrow; they would hide a run's own error handling. */
function removeAddedListeners(before: ReturnType<typeof currentListeners>): void {
  for (const [event, known] of before)
    for (const listener of process.listeners(event as 'exit'))
      if (!known.includes(listener)) process.removeListener(event, listener);
}

/** Beside the bundle (out/node/wasm, seen from an entry or from a chunk), or in the package when run from source. */
function findBinary(name: string): string | undefined {
  const beside = ['./wasm/', '../wasm/'].map((folder) => fileURLToPath(new URL(folder + name, import.meta.url)));
  return [...beside, inPackage(name)].find((path) => path !== undefined && existsSync(path));
}

function inPackage(name: string): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
    return join(dirname(main), 'dist', name);
  } catch {
    return undefined;
  }
}
