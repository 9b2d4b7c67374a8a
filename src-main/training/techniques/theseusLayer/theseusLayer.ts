import type { Tensor } from '../../../numerics/devices/device';
import { preflightLeastSquares } from '../../../layers/leastSquares/preflight';
import { rowCount } from '../../problem';
import { squaredResidual } from '../residual';
import type { Technique } from '../technique';
import { evaluateLayer } from './evaluation';
import { batchOf, diagnoses, innerProblem, innerWeights, learntWeights } from './inner';
import { applyLayer } from './layerOp';
import { layerSettings, theseusSettings } from './settings';

/**
 * Nonlinear least squares between network and loss: from ŷ = y_θ(x) minimise ½‖[w(y − ŷ); s∘(Ay − x); s∘relu(c(y))]‖², then, in the
 * mode project, go onto the constraints; the loss is
 *
 *     E[ f(y) + α‖y − ŷ‖² + λ‖res(y)‖² + μ‖res(ŷ)‖² ],   res = [relu(c); Ay − x]
 */
export const theseusLayer: Technique<'theseusLayer', typeof theseusSettings> = {
  kind: 'theseusLayer',
  title: 'Theseus layer',
  summary:
    'A nonlinear least-squares solve repairs the network’s output and is differentiated through. In its mode project the output is feasible; it is a repair, not the nearest feasible point.',
  reference: 'Pineda et al., Theseus: A Library for Differentiable Nonlinear Optimization, NeurIPS 2022',
  settings: theseusSettings,
  metrics: [
    ...['lambda', 'theseus/anchor_weight', 'theseus/damping', 'inner/iterations', 'inner/restoration_iterations'],
    ...['inner/failed', 'inner/unconverged', 'inner/memory', 'time/inner_forward', 'time/inner_backward'],
    ...['inner/displacement', 'inner/backbone_violation', 'inner/valid_reported', 'inner/failures'],
    'inner/backbone_row_violation',
    ...['inner/iterations_median', 'inner/cold_iterations_median', 'inner/warm_start_gain', 'inner/iteration_counts'],
    ...['inner/gradient_cosine', 'inner/gradient_error', 'inner/gradient_norm_ratio'],
    ...['inner/residual_median', 'inner/residual_low', 'inner/residual_high', 'inner/violation_median'],
    'inner/cold_residual_median',
  ],
  vectors({ probe }, problem) {
    const rows = rowCount(problem);
    const curve = probe.iterations + 1;
    return {
      ...{ 'inner/failures': diagnoses.length, 'inner/backbone_row_violation': rows },
      ...{ 'inner/iteration_counts': curve + 1, 'inner/residual_median': curve, 'inner/residual_low': curve },
      ...{ 'inner/residual_high': curve, 'inner/violation_median': curve, 'inner/cold_residual_median': curve },
    };
  },
  cautions: (settings) =>
    preflightLeastSquares(layerSettings(settings), settings.anchor.weight).map(({ message }) => message),
  schedules: ({ loss: { lambda } }) => ({ lambda }),
  weights: learntWeights,
  layer: applyLayer,
  evaluate({ settings, weights, data, position, threads }, raw, x) {
    const validation = position.step / position.stepsPerEpoch / settings.probe.every;
    const probes = Number.isInteger(validation) || position.step >= position.totalSteps;
    const now = innerWeights(settings, data, weights);
    return evaluateLayer(innerProblem(settings, data, threads), data, now, raw, x, probes);
  },
  infer({ settings, weights, data, threads }, raw, x) {
    const batch = batchOf(data, innerWeights(settings, data, weights), raw, x);
    return innerProblem(settings, data, threads).layer.forward({ ...batch, differentiated: false }).y;
  },
  terms({ device: { tf }, problem, settings, scheduled }, y, x, raw) {
    const penalty = tf.mean(squaredResidual(tf, problem, y, x));
    const { distance, backboneLambda } = settings.loss;
    const parts: Tensor[] = [];
    // What has no weight is measured all the same, but not differentiated.
    if (scheduled.lambda !== 0) parts.push(tf.mul(penalty, scheduled.lambda));
    if (distance > 0) parts.push(tf.mul(tf.mean(tf.sum(tf.square(tf.sub(y, raw)), 1)), distance));
    if (backboneLambda > 0) parts.push(tf.mul(tf.mean(squaredResidual(tf, problem, raw, x)), backboneLambda));
    return {
      objective: tf.mean(problem.objective(y)),
      constraint: parts.length > 0 ? tf.addN(parts) : tf.scalar(0),
      penalty,
    };
  },
  scalars({ settings, weights, scheduled, data }) {
    const { anchorWeight, damping } = innerWeights(settings, data, weights);
    return {
      lambda: scheduled.lambda,
      'theseus/anchor_weight': anchorWeight,
      ...(damping === undefined ? {} : { 'theseus/damping': damping }),
    };
  },
};
