import { dot } from '../../numerics/linalg/products';
import type { QuadraticBilevel } from '../quadratic';

/** gᵀz ≤ h */
export interface Inequality {
  g: Float64Array;
  h: number;
}

/**
 * The bilevel problem as a quadratic program with complementarity, by the conditions of Karush, Kuhn and Tucker of its lower level, which
 * are sufficient because that is convex and its rows are linear. z = (x, y, λ), with a λ for every row and finite bound of the lower
 * level; y is chosen in favour of the upper level where several are optimal in the lower one (the optimistic problem):
 *
 *     minimise ½zᵀHz + pᵀz + constant  subject to  E z = r,  g_iᵀz ≤ h_i,  and for each pair one of its two inequalities holds with equality
 */
export interface ComplementarityProgram {
  d: number;
  n: number;
  size: number;
  /** [size, size], [size] */
  H: Float64Array;
  p: Float64Array;
  constant: number;
  equalities: Inequality[];
  inequalities: Inequality[];
  pairs: Pair[];
}

/** A row of the lower level: indices of the inequalities slack ≥ 0 and λ ≥ 0, and the row's gradient in y, [n]. */
export interface Pair {
  slack: number;
  multiplier: number;
  normal: Float64Array;
}

/** aᵀy + bᵀx ≤ limit */
interface LowerRow {
  a: Float64Array;
  b: Float64Array;
  limit: number;
}

export function complementarityProgram(problem: QuadraticBilevel): ComplementarityProgram {
  const { d, n, upper, lower } = problem;
  const { equal, rows } = splitRows(lowerRows(problem));
  const size = d + n + equal.length + rows.length;
  const H = new Float64Array(size * size);
  const p = new Float64Array(size);
  for (let i = 0; i < d; i++) {
    p[i] = upper.cx[i];
    H.set(upper.Qxx.subarray(i * d, (i + 1) * d), i * size);
    for (let j = 0; j < n; j++) H[i * size + d + j] = H[(d + j) * size + i] = upper.Qxy[i * n + j];
  }
  for (let j = 0; j < n; j++) {
    p[d + j] = upper.cy[j];
    H.set(upper.Qyy.subarray(j * n, (j + 1) * n), (d + j) * size + d);
  }
  const row = (h: number, ...parts: [at: number, values: ArrayLike<number>][]): Inequality => {
    const g = new Float64Array(size);
    for (const [at, values] of parts) g.set(values, at);
    return { g, h };
  };
  const all = [...equal, ...rows];
  const equalities = Array.from({ length: n }, (_, j) =>
    row(
      0 - lower.c[j] - lower.q[j],
      [0, Float64Array.from({ length: d }, (_, i) => lower.P[i * n + j])],
      [d, lower.Q.subarray(j * n, (j + 1) * n)],
      [d + n, all.map(({ a }) => a[j])],
    ),
  );
  for (const { a, b, limit } of equal) equalities.push(row(limit, [0, b], [d, a]));
  const inequalities: Inequality[] = [];
  const pairs = rows.map(({ a, b, limit }, k): Pair => {
    inequalities.push(row(limit, [0, b], [d, a]), row(0, [d + n + equal.length + k, [-1]]));
    return { slack: 2 * k, multiplier: 2 * k + 1, normal: a };
  });
  for (let i = 0; i < d; i++) {
    if (upper.domain.upper[i] < Infinity) inequalities.push(row(upper.domain.upper[i], [i, [1]]));
    if (upper.domain.lower[i] > -Infinity) inequalities.push(row(0 - upper.domain.lower[i], [i, [-1]]));
  }
  const { C, D, e } = upper.rows;
  e.forEach((limit, k) =>
    inequalities.push(row(limit, [0, C.subarray(k * d, (k + 1) * d)], [d, D.subarray(k * n, (k + 1) * n)])),
  );
  return { d, n, size, H, p, constant: upper.constant, equalities, inequalities, pairs };
}

function lowerRows({ d, n, m, lower }: QuadraticBilevel): LowerRow[] {
  const rows = Array.from({ length: m }, (_, r): LowerRow => ({
    a: lower.A.slice(r * n, (r + 1) * n),
    b: lower.B.slice(r * d, (r + 1) * d),
    limit: lower.b[r],
  }));
  for (let j = 0; j < n; j++)
    for (const [bound, sign] of [
      [lower.upper[j], 1],
      [lower.lower[j], -1],
    ]) {
      if (!Number.isFinite(bound)) continue;
      const a = new Float64Array(n);
      a[j] = sign;
      rows.push({ a, b: new Float64Array(d), limit: sign * bound });
    }
  return rows;
}

/** Two rows that say ≤ and ≥ of the same are one equality, whose multiplier is free; a row that occurs twice counts once. */
function splitRows(given: readonly LowerRow[]): { equal: LowerRow[]; rows: LowerRow[] } {
  const [equal, rows]: [LowerRow[], LowerRow[]] = [[], []];
  for (const row of given.map(normalised)) {
    if ([...equal, ...rows].some((other) => isMultiple(row, other, 1))) continue;
    const opposite = rows.findIndex((other) => isMultiple(row, other, -1));
    if (opposite < 0) rows.push(row);
    else equal.push(...rows.splice(opposite, 1));
  }
  return { equal, rows };
}

/** The same row with a gradient of length 1 in y, where it has one. */
function normalised({ a, b, limit }: LowerRow): LowerRow {
  const length = Math.sqrt(dot(a.length, a, 0, a, 0)) || 1;
  return { a: a.map((value) => value / length), b: b.map((value) => value / length), limit: limit / length };
}

const isMultiple = (one: LowerRow, other: LowerRow, factor: 1 | -1): boolean => {
  const close = (u: number, v: number) => Math.abs(u - factor * v) <= 1e-14 * Math.max(1, Math.abs(v));
  return (
    one.a.every((value, j) => close(value, other.a[j])) &&
    one.b.every((value, i) => close(value, other.b[i])) &&
    close(one.limit, other.limit)
  );
};
