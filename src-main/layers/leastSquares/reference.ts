import { gainRatioSearch } from '../../solvers/leastSquares/settings';
import { LeastSquaresLayer, type LeastSquaresBatch } from './leastSquaresLayer';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import type { LeastSquaresLayerSettings } from './settings';

/**
 * The settings with which the layer's own limit is computed: an inner solve to rounding, and the derivative that is exact there. In the mode
 * anchored with w > 0 that is the implicit function theorem with the whole Hessian; with w = 0, where the minimiser depends on the
 * start, and through a restoration it is the derivative of all steps that were taken.
 */
export function referenceSettings(
  { mode, restoration }: LeastSquaresLayerSettings,
  anchorWeight: number,
): LeastSquaresLayerSettings {
  return {
    mode,
    backward: mode === 'anchored' && anchorWeight > 0 ? { kind: 'implicit', hessian: 'newton' } : { kind: 'unroll' },
    solver: {
      descent: { kind: 'levenbergMarquardt', damping: 1e-3, ellipsoidal: false },
      search: gainRatioSearch,
      maxIterations: 400,
      gradientTolerance: 1e-11,
      stepTolerance: 1e-15,
      divergence: 1e12,
    },
    restoration: { ...restoration, tolerance: Math.min(restoration.tolerance, 1e-11) },
    onFailure: 'continue',
    trace: false,
  };
}

/** Derivative of Σ_i v_iᵀy_i for the network's output ŷ, [size, n]: as anchor and as start of the inner solve. */
export interface OutputGradient {
  /** [size, n] */
  y: Float64Array;
  gradient: Float64Array;
  /** Instances that have none. */
  dropped: number[];
  /** Of DLM, as in `LeastSquaresGradients`. */
  unconverged: number;
}

/** The layer's gradient for ŷ: the anchor's part and that of the start, which is ŷ as well. */
export function outputGradient(
  layer: LeastSquaresLayer,
  batch: Omit<LeastSquaresBatch, 'initial'>,
  cotangent: Float64Array,
): OutputGradient {
  const { y } = layer.forward(batch);
  const { gradients, dropped, unconverged } = layer.backward(cotangent, ['anchor', 'initial']);
  const gradient = gradients.anchor!;
  for (let i = 0; i < gradient.length; i++) gradient[i] += gradients.initial![i];
  return { y, gradient, dropped, unconverged };
}

/** A layer of the same residual that is solved and differentiated exactly. */
export const referenceLayer = (
  rows: QcqpRows,
  anchorWeight: number,
  settings: LeastSquaresLayerSettings,
): LeastSquaresLayer => new LeastSquaresLayer(rows, anchorWeight, referenceSettings(settings, anchorWeight));

/** How far a gradient is from its reference, over the instances that both have; null where the reference vanishes. */
export function gradientDistance(
  gradient: Float64Array,
  reference: Float64Array,
): { cosine: number; relativeError: number; normRatio: number } | null {
  let [gg, rr, gr, dd] = [0, 0, 0, 0];
  for (let i = 0; i < gradient.length; i++) {
    gg += gradient[i] ** 2;
    rr += reference[i] ** 2;
    gr += gradient[i] * reference[i];
    dd += (gradient[i] - reference[i]) ** 2;
  }
  if (!(rr > 0)) return null;
  return {
    cosine: gg > 0 ? gr / Math.sqrt(gg * rr) : 0,
    relativeError: Math.sqrt(dd / rr),
    normRatio: Math.sqrt(gg / rr),
  };
}
