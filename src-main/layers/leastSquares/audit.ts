import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import type { LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { LeastSquaresLayer, type LeastSquaresBatch } from './leastSquaresLayer';
import { preflightLeastSquares } from './preflight';
import { gradientDistance, outputGradient, ReferenceLayer } from './reference';
import { defaultLeastSquaresLayerSettings, type BackwardMode, type LeastSquaresLayerSettings } from './settings';

/** Directions of the differences, and their step: the best of central differences in float64 is near ∛ε. */
const directions = 3;
const step = 1e-5;

export interface AuditedBatch {
  rows: QcqpRows;
  /** ŷ [size, n] and x [size, e] */
  batch: Pick<LeastSquaresBatch, 'size' | 'anchor' | 'x'>;
  /** ∂L/∂y at y [size, n] */
  cotangentOf(y: Float64Array): Float64Array;
  /** Descent and search; the number of iterations is that of each question. */
  solver: LeastSquaresSettings;
}

export interface AuditedWay {
  mode: LeastSquaresLayerSettings['mode'];
  backward: BackwardMode;
  iterations: number;
  anchorWeight: number;
}

export interface WayAudit {
  /** Why there is no gradient; the rest is then null. */
  refused: string | null;
  cosine: number | null;
  relativeError: number | null;
  normRatio: number | null;
  differences: number | null;
  seconds: number | null;
  bytes: number | null;
  violation: number | null;
  unconverged: number | null;
  dropped: number;
}

/** The exact gradient of a mode at an anchor weight, for the cotangent at its own output. */
export interface AuditReference {
  cotangent: Float64Array;
  gradient: Float64Array;
  norm: number;
  /** Relative error against central differences of the exact layer; null where these vanish. */
  differences: number | null;
  /** Mean over the batch. */
  iterations: number;
}

export function auditReference(
  { rows, batch, cotangentOf }: AuditedBatch,
  mode: LeastSquaresLayerSettings['mode'],
  anchorWeight: number,
): AuditReference {
  const layer = new ReferenceLayer(rows, anchorWeight, mode);
  const { y, iterations } = layer.forward(batch);
  const cotangent = cotangentOf(y);
  const gradient = layer.gradient(batch, cotangent);
  return {
    ...{ cotangent, gradient, norm: Math.sqrt(inner(gradient, gradient)) },
    differences: differenceError(layer, batch, cotangent, gradient),
    iterations: iterations.reduce((sum, count) => sum + count, 0) / batch.size,
  };
}

/** The layer differentiated in one way against the reference, and against differences of itself. */
export function auditWay(audited: AuditedBatch, way: AuditedWay, reference: AuditReference): WayAudit {
  const { rows, batch, solver } = audited;
  const settings = {
    ...{ ...defaultLeastSquaresLayerSettings, mode: way.mode, backward: way.backward },
    solver: { ...solver, maxIterations: way.iterations },
  };
  const nothing: WayAudit = {
    ...{ refused: null, cosine: null, relativeError: null, normRatio: null, differences: null, seconds: null },
    ...{ bytes: null, violation: null, unconverged: null, dropped: 0 },
  };
  const vanishing = preflightLeastSquares(settings, way.anchorWeight).find(
    ({ severity }) => severity === 'meaningless',
  );
  if (vanishing) return { ...nothing, refused: vanishing.message };
  try {
    const layer = new LeastSquaresLayer(rows, way.anchorWeight, settings);
    // The first pass is that of a cold machine and not timed.
    outputGradient(layer, batch, reference.cotangent);
    const began = performance.now();
    const own = outputGradient(layer, batch, reference.cotangent);
    const seconds = (performance.now() - began) / 1000;
    const bytes = layer.bytesHeld;
    const { violation } = layer.forward(batch);
    const distance = gradientDistance(own.gradient, reference.gradient);
    return {
      ...nothing,
      ...{ cosine: distance?.cosine ?? null, relativeError: distance?.relativeError ?? null },
      ...{ normRatio: distance?.normRatio ?? null, seconds, bytes, dropped: own.dropped.length },
      differences: differenceError(layer, batch, reference.cotangent, own.gradient),
      violation: violation.reduce((most, value) => (value <= most ? most : value), 0),
      unconverged: way.backward.kind === 'dlm' ? own.unconverged : null,
    };
  } catch (error) {
    if (error instanceof AdjointError && error.code === 'bad-request')
      return { ...nothing, refused: `${error.problem.what} ${error.problem.fix ?? ''}`.trim() };
    throw error;
  }
}

/**
 * ‖D − Gᵀd‖/‖D‖ over some directions d, D the central differences of vᵀy(ŷ) along them; null where they vanish.
 */
function differenceError(
  layer: Pick<ReferenceLayer, 'forward'>,
  batch: AuditedBatch['batch'],
  cotangent: Float64Array,
  gradient: Float64Array,
): number | null {
  const generator = new Generator(1);
  const at = (direction: Float64Array, shift: number) =>
    inner(cotangent, layer.forward({ ...batch, anchor: batch.anchor.map((y, i) => y + shift * direction[i]) }).y);
  let [off, size] = [0, 0];
  for (let k = 0; k < directions; k++) {
    const direction = generator.standardNormals(gradient.length);
    const difference = (at(direction, step) - at(direction, -step)) / (2 * step);
    off += (difference - inner(direction, gradient)) ** 2;
    size += difference ** 2;
  }
  return size > 0 ? Math.sqrt(off / size) : null;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
