import type { LeastSquaresResult } from '../../../layers/leastSquares/leastSquaresLayer';
import { leastSquaresOp } from '../../../layers/leastSquares/op';
import type { Tensor } from '../../../numerics/devices/device';
import type { Pass } from '../technique';
import { failedInstance, innerProblem, learntTensors, rowWeightsOf } from './inner';
import type { TheseusSettings } from './settings';

/** The layer over the network's output, [B, n] → [B, n], with gradients for it and for what is learnt. */
export function applyLayer(pass: Pass<TheseusSettings>, raw: Tensor, x: Tensor): Tensor {
  const { device, data, settings, weights, threads, note } = pass;
  const fixed = rowWeightsOf(settings, data);
  const { layer } = innerProblem(settings, data, threads);
  const op = leastSquaresOp(device, layer, {
    constantX: true,
    onForward(result, seconds) {
      note('time/inner_forward', seconds * 1e3);
      noteResult(pass, result);
    },
    onBackward({ unconverged }, seconds) {
      note('time/inner_backward', seconds * 1e3);
      note('inner/memory', layer.bytesHeld / 1e6);
      if (settings.backward.kind === 'dlm') note('inner/unconverged', unconverged);
    },
  });
  return op({
    anchor: raw,
    x,
    ...(fixed ? { rowWeights: device.tensor(fixed, [fixed.length]) } : {}),
    ...learntTensors(device.tf, weights),
  });
}

/** @throws AdjointError `diverged` for a failed instance, if the settings say so */
function noteResult({ settings, note, position, instances }: Pass<TheseusSettings>, result: LeastSquaresResult): void {
  const { length } = result.status;
  const mean = (values: Int32Array) => values.reduce((sum, value) => sum + value, 0) / length;
  note('inner/iterations', mean(result.iterations));
  note('inner/restoration_iterations', mean(result.restorationIterations));
  note('inner/failed', result.reported.length);
  if (settings.onFailure === 'continue' || result.reported.length === 0) return;
  const [i] = result.reported;
  const name = instances ? `training instance ${instances[i]}` : `instance ${i} of the batch`;
  throw failedInstance(result, i, name, position.step);
}
