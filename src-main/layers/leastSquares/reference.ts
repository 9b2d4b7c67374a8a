import { gainRatioSearch, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { LeastSquaresLayer, type LeastSquaresBatch, type LeastSquaresResult } from './leastSquaresLayer';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { defaultLeastSquaresLayerSettings, type LeastSquaresLayerSettings } from './settings';
import type { LeastSquaresSolver } from './op';

/** ŷ and x, and the weights where they are not those of the layer. */
export type ReferenceBatch = Omit<LeastSquaresBatch, 'initial' | 'damping'>;

/**
 * A layer of the same residual whose inner solve goes to rounding, with the derivative that is exact there: by the implicit function theorem
 * with the whole Hessian in the mode anchored with w > 0, otherwise of the steps taken.
 *
 * An adaptive solve comes near first. It compares objectives, and so knows y to √ε only; full steps with little damping go on from there. With
 * w = 0, where the minimiser depends on the start, all steps are of the second kind and are differentiated from ŷ on. The restoration is the
 * layer's own: to a tighter tolerance it would act on rows whose sign is rounding.
 */
export class ReferenceLayer {
  readonly #approach: LeastSquaresLayer | null;
  readonly #layer: LeastSquaresLayer;

  constructor(rows: QcqpRows, anchorWeight: number, mode: LeastSquaresLayerSettings['mode']) {
    const base = { ...defaultLeastSquaresLayerSettings, mode };
    const unique = anchorWeight > 0;
    const approach: LeastSquaresSettings = {
      descent: { kind: 'levenbergMarquardt', damping: 1e-3, ellipsoidal: false },
      search: gainRatioSearch,
      ...{ maxIterations: 400, gradientTolerance: 1e-10, stepTolerance: 1e-12, divergence: 1e12 },
    };
    const final: LeastSquaresSettings = {
      ...approach,
      descent: { ...approach.descent, damping: unique ? Math.min(1e-3, 0.1 * anchorWeight ** 2) : 1e-3 },
      search: { kind: 'fixedStep', stepSize: 1 },
      // The derivative converges behind y: from a converged start it needs its iterations all the same.
      ...(unique
        ? { maxIterations: 40, gradientTolerance: 0, stepTolerance: 0 }
        : { maxIterations: 200, gradientTolerance: 1e-14, stepTolerance: 1e-15 }),
    } as LeastSquaresSettings;
    this.#approach = unique
      ? new LeastSquaresLayer(rows, anchorWeight, {
          // Nothing is differentiated; so no iterations are kept.
          ...{ ...base, mode: 'anchored', backward: { kind: 'dlm', epsilon: 1 }, solver: approach },
        })
      : null;
    this.#layer = new LeastSquaresLayer(rows, anchorWeight, {
      ...base,
      backward: mode === 'anchored' && unique ? { kind: 'implicit', hessian: 'newton' } : { kind: 'unroll' },
      solver: final,
    });
  }

  forward(batch: ReferenceBatch): LeastSquaresResult {
    const near = this.#approach?.forward(batch);
    const result = this.#layer.forward(near ? { ...batch, initial: near.y } : batch);
    if (near) for (let i = 0; i < batch.size; i++) result.iterations[i] += near.iterations[i];
    return result;
  }

  /** Derivative of Σ_i v_iᵀy_i for ŷ at the last `forward`. */
  gradient(batch: ReferenceBatch, cotangent: Float64Array): Float64Array {
    // A minimiser that is unique does not depend on where its solve begins.
    if (this.#approach) {
      const near = this.#approach.forward(batch);
      this.#layer.forward({ ...batch, initial: near.y });
      return this.#layer.backward(cotangent, ['anchor']).gradients.anchor!;
    }
    return outputGradient(this.#layer, batch, cotangent).gradient;
  }
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
  layer: LeastSquaresSolver,
  batch: Omit<LeastSquaresBatch, 'initial'>,
  cotangent: Float64Array,
): OutputGradient {
  const { y } = layer.forward(batch);
  const { gradients, dropped, unconverged } = layer.backward(cotangent, ['anchor', 'initial']);
  const gradient = gradients.anchor!;
  for (let i = 0; i < gradient.length; i++) gradient[i] += gradients.initial![i];
  return { y, gradient, dropped, unconverged };
}

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
    cosine: gg > 0 ? Math.min(1, gr / Math.sqrt(gg * rr)) : 0,
    relativeError: Math.sqrt(dd / rr),
    normRatio: Math.sqrt(gg / rr),
  };
}
