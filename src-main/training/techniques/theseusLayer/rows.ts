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

/** Positive weights of the rows: `equality` [e], `inequality` [r]. */
export interface RowWeights {
  equality: Float64Array;
  inequality: Float64Array;
}

/** The same rows multiplied by their weights; x must be by `equality`. */
export function weightedRows({ n, A, G, H, h }: QcqpRows, { equality, inequality }: RowWeights): QcqpRows {
  const scaled = (values: Float64Array, weights: Float64Array) => {
    const width = weights.length === 0 ? 1 : values.length / weights.length;
    return values.map((value, i) => value * weights[Math.floor(i / width)]);
  };
  return { n, A: scaled(A, equality), G: scaled(G, inequality), H: scaled(H, inequality), h: scaled(h, inequality) };
}

/**
 * Derivatives for the logarithms of the weights from those for weighted data: s_i dL/ds_i = Σ_j Ã_ij dÃ_ij + Σ_batch x̃_i dx̃_i, and of an
 * inequality the same with G̃, H̃ and h̃.
 */
export function weightGradients(
  rows: QcqpRows,
  x: Float64Array,
  gradients: { A: Float64Array; G: Float64Array; H: Float64Array; h: Float64Array; x: Float64Array },
): RowWeights {
  const e = rows.A.length / rows.n;
  const r = rows.h.length;
  const equality = new Float64Array(e);
  const inequality = new Float64Array(r);
  addProducts(rows.A, gradients.A, equality, e === 0 ? 1 : rows.n);
  for (let i = 0; i < x.length; i++) equality[i % e] += x[i] * gradients.x[i];
  addProducts(rows.G, gradients.G, inequality, rows.n);
  addProducts(rows.H, gradients.H, inequality, r === 0 ? 1 : rows.H.length / r);
  addProducts(rows.h, gradients.h, inequality, 1);
  return { equality, inequality };
}

function addProducts(a: Float64Array, b: Float64Array, sums: Float64Array, width: number): void {
  for (let i = 0; i < a.length; i++) sums[Math.floor(i / width)] += a[i] * b[i];
}
