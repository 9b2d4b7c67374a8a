import { factorRowSpace } from '../../numerics/linalg/rowSpace';
import { rankTolerance } from '../../numerics/linalg/saddlePoint';
import { noMultipliers } from './kktRows';
import type { ConvexProblem } from './problem';
import type { Multipliers } from './solution';

/** A problem whose fixed variables (lower = upper) are equality rows, after those of A. */
export interface FixedVariables {
  problem: ConvexProblem;
  /** The variables of the rows that were added. */
  fixed: number[];
}

/** Bounds that leave no interior are equalities to the interior point. */
export function fixVariables(problem: ConvexProblem): FixedVariables {
  const { n, e, A, b, lower, upper } = problem;
  const fixed = [...lower.keys()].filter((j) => lower[j] === upper[j]);
  if (fixed.length === 0) return { problem, fixed };
  const rows = new Float64Array((e + fixed.length) * n);
  rows.set(A);
  fixed.forEach((j, i) => (rows[(e + i) * n + j] = 1));
  const free = (bounds: Float64Array, none: number) => bounds.map((value, j) => (lower[j] === upper[j] ? none : value));
  return {
    fixed,
    problem: {
      ...problem,
      e: e + fixed.length,
      A: rows,
      b: Float64Array.from([...b, ...fixed.map((j) => lower[j])]),
      lower: free(lower, -Infinity),
      upper: free(upper, Infinity),
    },
  };
}

/** Multipliers of the original problem: a fixed variable's goes to the bound that its sign asks for. */
export function unfixMultipliers({ fixed, problem }: FixedVariables, multipliers: Multipliers): Multipliers {
  if (fixed.length === 0) return multipliers;
  const e = problem.e - fixed.length;
  const { lower, upper } = multipliers;
  fixed.forEach((j, i) => {
    lower[j] = Math.max(0, -multipliers.equality[e + i]);
    upper[j] = Math.max(0, multipliers.equality[e + i]);
  });
  return { ...multipliers, equality: multipliers.equality.slice(0, e) };
}

/** The rows of A: which are independent, and how the others follow from them. */
export interface EqualityRows {
  /** In order. */
  independent: number[];
  /** A row that follows from the independent ones: Σ weights_i A_i = 0 [e] with weight −1 at the row itself. */
  dependent: { row: number; weights: Float64Array }[];
}

export function examineEqualities({ n, e, A }: ConvexProblem): EqualityRows {
  if (e === 0) return { independent: [], dependent: [] };
  const scales = Float64Array.from({ length: e }, (_, i) => {
    let largest = 0;
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(A[i * n + j]));
    return largest > 0 ? 1 / largest : 1;
  });
  const scaled = A.map((value, at) => value * scales[Math.floor(at / n)]);
  const { order, packed, diagonal, rank } = factorRowSpace(scaled, e, n, rankTolerance);
  const dependent = [...order.subarray(rank)].map((row, q) => {
    // wᵀL_I = L_row
    const at = (rank + q) * n;
    const w = packed.slice(at, at + rank);
    for (let j = rank - 1; j >= 0; j--) {
      w[j] /= diagonal[j];
      for (let k = 0; k < j; k++) w[k] -= packed[j * n + k] * w[j];
    }
    const weights = new Float64Array(e);
    weights[row] = -1;
    for (let j = 0; j < rank; j++)
      weights[order[j]] = Math.abs(w[j]) < 1e-14 ? 0 : (w[j] * scales[order[j]]) / scales[row];
    return { row, weights };
  });
  return { independent: [...order.subarray(0, rank)].sort((a, b) => a - b), dependent };
}

/** Multipliers that prove that the equalities contradict each other: Aᵀu = 0, bᵀu < 0. Null if they do not. */
export function contradiction(problem: ConvexProblem, { dependent }: EqualityRows): Multipliers | null {
  const { e, b } = problem;
  for (const { weights } of dependent) {
    let value = 0;
    let size = 0;
    for (let i = 0; i < e; i++) {
      value += weights[i] * b[i];
      size += Math.abs(weights[i] * b[i]);
    }
    if (Math.abs(value) <= 1e-9 * size) continue;
    const result = noMultipliers(problem);
    for (let i = 0; i < e; i++) result.equality[i] = value > 0 ? -weights[i] + 0 : weights[i];
    return result;
  }
  return null;
}

/** The problem with the independent equality rows only. */
export function keepEqualities(problem: ConvexProblem, { independent }: EqualityRows): ConvexProblem {
  const { n, e, A, b } = problem;
  if (independent.length === e) return problem;
  const rows = new Float64Array(independent.length * n);
  independent.forEach((i, at) => rows.set(A.subarray(i * n, (i + 1) * n), at * n));
  return { ...problem, e: independent.length, A: rows, b: Float64Array.from(independent, (i) => b[i]) };
}
