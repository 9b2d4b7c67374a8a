import { symmetricEigenvalues } from '../../numerics/linalg/eigenvalues';
import { factorSaddlePoint } from '../../numerics/linalg/saddlePoint';
import { objectiveAt, rounded, secondOrderAt } from './evaluate';
import {
  emptyActiveSet,
  gatherMultipliers,
  hessianOf,
  jacobianOf,
  rowsOf,
  rowValue,
  type ActiveSet,
  type KktRow,
} from './kktRows';
import { lagrangianGradient, shareOf } from './polish';
import type { ConvexProblem } from './problem';
import { scalesOf, typicalSizes, type Scaling } from './scaling';
import type { Certificate, Multipliers } from './solution';

/** A point with its multipliers, examined: which rows are active, which of them weakly. */
export interface Examined {
  certificate: Certificate;
  objective: number;
  active: ActiveSet;
  /** Equality rows and active rows, their multipliers, Jacobian [rows, n] and ∇²L [n, n]. */
  rows: KktRow[];
  lambda: Float64Array;
  J: Float64Array;
  hessian: Float64Array;
  /** By row: active with multiplier 0. */
  weak: boolean[];
}

/** KKT systems up to this size have their condition computed, which takes all eigenvalues. */
const conditionLimit = 400;

/**
 * Certificate of y and multipliers from the original data. A row is active where its value is within `tolerance` of 0 relative to the
 * terms in it, and weakly so where its multiplier's share of every component of ∇L is.
 */
export function examine(
  problem: ConvexProblem,
  y: Float64Array,
  multipliers: Multipliers,
  tolerance: number,
  scaling: Scaling = scalesOf(problem),
): Examined {
  const { n, m, soc } = problem;
  const typical = typicalSizes(problem, y, scaling);
  const active = emptyActiveSet(problem);
  let primalResidual = 0;
  let slack = Infinity;
  let complementarity = 0;
  let signs = 0;
  const visit = (row: KktRow, multiplier: number): boolean => {
    const { value } = rowValue(problem, row, y);
    const { size } = rowValue(problem, row, typical);
    primalResidual = Math.max(primalResidual, value);
    complementarity += multiplier * value;
    signs = Math.min(signs, multiplier);
    const on = Math.abs(value) <= tolerance * size || value > 0;
    if (!on) slack = Math.min(slack, -value);
    return on;
  };
  for (let index = 0; index < problem.e; index++) {
    const { value } = rowValue(problem, { kind: 'equality', index }, y);
    primalResidual = Math.max(primalResidual, Math.abs(value));
    complementarity += multipliers.equality[index] * value;
  }
  const scalar = (kind: 'inequality' | 'lower' | 'upper', index: number) => {
    const row: KktRow = { kind, index };
    if (visit(row, multipliers[kind][index])) active[kind][index] = 1;
  };
  for (let index = 0; index < m; index++) scalar('inequality', index);
  for (let index = 0; index < n; index++) {
    if (problem.lower[index] > -Infinity) scalar('lower', index);
    if (problem.upper[index] < Infinity) scalar('upper', index);
  }
  soc.forEach((row, index) => {
    const at = secondOrderAt(row, n, y);
    const { size } = secondOrderAt(row, n, typical);
    const [head, ...tail] = multipliers.soc[index];
    primalResidual = Math.max(primalResidual, at.value);
    complementarity -= head * at.t + tail.reduce((sum, z, i) => sum + z * at.r[i], 0);
    signs = Math.min(signs, head - Math.hypot(...tail));
    if (Math.abs(at.value) <= tolerance * size || at.value > 0) active.soc[index] = at.rho <= tolerance * size ? 2 : 1;
    else slack = Math.min(slack, -at.value);
  });
  const rows = rowsOf(problem, active);
  const lambda = gatherMultipliers(rows, multipliers);
  const J = jacobianOf(problem, rows, y);
  const gradient = lagrangianGradient(problem, rows, lambda, J, y);
  const hessian = hessianOf(problem, rows, lambda, y);
  const { smallest, weak } = weakRows(problem, rows, lambda, J, gradient.size, tolerance);
  const system = factorSaddlePoint(n, rows.length, hessian, J);
  let dualResidual = 0;
  let relativeDualResidual = 0;
  rounded(gradient).forEach((value, j) => {
    dualResidual = Math.max(dualResidual, Math.abs(value));
    if (value !== 0) relativeDualResidual = Math.max(relativeDualResidual, Math.abs(value) / gradient.size[j]);
  });
  const objective = objectiveAt(problem, y);
  const gap = Math.abs(complementarity);
  return {
    ...{ objective, active, rows, lambda, J, hessian, weak },
    certificate: {
      ...{ primalResidual, dualResidual, relativeDualResidual },
      ...{ gap, relativeGap: gap / Math.max(1, Math.abs(objective)), multiplierSigns: signs },
      active: {
        inequality: indices(active.inequality),
        lower: indices(active.lower),
        upper: indices(active.upper),
        soc: indices(active.soc),
      },
      smallestActiveMultiplier: smallest,
      smallestInactiveSlack: slack,
      complementarityMargin: Math.min(smallest, slack),
      activeCount: rows.length,
      activeRank: system.rank,
      condition: conditionOf(n, rows.length, hessian, J),
    },
  };
}

