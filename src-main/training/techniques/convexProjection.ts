import { z } from 'zod';
import { Projection } from '../../layers/convex/projection';
import type { Qcqp } from '../problem';
import { withDistance } from './distance';
import { applyHostLayer, evaluateHostLayer, type HostLayer, hostLayerMetrics } from './hostLayer';
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

/** Projects a batch instance by instance onto the problem's feasible set. */
export function projectionLayer(problem: Qcqp): HostLayer {
  const { n, m, e, H } = problem;
  const projection = new Projection({ ...problem, diagonal: H.length === m * n });
  return (raw, X, count) => {
    const batch = Array.from({ length: count }, (_, i) => projection.project(raw, i * n, X, i * e));
    const y = new Float64Array(count * n);
    batch.forEach((projected, i) => y.set(projected.y, i * n));
    return {
      y,
      iterations: batch.map(({ iterations }) => iterations),
      failures: batch.map(({ failure }) => failure),
      backward(dy) {
        const gradient = new Float64Array(count * n);
        batch.forEach((projected, i) => gradient.set(projection.gradient(projected, dy, i * n), i * n));
        return gradient;
      },
    };
  };
}

/**
 * y = argmin ½‖y − ŷ‖² over the feasible set, exact and differentiated exactly. What the loss sees is feasible to rounding, so it has no
 * constraint term; where ŷ is feasible, y = ŷ. An instance that cannot be projected passes unchanged, is counted, and named in the log.
 */
export const convexProjection: Technique<'convexProjection', typeof settings, HostLayer> = {
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
  constants: (_, problem) => projectionLayer(problem),
  layer: (pass, raw, x) => applyHostLayer(pass, raw, x, pass.constants),
  evaluate: (pass, raw, X) => evaluateHostLayer(pass, raw, X, pass.constants),
  terms: (pass, y, x, raw) => withDistance(pass, y, x, raw, pass.settings.distance),
  scalars: () => ({}),
};
