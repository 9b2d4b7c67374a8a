import { median } from '@shared/statistics/summary';
import { warnUnconverged } from '../../../layers/leastSquares/preflight';
import { gradientDistance, outputGradient, ReferenceLayer } from '../../../layers/leastSquares/reference';
import type { LeastSquaresBatch, LeastSquaresResult } from '../../../layers/leastSquares/leastSquaresLayer';
import { rowCount, type Qcqp } from '../../problem';
import { largest, rowViolations } from '../../violations';
import type { LayerEvaluation } from '../technique';
import { batchOf, diagnoses, diagnosis, type InnerProblem, type InnerWeights } from './inner';
import { curves, followInner, leastNormPoints } from './probe';

/** What project promises, on the rows as they are. */
export const projectTolerance = 1e-8;
/** Instances whose gradients are compared with the exact ones. */
const gradientInstances = 8;

/**
 * Outputs of the layer at validation, in float64, with what its inner solves did.
 *
 * @param raw the network's outputs, [N, n]
 * @param x [N, e]
 */
export function evaluateLayer(
  inner: InnerProblem,
  problem: Qcqp,
  weights: InnerWeights,
  raw: Float64Array,
  x: Float64Array,
  probes: boolean,
): LayerEvaluation {
  const { settings } = inner;
  const result = inner.layer.forward({ ...batchOf(problem, weights, raw, x), differentiated: false });
  const evaluation: LayerEvaluation = {
    outputs: result.y,
    ...{ metrics: {}, vectors: {}, inner: null, notes: [], cautions: [] },
  };
  addOutcome(evaluation, inner, problem, result, raw, x);
  const size = Math.min(settings.probe.instances, raw.length / problem.n);
  if (probes && size > 0) addProbe(evaluation, inner, problem, weights, raw, x, size);
  return evaluation;
}

function addOutcome(
  { metrics, vectors, notes }: LayerEvaluation,
  { settings }: InnerProblem,
  problem: Qcqp,
  result: LeastSquaresResult,
  raw: Float64Array,
  x: Float64Array,
): void {
  const { n } = problem;
  const size = raw.length / n;
  const failures = new Float64Array(diagnoses.length);
  const rows = rowCount(problem);
  const atOutput = rowViolations(problem, result.y, x);
  const atBackbone = rowViolations(problem, raw, x);
  const worstOf = (violations: Float64Array, i: number) => largest(violations, i * rows, (i + 1) * rows);
  const meanOfRows = new Float64Array(rows);
  for (let k = 0; k < atBackbone.length; k++) meanOfRows[k % rows] += atBackbone[k] / size;
  const reported = new Map<string, { instances: number[]; worst: number }>();
  for (let i = 0; i < size; i++) {
    const found = diagnosis(result, i);
    if (found) failures[diagnoses.indexOf(found)]++;
    const violation = worstOf(atOutput, i);
    if (!found && (settings.mode === 'anchored' || violation <= projectTolerance)) continue;
    const group = reported.get(found ?? 'not feasible') ?? { instances: [], worst: 0 };
    group.instances.push(i);
    if (!(violation <= group.worst)) group.worst = violation;
    reported.set(found ?? 'not feasible', group);
  }
  let moved = 0;
  let backboneViolation = 0;
  for (let i = 0; i < size; i++) {
    backboneViolation += worstOf(atBackbone, i);
    let squares = 0;
    for (let j = i * n; j < (i + 1) * n; j++) squares += (result.y[j] - raw[j]) ** 2;
    moved += Math.sqrt(squares) / size;
  }
  metrics['inner/displacement'] = moved;
  metrics['inner/backbone_violation'] = backboneViolation / size;
  metrics['inner/valid_reported'] = [...reported.values()].reduce((sum, { instances }) => sum + instances.length, 0);
  vectors['inner/failures'] = failures;
  vectors['inner/backbone_row_violation'] = meanOfRows;
  for (const [found, { instances, worst }] of reported)
    notes.push(
      `${instances.length} of ${size} instances: ${found}, violation up to ${worst.toExponential(1)}: ${instances.join(', ')}.`,
    );
}

function addProbe(
  evaluation: LayerEvaluation,
  inner: InnerProblem,
  problem: Qcqp,
  weights: InnerWeights,
  raw: Float64Array,
  x: Float64Array,
  size: number,
): void {
  const { n, e } = problem;
  const { settings } = inner;
  const { metrics, vectors } = evaluation;
  const first = (count: number) => batchOf(problem, weights, raw.subarray(0, count * n), x.subarray(0, count * e));
  const batch = first(size);
  const warm = followInner(inner, batch);
  const cold = followInner(inner, { ...batch, initial: leastNormPoints(problem, batch.x) });
  const [ofWarm, ofCold] = [median(warm.iterations), median(cold.iterations)];
  metrics['inner/iterations_median'] = ofWarm;
  metrics['inner/cold_iterations_median'] = ofCold;
  metrics['inner/warm_start_gain'] = ofWarm > 0 ? ofCold / ofWarm : null;
  const { iterations: limit } = settings.probe;
  const counts = new Float64Array(limit + 2);
  for (const count of warm.iterations) counts[Math.min(count, limit + 1)]++;
  vectors['inner/iteration_counts'] = counts;
  evaluation.inner = {
    ...curves(warm, limit),
    'inner/cold_residual_median': curves(cold, limit)['inner/residual_median'],
  };
  addGradientError(evaluation, inner, problem, first(Math.min(size, gradientInstances)));
}

/** The layer's own gradient of f against the exact one, at the exact layer's output. */
function addGradientError(
  { metrics, cautions }: LayerEvaluation,
  { settings, layer, rows }: InnerProblem,
  problem: Qcqp,
  batch: LeastSquaresBatch,
): void {
  const exact = new ReferenceLayer(rows, batch.anchorWeight ?? settings.anchor.weight, settings.mode);
  // Its own damping brings it to its end, whatever the layer's is.
  const { damping: _, ...undamped } = batch;
  const cotangent = objectiveGradients(problem, exact.forward(undamped).y);
  const reference = exact.gradient(undamped, cotangent);
  const own = outputGradient(layer, batch, cotangent);
  const distance = gradientDistance(own.gradient, reference);
  metrics['inner/gradient_cosine'] = distance?.cosine ?? null;
  metrics['inner/gradient_error'] = distance?.relativeError ?? null;
  metrics['inner/gradient_norm_ratio'] = distance?.normRatio ?? null;
  if (settings.backward.kind === 'dlm') cautions.push(...warnUnconverged(own.unconverged));
}

/** Qy + p of each instance, [size, n]; Q symmetric. */
export function objectiveGradients({ n, Q, p }: Qcqp, y: Float64Array): Float64Array {
  const gradients = new Float64Array(y.length);
  for (let at = 0; at < y.length; at += n)
    for (let i = 0; i < n; i++) {
      let total = p[i];
      for (let j = 0; j < n; j++) total += 0.5 * (Q[i * n + j] + Q[j * n + i]) * y[at + j];
      gradients[at + i] = total;
    }
  return gradients;
}
