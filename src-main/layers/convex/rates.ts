import { secondOrderAt } from '../../solvers/convex/evaluate';
import type { KktRow } from '../../solvers/convex/kktRows';
import type { ConvexProblem, Datum } from '../../solvers/convex/problem';

/**
 * One entry of the data. For Q and full H_i the entry (i, j) stands for a symmetric change: half of it at (i, j), half at (j, i), so
 * that the derivative is the entry (i, j) of the gradient. `row` is the row of H, or of soc.
 */
export type Entry =
  | { datum: Exclude<Datum, 'H' | 'soc'>; i: number; j: number }
  | { datum: 'H'; row: number; i: number; j: number }
  | { datum: 'soc'; row: number; part: 'F' | 'g' | 'c' | 'd'; i: number; j: number };

/** How fast c of each KKT row and ∇_yL change at fixed y and λ when an entry of the data changes at rate 1. */
export interface Rates {
  /** [rows] */
  rows: Float64Array;
  /** [n], for multipliers by row */
  gradient: (lambda: ArrayLike<number>) => Float64Array;
}

export function ratesOf(problem: ConvexProblem, rows: readonly KktRow[], y: Float64Array, entry: Entry): Rates {
  const { n, soc } = problem;
  const { datum, i, j } = entry;
  const rates = new Float64Array(rows.length);
  const at = (kind: KktRow['kind'], index: number) => rows.findIndex((row) => row.kind === kind && row.index === index);
  const still = () => new Float64Array(n);
  const set = (row: number, value: number) => {
    if (row >= 0) rates[row] = value;
  };
  const along = (...terms: [number, number][]) => {
    const result = new Float64Array(n);
    for (const [index, value] of terms) result[index] += value;
    return result;
  };
  const linear = (row: number, sign: 1 | -1) => {
    set(row, sign * y[j]);
    return {
      rows: rates,
      gradient: (lambda: ArrayLike<number>) => (row < 0 ? still() : along([j, sign * lambda[row]])),
    };
  };
  switch (datum) {
    case 'p':
      return { rows: rates, gradient: () => along([i, 1]) };
    case 'Q':
      return { rows: rates, gradient: () => along([i, 0.5 * y[j]], [j, 0.5 * y[i]]) };
    case 'b':
      set(at('equality', i), -1);
      return { rows: rates, gradient: still };
    case 'h':
      set(at('inequality', i), -1);
      return { rows: rates, gradient: still };
    case 'lower':
      set(at('lower', i), 1);
      return { rows: rates, gradient: still };
    case 'upper':
      set(at('upper', i), -1);
      return { rows: rates, gradient: still };
    case 'A':
      return linear(at('equality', i), 1);
    case 'G':
      return linear(at('inequality', i), 1);
    case 'H': {
      const row = at('inequality', entry.row);
      set(row, y[i] * y[j]);
      return {
        rows: rates,
        gradient: (lambda) => (row < 0 ? still() : along([i, lambda[row] * y[j]], [j, lambda[row] * y[i]])),
      };
    }
  }
  const { F, k } = soc[entry.row];
  const apex = rows.findIndex((row) => row.kind === 'apex' && row.index === entry.row && row.part === 0);
  if (apex >= 0) {
    const part = entry.part === 'c' || entry.part === 'd' ? apex : apex + 1 + i;
    if (entry.part === 'c' || entry.part === 'F') return linear(part, -1);
    set(part, -1);
    return { rows: rates, gradient: still };
  }
  const row = at('boundary', entry.row);
  if (row < 0) return { rows: rates, gradient: still };
  if (entry.part === 'd') {
    set(row, -1);
    return { rows: rates, gradient: still };
  }
  if (entry.part === 'c') return linear(row, -1);
  const { r, rho } = secondOrderAt(soc[entry.row], n, y);
  // r moves by ṙ = e_i, or e_i y_j: c by uᵀṙ, ∇c by Fᵀ(I − uuᵀ)ṙ/ρ, and by u_i e_j where F itself moves.
  const moved = entry.part === 'F' ? y[j] : 1;
  set(row, (r[i] / rho) * moved);
  return {
    rows: rates,
    gradient: (lambda) => {
      const result = new Float64Array(n);
      for (let q = 0; q < k; q++) {
        const weight = ((q === i ? 1 : 0) - (r[q] * r[i]) / rho ** 2) / rho;
        for (let a = 0; a < n; a++) result[a] += lambda[row] * weight * moved * F[q * n + a];
      }
      if (entry.part === 'F') result[j] += (lambda[row] * r[i]) / rho;
      return result;
    },
  };
}
