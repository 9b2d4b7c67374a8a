import { createRequire } from 'node:module';
import type { TensorFlow } from './device';

/**
 * Loads TensorFlow.js's core with its gradients. Both come from the ES modules: the CommonJS build registers no gradients,
 * and a second copy of the core would be a second engine that knows nothing of the first one's tensors.
 */
export async function loadCore(): Promise<TensorFlow> {
  provideCommonJs();
  const core = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-core/dist/register_all_gradients');
  return core;
}

/** TensorFlow.js reaches for CommonJS names when it sees Node, also inside ES modules, where they do not exist. */
export function provideCommonJs(): void {
  const names = globalThis as { require?: NodeJS.Require; __dirname?: string };
  names.require ??= createRequire(import.meta.url);
  names.__dirname ??= import.meta.dirname;
}
