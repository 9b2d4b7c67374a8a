/** Specs of TensorFlow.js that cannot hold in float64, each with why. A spec that is listed and passes is an error, as is one that fails unlisted. */
export const inapplicable: Record<string, string> = {};

function because(reason: string, ...names: string[]): void {
  for (const name of names) inapplicable[name] = reason;
}

because(
  'asks for the 1e-7 of float32; ours is the machine precision of float64',
  'epsilon simd64 {} Epsilon is a function of float precision',
);

because(
  'TensorFlow.js’s file format for weights has no float64; our checkpoints are safetensors files',
  'encodeWeights simd64 {} Float32 tensors as NamedTensorMap',
  'encodeWeights simd64 {} Float32 tensors as NamedTensor array',
  'encodeWeights simd64 {} Complex64 tensors',
  'encodeWeights simd64 {} Mixed dtype tensors',
  'decodeWeights simd64 {} from arraybuffer Mixed dtype tensors',
  'decodeWeights simd64 {} from stream Mixed dtype tensors',
);

because(
  'compares printed text whose last digit is that of numbers rounded to float32',
  'tensor.toString simd64 {} 2d with padding to align columns verbose',
  'tensor.toString simd64 {} 2d with padding to align columns',
  'tensor.toString simd64 {} 2d complex64 with padding to align columns verbose',
  'tensor.toString simd64 {} 2d complex64 with padding to align columns',
);
