import type { Device, Tensor } from '../../numerics/devices/device';
import type { ConvexProblem, Datum } from '../../solvers/convex/problem';
import { solveInstance, type BatchResult } from '../../solvers/convex/batch';
import type { ConvexSettings } from '../../solvers/convex/settings';
import type { Gradients } from './derivative';
import { differentiate } from './differentiate';

/** Data that can be an input of the op: those that are one array. */
export type TensorDatum = Exclude<Datum, 'H' | 'soc'>;

export interface ConvexOpOptions {
  /** The data that vary, in the order of the op's inputs. All others are constant and cost nothing in the backward pass. */
  inputs: readonly TensorDatum[];
  settings?: Partial<ConvexSettings>;
  /** What became of every instance of the last forward pass, and which data have only one-sided derivatives there. */
  onResults?: (results: readonly BatchResult[]) => void;
}

/**
 * The solution map as an op of TensorFlow.js with a gradient. Every input is [B, …the datum's own shape]; the result is y* [B, n]. The
 * problems are solved and differentiated in float64 whatever the device's precision.
 *
 * An instance without an optimum has y* = NaN, and one without a derivative the gradient NaN; neither touches the others.
 */
export function convexOp(
  { tf, tensor }: Device,
  template: ConvexProblem,
  { inputs, settings, onResults }: ConvexOpOptions,
): (...tensors: Tensor[]) => Tensor {
  const { n } = template;
  const forward = (tensors: Tensor[]) => {
    const values = tensors.map((input) => Float64Array.from(input.dataSync()));
    const [B] = tensors[0].shape;
    const problems = Array.from({ length: B }, (_, i) =>
      inputs.reduce((problem, datum, at) => {
        const size = values[at].length / B;
        return withDatum(problem, datum, values[at].subarray(i * size, (i + 1) * size));
      }, template),
    );
    const results = problems.map((problem) => solveInstance(problem, settings));
    onResults?.(results);
    return { B, problems, results };
  };
  const backward = (batch: ReturnType<typeof forward>, shapes: number[][], dy: Tensor): Tensor[] => {
    const v = Float64Array.from(dy.dataSync());
    const sums = shapes.map((shape) => new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(NaN));
    batch.results.forEach(({ solution }, i) => {
      if (!solution) return;
      const { gradients } = differentiate(batch.problems[i], solution, v.subarray(i * n, (i + 1) * n), inputs);
      inputs.forEach((datum, at) => {
        const gradient = gradients[datum];
        if (gradient) sums[at].set(gradient, i * gradient.length);
      });
    });
    return sums.map((sum, at) => tensor(sum, shapes[at]));
  };
  return (...tensors) => {
    const shapes = tensors.map(({ shape }) => shape);
    const op = tf.customGrad((..._: unknown[]) => {
      const batch = forward(tensors);
      const y = new Float64Array(batch.B * n);
      batch.results.forEach(({ solution }, i) => {
        const found = solution?.status === 'optimal';
        for (let j = 0; j < n; j++) y[i * n + j] = found ? solution.y[j] : NaN;
      });
      return { value: tensor(y, [batch.B, n]), gradFunc: (dy: Tensor) => backward(batch, shapes, dy) };
    });
    return op(...tensors);
  };
}

/** The template with one datum replaced; Q has the form that it has there. */
function withDatum(problem: ConvexProblem, datum: TensorDatum, values: Float64Array): ConvexProblem {
  if (datum !== 'Q') return { ...problem, [datum]: values };
  const kind: keyof Gradients | 'dense' | 'diagonal' =
    values.length === problem.n && problem.n > 1 ? 'diagonal' : 'dense';
  return { ...problem, Q: { kind, values: kind === 'dense' ? symmetrised(problem.n, values) : values } };
}

/** (Q + Qᵀ)/2: rounding on the device must not make a symmetric matrix asymmetric. */
function symmetrised(n: number, values: Float64Array): Float64Array {
  return values.map((value, at) => (value + values[(at % n) * n + Math.floor(at / n)]) / 2);
}
