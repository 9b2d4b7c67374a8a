import { loadCore } from './core';
import { type DeviceProvider, float32Device } from './device';

/** TensorFlow.js's kernels in plain JavaScript: slow, and available everywhere. */
export const cpuProvider: DeviceProvider = {
  name: 'cpu',
  label: 'JavaScript',
  dtype: 'float32',
  probe: () => ({ available: true, detail: 'TensorFlow.js kernels in plain JavaScript, one thread' }),
  async load(options) {
    const tf = await loadCore();
    const { version_cpu } = await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
    await tf.ready();
    // On first use the backend would advertise tfjs-node on the terminal.
    (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
    return float32Device(tf, {
      name: 'cpu',
      label: cpuProvider.label,
      threads: 1,
      detail: cpuProvider.probe(options).detail,
      packages: { '@tensorflow/tfjs-core': tf.version_core, '@tensorflow/tfjs-backend-cpu': version_cpu },
    });
  },
};
