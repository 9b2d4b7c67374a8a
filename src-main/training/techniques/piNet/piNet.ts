import { z } from 'zod';
import { withDistance } from '../distance';
import { applyHostLayer, evaluateHostLayer, hostLayerMetrics } from '../hostLayer';
import type { Technique } from '../technique';
import { CopySplitting } from './copySplitting';
import { FixedPointGradient } from './fixedPointGradient';
import { LiftedSet } from './liftedSet';
import type { SplittingSettings } from './linearisation';
import { splitBatch, type Shortcuts } from './splitting';

const settings = z.strictObject({
  kind: z.literal('piNet'),
  sigma: z
    .number()
    .positive()
    .default(1)
    .describe('Weight σ of the distance to the network’s output in the splitting.')
    .meta({ scale: 'log' }),
  omega: z.number().positive().lt(2).default(1.7).describe('Relaxation ω of the splitting.'),
  iterations: z.int().min(1).max(100_000).default(50).describe('Iterations in training.'),
  testIterations: z.int().min(1).max(100_000).default(200).describe('Iterations in validation.'),
  backwardIterations: z
    .int()
    .min(1)
    .max(10_000)
    .default(25)
    .describe(
      'Iterations of BiCGSTAB for the gradient, at most; it is used where a matrix is not diagonal, or what holds y is dependent.',
    ),
  backwardTolerance: z
    .number()
    .positive()
    .default(1e-5)
    .describe('Relative residual at which BiCGSTAB ends.')
    .meta({ scale: 'log' }),
  equilibration: z
    .strictObject({
      iterations: z.int().min(0).max(1000).default(25).describe('Sweeps over rows and columns; 0 for none.'),
      tolerance: z.number().positive().default(1e-3).describe('Spread of their norms at which they end.').meta({ scale: 'log' }), // prettier-ignore
    })
    .prefault({})
    .describe('Scaling of the lifted affine rows; it is left out where there are quadratic ones.'),
  distance: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of ‖y − ŷ‖² in the loss; 0 as published.')
    .meta({ scale: 'log' }),
});

interface Constants {
  set: LiftedSet;
  shortcuts: Shortcuts;
  training: SplittingSettings;
  test: SplittingSettings;
}

/**
 * Π-net: the output is projected onto the feasible set by Douglas–Rachford splitting and differentiated implicitly. Affine rows and
 * bounds are as published; for a quadratic row y gets a copy, projected onto the row by a secular equation: that extension is ours.
 */
export const piNet: Technique<'piNet', typeof settings, Constants> = {
  kind: 'piNet',
  title: 'Π-net',
  summary:
    'Projects by operator splitting, a fixed number of iterations, and differentiates through the fixed point. Quadratic rows are our extension.',
  reference:
    'Grontas, Terpin et al., Pinet: Optimizing hard-constrained neural networks with orthogonal projection layers, 2025',
  settings,
  metrics: hostLayerMetrics,
  refusal: (_, { e, equalityRank, curvedRows, convexRows }) =>
    equalityRank < e
      ? `A has ${e} rows but only rank ${equalityRank}; leave out the rows that depend on others.`
      : convexRows
        ? null
        : `it projects onto convex sets; a quadratic row among its ${curvedRows} has a matrix with a negative eigenvalue.`,
  constants(settings, problem) {
    const { sigma, omega, iterations, testIterations, backwardIterations, backwardTolerance } = settings;
    const backward = { iterations: backwardIterations, tolerance: backwardTolerance };
    const set = new LiftedSet(problem, settings.equilibration);
    const diagonal = set.rows.every(({ U }) => U === null);
    return {
      set,
      shortcuts: {
        copies: diagonal && set.q > 0 ? new CopySplitting(set) : null,
        gradient: diagonal ? new FixedPointGradient(problem, set) : null,
      },
      training: { sigma, omega, backward, iterations },
      test: { sigma, omega, backward, iterations: testIterations },
    };
  },
  layer(pass, raw, x) {
    const { set, shortcuts, training } = pass.constants;
    return applyHostLayer(pass, raw, x, (points, X, count) =>
      splitBatch(set, shortcuts, training, points, X, count, true),
    );
  },
  evaluate(pass, raw, X) {
    const { set, shortcuts, test } = pass.constants;
    return evaluateHostLayer(pass, raw, X, (points, given, count) =>
      splitBatch(set, shortcuts, test, points, given, count, false),
    );
  },
  terms: (pass, y, x, raw) => withDistance(pass, y, x, raw, pass.settings.distance),
  scalars: () => ({}),
};