const indices = (on: Uint8Array): number[] => [...on.keys()].filter((i) => on[i] !== 0);

/** Active rows with multiplier 0, and the smallest multiplier; an apex is weak where (z₀, z) is on the cone's boundary. */
function weakRows(
  { n, soc }: ConvexProblem,
  rows: readonly KktRow[],
  lambda: Float64Array,
  J: Float64Array,
  size: Float64Array,
  tolerance: number,
): { smallest: number; weak: boolean[] } {
  let smallest = Infinity;
  const weak = rows.map((row, r) => {
    if (row.kind === 'equality' || row.kind === 'apex') return false;
    smallest = Math.min(smallest, lambda[r]);
    return shareOf(n, r, lambda, J, size) <= tolerance;
  });
  soc.forEach(({ k }, index) => {
    const first = rows.findIndex((row) => row.kind === 'apex' && row.index === index);
    if (first < 0) return;
    const margin = lambda[first] - Math.hypot(...lambda.subarray(first + 1, first + 1 + k));
    smallest = Math.min(smallest, margin);
    if (margin <= tolerance * Math.max(lambda[first], Number.MIN_VALUE)) weak.fill(true, first, first + 1 + k);
  });
  return { smallest, weak };
}

/** 2-norm condition of [H Jᵀ; J 0]: Infinity where it is singular, NaN where it is too large to be computed. */
function conditionOf(n: number, r: number, H: Float64Array, J: Float64Array): number {
  const size = n + r;
  if (size > conditionLimit) return NaN;
  const full = new Float64Array(size * size);
  for (let i = 0; i < n; i++) full.set(H.subarray(i * n, (i + 1) * n), i * size);
  for (let i = 0; i < r; i++) full.set(J.subarray(i * n, (i + 1) * n), (n + i) * size);
  const values = symmetricEigenvalues(size, full).map(Math.abs).sort();
  const largest = values[size - 1];
  return values[0] <= Number.EPSILON * size * largest ? Infinity : largest / values[0];
}

/** Does the certificate hold to `tolerance`, relative to the size of what it is made of? */
export function certificateHolds(certificate: Certificate, y: Float64Array, tolerance: number): boolean {
  const size = y.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  const { primalResidual, relativeDualResidual, relativeGap, multiplierSigns, dualResidual } = certificate;
  return (
    primalResidual <= tolerance * size &&
    (relativeDualResidual <= tolerance || dualResidual <= 1e-3 * tolerance) &&
    relativeGap <= tolerance &&
    multiplierSigns >= -tolerance
  );
}
