import { z } from 'zod';
import { withDistance } from './distance';
import { applyHostLayer, evaluateHostLayer, hostLayerMetrics } from './hostLayer';
import { HostPool } from './hostPool/pool';
import type { Technique } from './technique';

const settings = z.strictObject({
  kind: z.literal('convexProjection'),
  distance: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of ‖y − ŷ‖², which keeps the network from leaving the work to the projection; 0 for f alone.')
    .meta({ scale: 'log' }),
});

/**
 * y = argmin ½‖y − ŷ‖² over the feasible set, exact and differentiated exactly. What the loss sees is feasible to rounding, so it has no
 * constraint term; where ŷ is feasible, y = ŷ. An instance that cannot be projected passes unchanged, is counted, and named in the log.
 */
export const convexProjection: Technique<'convexProjection', typeof settings, HostPool> = {
  kind: 'convexProjection',
  title: 'Convex projection layer',
  summary: 'Projects the network’s output onto the feasible set, exactly, and differentiates through the projection.',
  reference:
    'Agrawal et al., Differentiable Convex Optimization Layers, NeurIPS 2019; Amos & Kolter, OptNet, ICML 2017',
  settings,
  metrics: hostLayerMetrics,
  refusal: (_, { e, equalityRank, curvedRows, convexRows }) =>
    equalityRank < e
      ? `A has ${e} rows but only rank ${equalityRank}; leave out the rows that depend on others.`
      : convexRows
        ? null
        : `its feasible set is not convex: a quadratic row among its ${curvedRows} has a matrix with a negative eigenvalue.`,
  constants: (_, problem) => new HostPool({ kind: 'convexProjection', problem }),
  dispose: (pool) => pool.dispose(),
  layer: (pass, raw, x) => applyHostLayer(pass, raw, x, pass.constants.layer('training', pass.threads)),
  evaluate: (pass, raw, X) => evaluateHostLayer(pass, raw, X, pass.constants.layer('test', pass.threads)),
  terms: (pass, y, x, raw) => withDistance(pass, y, x, raw, pass.settings.distance),
  scalars: () => ({}),
};
