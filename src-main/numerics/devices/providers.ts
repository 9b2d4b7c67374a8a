import { cpuProvider } from './cpu';
import type { DeviceProvider } from './device';
import { simd64Provider } from './simd64';
import { tensorflowProvider } from './tensorflow';
import { wasmProvider } from './wasm';

/** Every rung of the ladder, best first. Listing them loads no backend: each loads its own when asked to. */
export const ladder: readonly DeviceProvider[] = [simd64Provider, tensorflowProvider, wasmProvider, cpuProvider];
