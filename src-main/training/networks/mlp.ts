import { z } from 'zod';
import { dense } from '../../numerics/ops/dense';
import { activationNames, activations } from './activations';
import { initialScaling, initialStatistics, normalise } from './batchNorm';
import type { Network } from './network';
import type { NamedArrays, NamedTensors } from '../tensors';

const settings = z.strictObject({
  kind: z.literal('mlp'),
  hidden: z
    .array(z.int().min(1).max(65_536))
    .max(64)
    .default([200, 200])
    .describe('Width of each hidden layer; an empty list is a linear map.'),
  activation: z.enum(activationNames).default('relu').describe('Nonlinearity after each hidden layer.'),
  batchNorm: z
    .boolean()
    .default(false)
    .describe('Batch normalisation in each hidden layer, before its nonlinearity; validation uses running statistics.'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Probability with which each output of a hidden layer is set to zero in training; 0 for none.'),
});

/**
 * Multilayer perceptron: hidden layers z ← φ(zW + b), or φ(BN(zW)), whose shift takes the place of b, then an affine output.
 *
 * Initial weights are N(0, 2/fan-in) in hidden layers (He et al., 2015) and N(0, 2/(fan-in + fan-out)) in the output
 * (Glorot & Bengio, 2010); biases are zero. Dropout is inverted: what stays is scaled by 1/(1 − p), so that validation needs no
 * scaling (Srivastava et al., JMLR 2014). Names: `layer<i>/kernel` [in,out] and `layer<i>/bias` [out], or `layer<i>/scale` and `layer<i>/shift` [out].
 */
export const mlp: Network<'mlp', typeof settings> = {
  kind: 'mlp',
  title: 'Multilayer perceptron',
  summary: 'Fully connected layers of free width and number, with one activation between them.',
  reference: 'He et al., Delving Deep into Rectifiers, ICCV 2015 (initial weights)',
  settings,
  layers: ({ hidden }) => Array.from({ length: hidden.length + 1 }, (_, i) => `layer${i + 1}`),
  init({ hidden, batchNorm }, { inputs, outputs }, generator) {
    const widths = [inputs, ...hidden, outputs];
    const weights: NamedArrays = {};
    for (let layer = 1; layer < widths.length; layer++) {
      const [fanIn, fanOut] = [widths[layer - 1], widths[layer]];
      const last = layer === widths.length - 1;
      const deviation = Math.sqrt(2 / (last ? fanIn + fanOut : fanIn));
      const kernel = generator.standardNormals(fanIn * fanOut).map((draw) => draw * deviation);
      weights[`layer${layer}/kernel`] = { shape: [fanIn, fanOut], values: kernel };
      const zeros = { shape: [fanOut], values: new Float64Array(fanOut) };
      if (!batchNorm || last) weights[`layer${layer}/bias`] = zeros;
      else Object.assign(weights, initialScaling(`layer${layer}`, fanOut));
    }
    return weights;
  },
  buffers({ hidden, batchNorm }) {
    if (!batchNorm) return {};
    return Object.assign({}, ...hidden.map((width, i) => initialStatistics(`layer${i + 1}`, width))) as NamedArrays;
  },
  noise({ hidden, dropout }, rows, generator) {
    const masks: NamedArrays = {};
    if (dropout === 0) return masks;
    const kept = 1 / (1 - dropout);
    hidden.forEach((width, i) => {
      const values = new Float64Array(rows * width);
      for (let k = 0; k < values.length; k++) values[k] = generator.random() < dropout ? 0 : kept;
      masks[`layer${i + 1}/mask`] = { shape: [rows, width], values };
    });
    return masks;
  },
  apply(tf, { hidden, activation, batchNorm }, { weights, buffers, training }, x) {
    const nextBuffers: NamedTensors = {};
    let z = x;
    let features = x;
    for (let i = 1; i <= hidden.length + 1; i++) {
      const layer = `layer${i}`;
      const last = i > hidden.length;
      if (last) features = z;
      const [kernel, bias] = [weights[`${layer}/kernel`], weights[`${layer}/bias`]];
      const rectified = !last && !batchNorm && activation === 'relu';
      z = bias === undefined ? tf.matMul(z, kernel) : dense(tf, z, kernel, bias, rectified ? 'relu' : 'linear');
      if (last) break;
      if (batchNorm) {
        const normalised = normalise(tf, layer, weights, buffers, z, training !== null);
        z = normalised.z;
        Object.assign(nextBuffers, normalised.statistics);
      }
      if (!rectified) z = activations[activation](tf, z);
      const mask = training?.noise[`${layer}/mask`];
      if (mask !== undefined) z = tf.mul(z, mask);
    }
    return { y: z, features, buffers: nextBuffers };
  },
};
