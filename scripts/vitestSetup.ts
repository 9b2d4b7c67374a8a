import { build } from 'vite';
import { fileURLToPath } from 'node:url';

/** Tests that start real processes need the Node bundle: build it once, before the first test. */
export async function setup(): Promise<void> {
  if (process.env.ADJOINT_SKIP_BUILD === '1') return;
  await build({ configFile: fileURLToPath(new URL('../vite.node.config.mts', import.meta.url)), logLevel: 'error' });
}
