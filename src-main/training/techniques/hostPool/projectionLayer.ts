import { Projection } from '../../../layers/convex/projection';
import type { Qcqp } from '../../problem';
import { instanceLayer, type HostLayer } from '../hostLayer';

/** Projects a batch instance by instance onto the problem's feasible set. */
export function projectionLayer(problem: Qcqp): HostLayer {
  const { n, m, H } = problem;
  const projection = new Projection({ ...problem, diagonal: H.length === m * n });
  return instanceLayer(
    problem,
    (raw, at, X, xAt) => projection.project(raw, at, X, xAt),
    (projected, dy, gradient, at) => gradient.set(projection.gradient(projected, dy, at), at),
  );
}
