import { AdjointError } from '@shared/errors';

/** A row or bound of the lower level. */
export interface LowerRow {
  kind: 'inequality' | 'lower' | 'upper';
  index: number;
}

/** y*(x) and what belongs to it. The arrays are those of the lower level and are overwritten by its next solve. */
export interface LowerSolution {
  /** [n] */
  readonly y: Float64Array;
  /** ≥ 0, [m], [n], [n]; 0 where a row is not active. */
  readonly multipliers: { inequality: Float64Array; lower: Float64Array; upper: Float64Array };
  /** Rows held with equality by the derivative, 1 or 0, [m]; −1 lower, 1 upper bound, 0 free, [n]. Weakly active rows are not held. */
  readonly held: Uint8Array;
  readonly side: Int8Array;
  /** Weakly active rows: at their limit with multiplier 0. There y*(x) may have a kink. */
  readonly weak: readonly LowerRow[];
}

export interface SolveOptions {
  /** Start from the active set of the last solve. */
  warm?: boolean;
  /** The perturbation to use in place of the problem's own, [n]. */
  q?: Float64Array;
}

/** The lower level as a function of x with its adjoint. */
export interface LowerLevel {
  /** How the level is solved. */
  readonly method: 'box active set' | 'dual active set' | 'interior point' | 'projected Newton';
  /** Of the arrays that a solve and its adjoint hold at their peak, besides the problem; counted from the sizes. */
  readonly bytes: number;
  /** @throws AdjointError `bad-request` where the lower level has no solution at this x, saying why */
  solve(x: Float64Array, options?: SolveOptions): LowerSolution;
  /**
   * (u, w) with [H Āᵀ; Ā 0][u; w] = [v; 0] over the rows held at the last solve, H = ∇²_yy g at its y; w [m] is 0 at other rows. The
   * gradient of vᵀy*(x) is −(Gᵀu + Bᵀw).
   *
   * @throws AdjointError `unsupported` where the derivative does not exist
   */
  adjoint(v: Float64Array): { u: Float64Array; w: Float64Array };
  /** What a warm start depends on: with it restored, the next solves give the same bits. */
  saveWarmStart(): Float64Array;
  restoreWarmStart(saved: Float64Array): void;
}

/** Relative size of |multiplier| and slack below which a row counts as weakly active. */
export const weakTolerance = 1e-10;

const reasons: Record<string, { what: string; fix: string }> = {
  'primal infeasible': {
    what: 'The lower level has no feasible y at this x: the rows A y + B x ≤ b and the bounds contradict each other.',
    fix: 'Keep x where the lower level has a solution (a box for x), or loosen b.',
  },
  'dual infeasible': {
    what: 'The lower level is unbounded below at this x.',
    fix: 'Give y bounds, or add curvature to Q.',
  },
  'not convex': {
    what: 'The lower level is not convex in y: its Hessian has a negative eigenvalue.',
    fix: 'A lower level must be convex in y for its solution map to be defined.',
  },
  'iteration limit': {
    what: 'The solver of the lower level did not finish at this x.',
    fix: 'Scale the data of the lower level; its Q may be nearly singular.',
  },
};

/** The error for a lower level that could not be solved at x, by the status of the solve; `detail` is a sentence with its numbers. */
export function lowerLevelFailure(status: string, x: Float64Array, detail?: string): AdjointError {
  const { what, fix } = reasons[status] ?? {
    what: `The lower level could not be solved at this x: ${status}.`,
    fix: reasons['iteration limit'].fix,
  };
  const shown = [...x.subarray(0, 6)].map((value) => +value.toPrecision(6)).join(', ');
  return new AdjointError('bad-request', detail ? `${what} ${detail}` : what, {
    where: `x = (${shown}${x.length > 6 ? ', …' : ''})`,
    fix,
  });
}

/** Refuses an x that is not finite before a solver sees it. */
export function checkPoint(x: Float64Array, d: number): void {
  const wrong = x.length === d ? x.findIndex((value) => !Number.isFinite(value)) : -1;
  if (x.length === d && wrong < 0) return;
  throw new AdjointError(
    'bad-request',
    wrong < 0 ? `x has ${x.length} entries; the problem asks for ${d}.` : `x holds ${x[wrong]} at position ${wrong}.`,
    { where: 'x' },
  );
}
