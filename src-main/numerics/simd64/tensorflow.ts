// Entry of the float64 copy of TensorFlow.js: built by scripts/buildSimd64.mts, loaded by `artefacts.ts`, imported by nothing.
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export * from '@tensorflow/tfjs-core';
export { MathBackendCPU, version_cpu } from '@tensorflow/tfjs-backend-cpu';
