import type { QcqpRows } from '../../../solvers/leastSquares/qcqpResidual';
import { inequalityCount, type Qcqp } from '../../problem';

/** Rows of the inner residual, bounds as further inequality rows in the order of `inequalityAt`. */
export function rowsOf(problem: Qcqp): QcqpRows {
  const { n, m, A, G, H, h, lower, upper } = problem;
  const count = inequalityCount(problem);
  if (count === m) return { n, A, G, H, h };
  const rows = {
    ...{
      n,
      A,
      G: new Float64Array(count * n),
      H: new Float64Array((count * H.length) / m),
      h: new Float64Array(count),
    },
  };
  rows.G.set(G);
  rows.H.set(H);
  rows.h.set(h);
  let at = m;
  const add = (j: number, sign: number, limit: number) => {
    rows.G[at * n + j] = sign;
    rows.h[at++] = limit;
  };
  if (lower) for (let j = 0; j < n; j++) if (lower[j] > -Infinity) add(j, -1, -lower[j]);
  if (upper) for (let j = 0; j < n; j++) if (upper[j] < Infinity) add(j, 1, upper[j]);
  return rows;
}
