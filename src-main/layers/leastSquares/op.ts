import type { Device, Tensor } from '../../numerics/devices/device';
import type {
  LeastSquaresBatch,
  LeastSquaresDatum,
  LeastSquaresGradients,
  LeastSquaresLayer,
  LeastSquaresResult,
} from './leastSquaresLayer';

/** What the op needs of a layer. */
export type LeastSquaresSolver = Pick<LeastSquaresLayer, 'forward' | 'backward'>;

export interface LeastSquaresInputs {
  /** ŷ, [B, n] */
  anchor: Tensor;
  /** [B, e] */
  x: Tensor;
  /** Starts [B, n]; the solves begin at the anchors without them, and the gradient of the anchors then contains that of the starts. */
  initial?: Tensor;
  /** w, a scalar; s, [e + m]; λ of the first iteration, a scalar. Without them those of the layer, and they have no gradient. */
  anchorWeight?: Tensor;
  rowWeights?: Tensor;
  damping?: Tensor;
}

export interface LeastSquaresOpOptions {
  /** x is data: it gets no gradient, and nothing is computed for one. */
  constantX?: boolean;
  /** After every forward pass: what became of every instance, and the seconds of the inner solves. */
  onForward?: (result: LeastSquaresResult, seconds: number) => void;
  /** After every backward pass, with its seconds. */
  onBackward?: (outcome: LeastSquaresGradients, seconds: number) => void;
}

const optional = ['initial', 'anchorWeight', 'rowWeights', 'damping'] as const;

/**
 * The layer as an op of TensorFlow.js with a gradient, computed in float64 whatever the device's precision: y [B, n]. An instance whose solve
 * fails keeps the last point that it had and has the gradient 0; `onForward` sees it.
 */
export function leastSquaresOp(
  device: Device,
  layer: LeastSquaresSolver,
  { constantX = false, onForward, onBackward }: LeastSquaresOpOptions = {},
): (inputs: LeastSquaresInputs) => Tensor {
  const { tf, tensor } = device;
  return (inputs) => {
    const given: LeastSquaresDatum[] = ['anchor', 'x', ...optional.filter((name) => inputs[name] !== undefined)];
    const names = given.filter((name) => name !== 'x' || !constantX);
    const tensors = names.map((name) => inputs[name as keyof LeastSquaresInputs]!);
    const shapes = tensors.map(({ shape }) => shape);
    const fromAnchor = inputs.initial === undefined;
    const backward = (result: LeastSquaresResult, dy: Tensor): Tensor[] => {
      const began = performance.now();
      const v = Float64Array.from(dy.dataSync());
      const outcome = layer.backward(v, fromAnchor ? [...names, 'initial'] : names, result);
      device.wake?.();
      const { gradients } = outcome;
      if (fromAnchor) for (let k = 0; k < v.length; k++) gradients.anchor![k] += gradients.initial![k];
      onBackward?.(outcome, (performance.now() - began) / 1000);
      return names.map((name, at) => tensor(gradients[name]!, shapes[at]));
    };
    const op = tf.customGrad((..._: unknown[]) => {
      const began = performance.now();
      const result = layer.forward(batchOf(inputs));
      device.wake?.();
      onForward?.(result, (performance.now() - began) / 1000);
      return {
        value: tensor(result.y, inputs.anchor.shape),
        gradFunc: (dy: Tensor) => backward(result, dy),
      };
    });
    return op(...tensors);
  };
}

function batchOf({ anchor, x, initial, anchorWeight, rowWeights, damping }: LeastSquaresInputs): LeastSquaresBatch {
  const values = (tensor: Tensor) => Float64Array.from(tensor.dataSync());
  return {
    ...{ size: anchor.shape[0], anchor: values(anchor), x: values(x) },
    initial: initial && values(initial),
    anchorWeight: anchorWeight && values(anchorWeight)[0],
    rowWeights: rowWeights && values(rowWeights),
    damping: damping && values(damping)[0],
  };
}
