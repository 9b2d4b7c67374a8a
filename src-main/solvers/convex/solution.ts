import type { ConvexProblem } from './problem';

/**
 * How a solve ended. `optimal` is granted by the certificate alone; findings say where an optimum is degenerate. `not convex` and
 * `numerical trouble` come with findings or a message, never with a silent number.
 */
export type SolveStatus =
  'optimal' | 'primal infeasible' | 'dual infeasible' | 'not convex' | 'iteration limit' | 'numerical trouble';

/**
 * Signs: L = f + νᵀ(Ay − b) + Σλ_i c_i(y) + lowerᵀ(l − y) + upperᵀ(y − u) − Σ_k z_kᵀ(c_kᵀy + d_k, F_k y + g_k).
 * All but the equality multipliers are ≥ 0, and z_k lies in the second-order cone. Rows that are not active have exactly 0.
 */
export interface Multipliers {
  /** [e], [m], [n], [n] */
  equality: Float64Array;
  inequality: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
  /** One [k + 1] a row: z₀, then z. */
  soc: Float64Array[];
}

/** What makes a solution degenerate, or why there is none; the names are the reference cases' own. */
export const diagnoses = [
  'duplicate-constraint', // active rows that are multiples of each other
  'zero-multiplier', // an active inequality row with multiplier 0: a kink of the solution map
  'kink', // the same at a bound or a cone
  'licq-failure', // dependent gradients of active rows
  'redundant-equality', // dependent rows of A
  'not-unique', // the optimal set is not one point
  'no-multiplier', // optimal, but no multipliers satisfy the KKT conditions
  'not-convex',
  'infeasible',
  'unbounded',
] as const;
export type Diagnosis = (typeof diagnoses)[number];

export interface Finding {
  diagnosis: Diagnosis;
  /** One sentence with the numbers that show it. */
  message: string;
  /** Rows concerned: equality, inequality, bounds as `lower 3`, second-order rows. */
  equality?: number[];
  rows?: number[];
  bounds?: string[];
  soc?: number[];
  /** For `not-convex`: the smallest eigenvalue. */
  eigenvalue?: number;
}

/** Indices of the rows that hold with equality at y, whatever their multiplier. */
export interface ActiveRows {
  inequality: number[];
  lower: number[];
  upper: number[];
  soc: number[];
}

/** Proof of a solution, computed from y, the multipliers and the original data: nothing of the solve is taken on trust. */
export interface Certificate {
  /** max over rows of their violation: |Ay − b|, relu(c), bounds, ‖Fy + g‖ − (cᵀy + d). Absolute. */
  primalResidual: number;
  /** ‖∇_y L‖∞ and the same over the size of the terms that cancel in it. */
  dualResidual: number;
  relativeDualResidual: number;
  /** |Σ multiplier × row value| and the same over max(1, |f|). */
  gap: number;
  relativeGap: number;
  /** The most negative multiplier, or z₀ − ‖z‖ of a cone; 0 if none is. */
  multiplierSigns: number;
  active: ActiveRows;
  /** The smallest multiplier of an active row and the smallest slack of an inactive one; Infinity where there are none. */
  smallestActiveMultiplier: number;
  smallestInactiveSlack: number;
  /** The smaller of the two: 0 at a kink. */
  complementarityMargin: number;
  /** Gradients of equality and active rows: how many, and how many of them are independent. */
  activeCount: number;
  activeRank: number;
  /** 2-norm condition of [H Jᵀ; J 0] over the independent active rows; NaN where it was not computed because of size. */
  condition: number;
}

export interface Solution {
  status: SolveStatus;
  /** [n]. NaN where there is no optimum. */
  y: Float64Array;
  objective: number;
  multipliers: Multipliers;
  certificate: Certificate;
  findings: Finding[];
  /** For `primal infeasible`: multipliers that prove it, as `infeasibilityMargin` in certificate.ts checks. */
  infeasibility: Multipliers | null;
  /** For `dual infeasible`: d [n] along which the objective falls and no row is ever violated. */
  ray: Float64Array | null;
  /**
   * Where no point is strictly feasible: the same problem on the smallest face of its feasible set, which has an interior and so has
   * multipliers even where the original has none. What is derived from the solution is derived from it.
   */
  face: { problem: ConvexProblem; multipliers: Multipliers } | null;
  iterations: number;
  polishSteps: number;
  /** Seconds. `differentiate` is 0 until a derivative has been asked for. */
  seconds: { setup: number; solve: number; differentiate: number };
}
