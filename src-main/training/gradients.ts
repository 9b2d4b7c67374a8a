import type { Device, Scalar, Tensor, TensorFlow } from '../numerics/devices/device';
import type { LossTerms } from './techniques/technique';
import { disposeAll, mapTensors, type NamedTensors } from './tensors';

export interface ComputedGradients {
  /** Direction for the optimizer, one tensor a weight. */
  gradients: NamedTensors;
  /** Prediction of the batch, [B,n], and the network's own output before a layer. */
  y: Tensor;
  raw: Tensor;
  /** The network's buffers after the pass. */
  buffers: NamedTensors;
  /** [objective, constraint, penalty]. */
  summary: Tensor;
  /** Seconds spent in the forward pass. */
  forwardSeconds: number;
  dispose(): void;
}

type Forward = (weights: NamedTensors) => { y: Tensor; raw: Tensor; buffers: NamedTensors; terms: LossTerms };
type Direct = (objective: NamedTensors, constraint: NamedTensors) => NamedTensors;

/** Gradient of objective + constraint, or, with `direct`, what that makes of the two gradients. */
export function gradientsOf(
  tf: TensorFlow,
  weights: NamedTensors,
  forward: Forward,
  direct?: Direct,
): ComputedGradients {
  const kept: { y?: Tensor; raw?: Tensor; buffers?: NamedTensors; summary?: Tensor } = {};
  let forwardSeconds = 0;
  const measured =
    (choose: (terms: LossTerms) => Tensor) =>
    (candidate: NamedTensors): Tensor => {
      const start = performance.now();
      const { y, raw, buffers, terms } = forward(candidate);
      if (!kept.summary) {
        kept.y = tf.keep(tf.clone(y));
        kept.raw = tf.keep(tf.clone(raw));
        kept.buffers = mapTensors(buffers, (tensor) => tf.keep(tf.clone(tensor)));
        kept.summary = tf.keep(tf.stack([terms.objective, terms.constraint, terms.penalty]));
      }
      const value = choose(terms);
      forwardSeconds += (performance.now() - start) / 1e3;
      return value;
    };
  const gradients = direct
    ? combined(tf, weights, measured, direct)
    : gradientOf(
        tf,
        weights,
        measured(({ objective, constraint }) => tf.add(objective, constraint)),
      );
  const { y, raw, buffers, summary } = kept as { y: Tensor; raw: Tensor; buffers: NamedTensors; summary: Tensor };
  const dispose = () => {
    disposeAll(gradients);
    disposeAll(buffers);
    tf.dispose([y, raw, summary]);
  };
  return { gradients, y, raw, buffers, summary, forwardSeconds, dispose };
}

function combined(
  tf: TensorFlow,
  weights: NamedTensors,
  measured: (choose: (terms: LossTerms) => Tensor) => (candidate: NamedTensors) => Tensor,
  direct: Direct,
): NamedTensors {
  return tf.tidy(() => {
    const objective = gradientOf(
      tf,
      weights,
      measured((terms) => terms.objective),
    );
    const constraint = gradientOf(
      tf,
      weights,
      measured((terms) => terms.constraint),
    );
    return direct(objective, constraint);
  });
}

/** Gradient of a scalar with respect to every weight, in the order of their names. */
export function gradientOf(
  tf: TensorFlow,
  weights: NamedTensors,
  scalar: (weights: NamedTensors) => Tensor,
): NamedTensors {
  const names = Object.keys(weights);
  const { value, grads } = tf.engine().gradients(
    () => scalar(weights) as Scalar,
    names.map((name) => weights[name]),
    undefined,
    // A technique's own weights need not enter both terms: the gradient of what does not enter is zero.
    true,
  );
  value.dispose();
  return Object.fromEntries(names.map((name, i) => [name, grads[i] ?? tf.zerosLike(weights[name])]));
}

/** Measurements of a step: scalars, vectors of one entry a layer, or null for what was not measured. */
export type StepMetrics = Record<string, number | Float64Array | null>;

/**
 * Norms of the gradients of objective and constraint term, their ratio and their cosine, over all weights together and for each
 * of `layers` (whose weights are named `<layer>/…`). Apart from the training step, so that looking more often does not change a run.
 */
export async function compareGradients(
  device: Device,
  weights: NamedTensors,
  terms: (weights: NamedTensors) => LossTerms,
  layers: readonly string[] = [],
): Promise<StepMetrics> {
  const { tf } = device;
  const names = Object.keys(weights);
  const products = tf.tidy(() => {
    const f = gradientOf(tf, weights, (candidate) => terms(candidate).objective);
    const p = gradientOf(tf, weights, (candidate) => terms(candidate).constraint);
    const product = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b));
    return tf.stack(
      names.flatMap((name) => [product(f[name], f[name]), product(p[name], p[name]), product(f[name], p[name])]),
    );
  });
  const values = await device.read(products);
  products.dispose();
  const over = (chosen: (name: string) => boolean): Comparison => {
    const sums: [number, number, number] = [0, 0, 0];
    names.forEach((name, i) => {
      if (chosen(name)) for (let k = 0; k < 3; k++) sums[k] += values[3 * i + k];
    });
    return comparison(...sums);
  };
  const { objectiveNorm, penaltyNorm, ratio, cosine } = over(() => true);
  const whole: StepMetrics = {
    'gradient/objective_norm': objectiveNorm,
    'gradient/penalty_norm': penaltyNorm,
    'gradient/norm_ratio': ratio,
    'gradient/cosine': cosine,
  };
  if (layers.length === 0) return whole;
  const each = layers.map((layer) => over((name) => name.startsWith(`${layer}/`)));
  return {
    ...whole,
    'gradient/layer_cosine': Float64Array.from(each, (layer) => layer.cosine ?? NaN),
    'gradient/layer_norm_ratio': Float64Array.from(each, (layer) => layer.ratio ?? NaN),
  };
}

interface Comparison {
  objectiveNorm: number;
  penaltyNorm: number;
  /** Null where a gradient vanishes: not measured, rather than an invented number. So is the cosine. */
  ratio: number | null;
  cosine: number | null;
}

/** From ‖f‖², ‖p‖² and fᵀp. */
function comparison(ff: number, pp: number, fp: number): Comparison {
  const [objectiveNorm, penaltyNorm] = [Math.sqrt(ff), Math.sqrt(pp)];
  return {
    objectiveNorm,
    penaltyNorm,
    ratio: ff > 0 ? penaltyNorm / objectiveNorm : null,
    cosine: ff > 0 && pp > 0 ? fp / (objectiveNorm * penaltyNorm) : null,
  };
}
