import type { Tensor } from '../../../numerics/devices/device';
import type { LeastSquaresResult } from '../../../layers/leastSquares/leastSquaresLayer';
import type { Pass } from '../technique';
import { diagnosis, failedInstance, innerGradients, innerProblem, readLearnt, solveInner } from './inner';
import type { TheseusSettings } from './settings';

/**
 * The layer as an op of TensorFlow.js over the network's output, [B, n] → [B, n], and the learnt weights. It is solved and differentiated
 * in float64 whatever the device's precision. An instance without a y that can be gone on with keeps the last point that is a
 * number, and has the gradient 0.
 */
export function applyLayer(pass: Pass<TheseusSettings>, raw: Tensor, x: Tensor): Tensor {
  const { device, data, settings, weights, note } = pass;
  const { tf, tensor } = device;
  const names = Object.keys(weights);
  const op = tf.customGrad((...inputs: unknown[]) => {
    const [output, ...learntTensors] = inputs.slice(0, names.length + 1) as Tensor[];
    const learnt = readLearnt(Object.fromEntries(names.map((name, i) => [name, learntTensors[i]])));
    const anchor = Float64Array.from(output.dataSync());
    const values = Float64Array.from(x.dataSync());
    const inner = innerProblem(settings, data, learnt);
    const started = performance.now();
    const result = solveInner(inner, anchor, values);
    note('time/inner_forward', performance.now() - started);
    noteResult(pass, result);
    const gradFunc = (dy: Tensor) => {
      const begun = performance.now();
      // The layer remembers its last batch only: another pass may have come between.
      if (inner.last !== result) solveInner(inner, anchor, values);
      const cotangent = Float64Array.from(dy.dataSync());
      const { raw: ofRaw, learnt: ofLearnt, outcome } = innerGradients(inner, values, cotangent, names);
      note('time/inner_backward', performance.now() - begun);
      if (settings.backward.kind === 'dlm') note('inner/unconverged', outcome.unconverged);
      const ofWeights = names.map((name) => ofLearnt[name as keyof typeof ofLearnt]!);
      return [tensor(ofRaw, output.shape), ...ofWeights.map((values, i) => tensor(values, learntTensors[i].shape))];
    };
    return { value: tensor(result.y, output.shape), gradFunc };
  });
  return op(raw, ...names.map((name) => weights[name]));
}

/** @throws AdjointError `diverged` for a failed instance, if the settings say so */
function noteResult({ settings, note, position, instances }: Pass<TheseusSettings>, result: LeastSquaresResult): void {
  const { length } = result.status;
  let [iterations, restoration] = [0, 0];
  for (let i = 0; i < length; i++) {
    iterations += result.iterations[i] / length;
    restoration += result.restorationIterations[i] / length;
  }
  note('inner/iterations', iterations);
  note('inner/restoration_iterations', restoration);
  note('inner/failed', result.reported.length);
  if (settings.onFailure === 'continue') return;
  for (const i of result.reported) {
    const found = diagnosis(result, i);
    const name = instances ? `training instance ${instances[i]}` : `instance ${i} of the batch`;
    if (found) throw failedInstance(name, found, position.step);
  }
}
