import {
  addSymmetric,
  equalityAt,
  inequalityAt,
  inequalityGradient,
  secondOrderAt,
  secondOrderGradient,
  type RowValue,
} from './evaluate';
import { compensatedDot } from '../../numerics/linalg/compensated';
import type { ConvexProblem } from './problem';
import type { Multipliers } from './solution';

/**
 * One scalar row of the KKT system of an active set, as c(y) = 0 with multiplier λ. An active second-order row is one smooth row
 * ‖Fy + g‖ − cᵀy − d where Fy + g ≠ 0 (`boundary`), and at the apex of its cone the k + 1 linear rows −(cᵀy + d, Fy + g) with
 * multipliers (z₀, z) (`apex`, part 0 … k).
 */
export type KktRow =
  | { kind: 'equality' | 'inequality' | 'lower' | 'upper' | 'boundary'; index: number }
  | { kind: 'apex'; index: number; part: number };

/** Which rows are active; for second-order rows 0 no, 1 boundary, 2 apex. */
export interface ActiveSet {
  inequality: Uint8Array;
  lower: Uint8Array;
  upper: Uint8Array;
  soc: Uint8Array;
}

export const emptyActiveSet = ({ n, m, soc }: ConvexProblem): ActiveSet => ({
  inequality: new Uint8Array(m),
  lower: new Uint8Array(n),
  upper: new Uint8Array(n),
  soc: new Uint8Array(soc.length),
});

export const copyActiveSet = (active: ActiveSet): ActiveSet => ({
  inequality: active.inequality.slice(),
  lower: active.lower.slice(),
  upper: active.upper.slice(),
  soc: active.soc.slice(),
});

/** Equality rows, then active inequality rows, bounds and second-order rows, each in order. */
export function rowsOf(problem: ConvexProblem, active: ActiveSet): KktRow[] {
  const rows: KktRow[] = [];
  for (let index = 0; index < problem.e; index++) rows.push({ kind: 'equality', index });
  for (const kind of ['inequality', 'lower', 'upper'] as const)
    active[kind].forEach((on, index) => on && rows.push({ kind, index }));
  active.soc.forEach((on, index) => {
    if (on === 1) rows.push({ kind: 'boundary', index });
    else if (on === 2)
      for (let part = 0; part <= problem.soc[index].k; part++) rows.push({ kind: 'apex', index, part });
  });
  return rows;
}

/** c(y) of one row. */
export function rowValue(problem: ConvexProblem, row: KktRow, y: Float64Array): RowValue {
  const { n, lower, upper, soc } = problem;
  if (row.kind === 'apex') {
    const { F, g, c, d } = soc[row.index];
    const q = row.part - 1;
    const value = q < 0 ? compensatedDot(n, c, 0, y, 0, d) : compensatedDot(n, F, q * n, y, 0, g[q]);
    return { value: -value, size: secondOrderAt(soc[row.index], n, y).size };
  }
  const { kind, index } = row;
  if (kind === 'equality') return equalityAt(problem, index, y);
  if (kind === 'inequality') return inequalityAt(problem, index, y);
  if (kind === 'boundary') return secondOrderAt(soc[index], n, y);
  const bound = kind === 'lower' ? lower[index] : upper[index];
  const value = kind === 'lower' ? bound - y[index] : y[index] - bound;
  return { value, size: Math.abs(bound) + Math.abs(y[index]) };
}

/** ∇c(y) of one row into to[at …], which is 0 before. */
export function rowGradient(problem: ConvexProblem, row: KktRow, y: Float64Array, to: Float64Array, at: number): void {
  const { n, A, soc } = problem;
  if (row.kind === 'apex') {
    const { F, c } = soc[row.index];
    for (let j = 0; j < n; j++) to[at + j] = row.part === 0 ? -c[j] : -F[(row.part - 1) * n + j];
    return;
  }
  const { kind, index } = row;
  if (kind === 'equality') to.set(A.subarray(index * n, (index + 1) * n), at);
  else if (kind === 'inequality') inequalityGradient(problem, index, y, to, at);
  else if (kind === 'boundary') secondOrderGradient(soc[index], n, secondOrderAt(soc[index], n, y), to, at);
  else to[at + index] = kind === 'lower' ? -1 : 1;
}

/** J [rows, n] */
export function jacobianOf(problem: ConvexProblem, rows: readonly KktRow[], y: Float64Array): Float64Array {
  const J = new Float64Array(rows.length * problem.n);
  rows.forEach((row, r) => rowGradient(problem, row, y, J, r * problem.n));
  return J;
}

/** ∇²_yy L = Q + Σλ_r∇²c_r [n, n] */
export function hessianOf(
  problem: ConvexProblem,
  rows: readonly KktRow[],
  lambda: Float64Array,
  y: Float64Array,
): Float64Array {
  const { n, Q, H, soc } = problem;
  const hessian = new Float64Array(n * n);
  addSymmetric(n, Q, 1, hessian);
  rows.forEach((row, r) => {
    if (row.kind === 'inequality') addSymmetric(n, H[row.index], 2 * lambda[r], hessian);
    else if (row.kind === 'boundary' && lambda[r] !== 0) {
      // ∇²ρ = Fᵀ(I − uuᵀ)F/ρ, u = r/ρ
      const { F, k } = soc[row.index];
      const { r: residual, rho } = secondOrderAt(soc[row.index], n, y);
      const weight = lambda[r] / rho;
      const along = new Float64Array(n);
      for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) along[j] += (F[i * n + j] * residual[i]) / rho;
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          let sum = -along[i] * along[j];
          for (let q = 0; q < k; q++) sum += F[q * n + i] * F[q * n + j];
          hessian[i * n + j] += weight * sum;
          if (i !== j) hessian[j * n + i] += weight * sum;
        }
    }
  });
  return hessian;
}

/** Multipliers of a problem, all 0. */
export const noMultipliers = ({ n, e, m, soc }: ConvexProblem): Multipliers => ({
  equality: new Float64Array(e),
  inequality: new Float64Array(m),
  lower: new Float64Array(n),
  upper: new Float64Array(n),
  soc: soc.map(({ k }) => new Float64Array(k + 1)),
});

/** λ by rows from multipliers; a boundary row's is z₀. */
export function gatherMultipliers(rows: readonly KktRow[], multipliers: Multipliers): Float64Array {
  return Float64Array.from(rows, (row) => {
    if (row.kind === 'apex') return multipliers.soc[row.index][row.part];
    if (row.kind === 'boundary') return multipliers.soc[row.index][0];
    return multipliers[row.kind][row.index];
  });
}

/** Multipliers from λ by rows; a boundary row's (z₀, z) is λ(1, −r/ρ). */
export function scatterMultipliers(
  problem: ConvexProblem,
  rows: readonly KktRow[],
  lambda: Float64Array,
  y: Float64Array,
): Multipliers {
  const result = noMultipliers(problem);
  rows.forEach((row, i) => {
    if (row.kind === 'apex') result.soc[row.index][row.part] = lambda[i];
    else if (row.kind === 'boundary') {
      const { r, rho } = secondOrderAt(problem.soc[row.index], problem.n, y);
      const z = result.soc[row.index];
      z[0] = lambda[i];
      for (let q = 0; q < r.length; q++) z[q + 1] = (-lambda[i] * r[q]) / rho;
    } else result[row.kind][row.index] = lambda[i];
  });
  return result;
}
