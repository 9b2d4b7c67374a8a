import { z } from 'zod';
import { dense } from '../../numerics/ops/dense';
import { activationNames, activations } from './activations';
import type { Network } from './network';
import type { NamedArrays } from '../tensors';

const settings = z.strictObject({
  kind: z.literal('mlp'),
  hidden: z
    .array(z.int().min(1).max(65_536))
    .max(64)
    .default([200, 200])
    .describe('Width of each hidden layer; an empty list is a linear map.'),
  activation: z.enum(activationNames).default('relu').describe('Nonlinearity after each hidden layer.'),
});

/**
 * Multilayer perceptron: hidden layers z ← φ(zW + b), then an affine output.
 *
 * Initial weights are N(0, 2/fan-in) in hidden layers (He et al., 2015) and N(0, 2/(fan-in + fan-out)) in the output
 * (Glorot & Bengio, 2010); biases are zero. Names: `layer<i>/kernel` [in,out] and `layer<i>/bias` [out].
 */
export const mlp: Network<'mlp', typeof settings> = {
  kind: 'mlp',
  title: 'Multilayer perceptron',
  summary: 'Fully connected layers of free width and number, with one activation between them.',
  reference: 'He et al., Delving Deep into Rectifiers, ICCV 2015 (initial weights)',
  settings,
  init({ hidden }, { inputs, outputs }, generator) {
    const widths = [inputs, ...hidden, outputs];
    const weights: NamedArrays = {};
    for (let layer = 1; layer < widths.length; layer++) {
      const [fanIn, fanOut] = [widths[layer - 1], widths[layer]];
      const last = layer === widths.length - 1;
      const deviation = Math.sqrt(2 / (last ? fanIn + fanOut : fanIn));
      const kernel = generator.standardNormals(fanIn * fanOut).map((draw) => draw * deviation);
      weights[`layer${layer}/kernel`] = { shape: [fanIn, fanOut], values: kernel };
      weights[`layer${layer}/bias`] = { shape: [fanOut], values: new Float64Array(fanOut) };
    }
    return weights;
  },
  apply(tf, { hidden, activation }, weights, x) {
    let z = x;
    for (let layer = 1; layer <= hidden.length + 1; layer++) {
      const [kernel, bias] = [weights[`layer${layer}/kernel`], weights[`layer${layer}/bias`]];
      const last = layer > hidden.length;
      const rectified = !last && activation === 'relu';
      z = dense(tf, z, kernel, bias, rectified ? 'relu' : 'linear');
      if (!last && !rectified) z = activations[activation](tf, z);
    }
    return z;
  },
};
