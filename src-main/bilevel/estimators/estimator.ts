import type { z } from 'zod';
import type { Method } from '../../modelling/method';
import { cholesky } from '../../numerics/linalg/cholesky';
import type { LowerRow } from '../lower/lowerLevel';
import type { BilevelProblem } from '../problem';
import { QuadraticBilevel } from '../quadratic';
import type { SavedState } from '../savedState';

/** What an estimate cost. */
export interface Work {
  /** Lower levels solved, each from data to y*. */
  lowerSolves: number;
  /** Products of a vector with ∇²_yy g, ∂(∇_y g)/∂x, A, B or the reduced operator outside of the lower-level solves and of ∇f. */
  products: number;
  seconds: number;
  /** Of the arrays that the estimate held at its peak, besides the problem: those of lower level and estimator, counted from their sizes. */
  bytes: number;
}

/** An estimate of ∇F(x). The arrays belong to the oracle and are overwritten by its next call. */
export interface Estimate {
  F: number;
  /** [d] */
  gradient: Float64Array;
  /** y at which f was taken, [n]: y*(x), or what an unrolled method had reached. */
  y: Float64Array;
  /** Rows that are active with multiplier 0: F may have a kink here, and the estimate be one element of its generalised gradient. */
  weak: readonly LowerRow[];
  /** How far y is from the KKT conditions of the lower level, absolute; computed when asked for, before the oracle's next call. */
  residual(): number;
  /** Why another estimator than the one asked for answered, where it did. */
  fallBack?: string;
  work: Work;
}

export interface EstimateOptions {
  /** Start the lower level from the last call's active set. */
  warm?: boolean;
  /** The perturbation in place of the problem's own, [n]. */
  q?: Float64Array;
}

/** Estimates ∇F at one x after another. */
export interface Oracle {
  /** @throws AdjointError `bad-request` where the lower level has no solution at x (or, for differences, at a point near it) */
  at(x: Float64Array, options?: EstimateOptions): Estimate;
  /** What the next call depends on besides its arguments: with it restored, the oracle goes on bit for bit. */
  save(): SavedState;
  restore(saved: SavedState): void;
}

/** A way to estimate the hypergradient. One file each, listed in the registry. */
export interface Estimator<Kind extends string, Settings extends z.ZodType> extends Method<Kind, Settings> {
  /** Why it cannot be used on this problem, or null. */
  refusal(problem: BilevelProblem): string | null;
  make(problem: BilevelProblem, settings: z.output<Settings>): Oracle;
}

/** Counts the work of one call. */
export class WorkCounter implements Work {
  lowerSolves = 0;
  products = 0;
  seconds = 0;
  bytes: number;
  #began = 0;

  constructor(bytes = 0) {
    this.bytes = bytes;
  }

  begin(): void {
    this.lowerSolves = 0;
    this.products = 0;
    this.#began = performance.now();
  }

  end(): void {
    this.seconds = (performance.now() - this.#began) / 1000;
  }
}

/** The refusal of estimators whose linear algebra needs a positive definite ∇²_yy g. */
export const needsPositiveDefinite = (problem: BilevelProblem): string | null =>
  problem instanceof QuadraticBilevel && cholesky(problem.n, problem.lower.Q.slice(), 1e-13) >= 0
    ? 'Q of the lower level is not positive definite.'
    : null;
