import { AdjointError } from '@shared/errors';

/** Which way to go, from the linearised residual. */
export type Descent =
  | { kind: 'gaussNewton' }
  /** (JᵀJ + λD)δ = Jᵀr with D = I or, ellipsoidal, diag(JᵀJ). */
  | { kind: 'levenbergMarquardt'; damping: number; ellipsoidal: boolean }
  /** Within a radius, along the path from the steepest descent's minimiser to the Gauss–Newton step. */
  | { kind: 'dogleg'; radius: number };

/** How far to go, and whether to go at all. */
export type Search =
  | { kind: 'fixedStep'; stepSize: number }
  /** Takes the step where actual over predicted decrease ρ > accept, and adapts damping or radius. */
  | { kind: 'gainRatio'; accept: number; down: number; up: number; least: number; most: number }
  /** Backtracking until the objective falls by `sufficient` of the slope. */
  | { kind: 'armijo'; shrink: number; sufficient: number; trials: number };

export interface LeastSquaresSettings {
  descent: Descent;
  search: Search;
  maxIterations: number;
  /** Converged where ‖Jᵀr‖∞ is within it; 0 never. */
  gradientTolerance: number;
  /** Converged where ‖δ‖ ≤ stepTolerance·(1 + ‖y‖); 0 never. */
  stepTolerance: number;
  /** Diverged where the objective is beyond this times max(1, objective of the start). */
  divergence: number;
}

export const gainRatioSearch: Search = { kind: 'gainRatio', accept: 0.1, down: 9, up: 11, least: 1e-7, most: 1e7 };

export const defaultLeastSquaresSettings: LeastSquaresSettings = {
  descent: { kind: 'levenbergMarquardt', damping: 1e-3, ellipsoidal: false },
  search: { kind: 'fixedStep', stepSize: 1 },
  maxIterations: 10,
  gradientTolerance: 0,
  stepTolerance: 0,
  divergence: 1e12,
};

/** @throws AdjointError `bad-request` for numbers out of range and for a search that has nothing to adapt */
export function checkSettings({ descent, search, maxIterations }: LeastSquaresSettings): void {
  const refuse = (what: string, where: string, fix: string) => {
    throw new AdjointError('bad-request', what, { where, fix });
  };
  if (!Number.isInteger(maxIterations) || maxIterations < 0)
    refuse(`${maxIterations} is no number of iterations.`, 'maxIterations', 'Use a whole number from 0 on.');
  if (descent.kind === 'levenbergMarquardt' && !(descent.damping >= 0))
    refuse(`The damping is ${descent.damping}.`, 'descent.damping', 'Use a number from 0 on.');
  if (descent.kind === 'dogleg' && !(descent.radius > 0))
    refuse(`The radius is ${descent.radius}.`, 'descent.radius', 'Use a positive number.');
  if (search.kind === 'gainRatio' && descent.kind === 'gaussNewton')
    refuse(
      'Gauss–Newton has neither damping nor radius that a gain ratio could adapt.',
      'search',
      'Use fixedStep or armijo, or levenbergMarquardt or dogleg.',
    );
}
