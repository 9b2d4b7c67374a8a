import { AdjointError } from '@shared/errors';
import type { QcqpRows } from './qcqpResidual';

/**
 * The rows with lower ≤ y ≤ upper, [n] each and infinite where there is no bound, as further rows of c: first y_j − upper_j ≤ 0 in the order
 * of j, then lower_j − y_j ≤ 0.
 *
 * @throws AdjointError `bad-request` for another number of bounds, NaN, or a lower bound above the upper one
 */
export function withBounds(rows: QcqpRows, lower: ArrayLike<number>, upper: ArrayLike<number>): QcqpRows {
  const { n, G, H, h } = rows;
  if (lower.length !== n || upper.length !== n)
    throw new AdjointError('bad-request', `There are ${lower.length} and ${upper.length} bounds of ${n} unknowns.`, {
      where: 'bounds',
    });
  const added: { j: number; sign: 1 | -1; limit: number }[] = [];
  for (let j = 0; j < n; j++) {
    if (!(lower[j] <= upper[j]))
      throw new AdjointError('bad-request', `The bounds of unknown ${j} are ${lower[j]} and ${upper[j]}.`, {
        where: 'bounds',
        fix: 'Give a lower bound that is not above the upper one; infinity stands for none.',
      });
    if (upper[j] !== Infinity) added.push({ j, sign: 1, limit: upper[j] });
  }
  for (let j = 0; j < n; j++) if (lower[j] !== -Infinity) added.push({ j, sign: -1, limit: -lower[j] });
  const linear = new Float64Array(added.length * n);
  added.forEach(({ j, sign }, k) => (linear[k * n + j] = sign));
  const width = H.length === h.length * n ? n : n * n;
  return {
    ...rows,
    G: joined(G, linear),
    H: joined(H, new Float64Array(added.length * width)),
    h: joined(
      h,
      Float64Array.from(added, ({ limit }) => limit),
    ),
  };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
