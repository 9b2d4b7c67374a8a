import { fusedKernels, hasKernel } from '../ops/fused';
import { compileKernels, loadTensorFlow64, missingArtefact, threadEntry } from '../simd64/artefacts';
import { backendName, registerBackend } from '../simd64/backend';
import { registerFusedKernels } from '../simd64/fused';
import { Simd64Kernels } from '../simd64/kernels';
import { Simd64Memory } from '../simd64/memory';
import { registerKernels } from '../simd64/register';
import { provideCommonJs } from './core';
import type { DeviceOptions, DeviceProvider } from './device';
import { simdLevel } from './simd';

const levels = { none: 'no SIMD', simd128: 'plain SIMD', 'relaxed-simd': 'relaxed SIMD (fused multiply-add)' } as const;
const describe = ({ threads }: DeviceOptions): string =>
  `float64 kernels in WebAssembly, ${levels[simdLevel()]}, ${threads} thread${threads === 1 ? '' : 's'}`;

/** TensorFlow.js in float64, with our kernels in WebAssembly. */
export const simd64Provider: DeviceProvider = {
  name: 'simd64',
  label: 'SIMD float64',
  dtype: 'float64',
  probe(options) {
    if (simdLevel() === 'none') return { available: false, detail: 'WebAssembly has no SIMD here' };
    const missing = missingArtefact();
    if (missing !== null)
      return { available: false, detail: `${missing} is not beside the program: run npm run build` };
    return { available: true, detail: describe(options) };
  },
  async load(options) {
    const { available, detail } = simd64Provider.probe(options);
    if (!available) throw new Error(detail);
    provideCommonJs();
    const tf = await loadTensorFlow64();
    if (!hasKernel(tf, fusedKernels.dense, backendName)) {
      registerKernels(tf);
      registerFusedKernels(tf);
    }
    if (tf.findBackend(backendName) === null) {
      const module = compileKernels();
      registerBackend(tf, () => new Simd64Kernels(module, new Simd64Memory(), options.threads, threadEntry()));
    }
    await tf.setBackend(backendName);
    await tf.ready();
    return {
      name: 'simd64',
      label: simd64Provider.label,
      dtype: 'float64',
      threads: options.threads,
      detail,
      packages: { '@tensorflow/tfjs-core': tf.version_core, '@tensorflow/tfjs-backend-cpu': tf.version_cpu },
      tf,
      tensor: (values, shape) => tf.tensor(new Float64Array(values) as unknown as Float32Array, shape, 'float32'),
      read: async (tensor) => tensor.dataSync() as unknown as Float64Array,
      dispose: () => tf.removeBackend(backendName),
    };
  },
};
