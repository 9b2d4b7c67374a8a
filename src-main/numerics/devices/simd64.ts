import { fusedKernels, hasKernel } from '../ops/fused';
import { compileKernels, loadTensorFlow64, missingArtefact, threadEntry } from '../simd64/artefacts';
import { backendName, registerBackend, type Simd64Backend, type TensorFlow64 } from '../simd64/backend';
import { product } from '../simd64/broadcast';
import { registerFusedKernels } from '../simd64/fused';
import { Simd64Kernels } from '../simd64/kernels';
import { Simd64Memory } from '../simd64/memory';
import { registerKernels } from '../simd64/register';
import { provideCommonJs } from './core';
import type { DeviceOptions, DeviceProvider, Tensor } from './device';
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
      tensor: (values, shape) => upload(tf, values, shape),
      read: async (tensor) => tensor.dataSync() as unknown as Float64Array,
      wake: () => (tf.backend() as Simd64Backend).kernels.wake(),
      dispose: () => tf.removeBackend(backendName),
    };
  },
};

/** Writes the values straight to where the kernels read them. @throws Error if they are not as many as the shape says. */
function upload(tf: TensorFlow64, values: ArrayLike<number>, shape: number[]): Tensor {
  const length = product(shape);
  if (values.length !== length) throw new Error(`${values.length} values cannot have the shape [${shape.join(', ')}]`);
  if (length === 0) return tf.tensor([], shape, 'float32');
  const backend = tf.backend() as Simd64Backend;
  const info = backend.make([...shape], length);
  backend.view(info).set(values);
  return tf.engine().makeTensorFromTensorInfo(info);
}
