import { Projection } from '../../../layers/convex/projection';
import type { Qcqp } from '../../problem';
import type { HostLayer } from '../hostLayer';

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
