import { build } from 'vite';
import { fileURLToPath } from 'node:url';
import { buildSimd64 } from './buildSimd64.mts';

/** Tests that start real processes need the Node bundle, those that compute in float64 that device: build them once, before the first test. */
export async function setup(): Promise<void> {
  await buildSimd64();
  if (process.env.ADJOINT_SKIP_BUILD === '1') return;
  await build({ configFile: fileURLToPath(new URL('../vite.node.config.mts', import.meta.url)), logLevel: 'error' });
}
