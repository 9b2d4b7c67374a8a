import type { z } from 'zod';
import type { Method } from '../../modelling/method';
import type { Oracle } from '../estimators/estimator';
import type { BilevelProblem } from '../problem';

export type OuterStatus = 'converged' | 'iteration limit' | 'no descent' | 'diverged';

/** What every outer algorithm carries from step to step. */
export interface OuterState {
  readonly problem: BilevelProblem;
  readonly oracle: Oracle;
  /** The iterate, in X, [d]. */
  readonly x: Float64Array;
  /** F and the estimate of ∇F at the last point where the oracle was asked. */
  F: number;
  gradient: Float64Array;
  /** ‖x⁺ − x‖∞ of the last step. */
  moved: number;
  iteration: number;
  lowerSolves: number;
  status: OuterStatus | null;
}

/** Minimises F over X. One file each, listed in the registry; a loop drives init, step and terminate, then postprocess. */
export interface OuterAlgorithm<
  Kind extends string,
  Settings extends z.ZodType,
  State extends OuterState,
> extends Method<Kind, Settings> {
  init(problem: BilevelProblem, settings: z.output<Settings>, oracle: Oracle, start: Float64Array): State;
  step(state: State): void;
  terminate(state: State): boolean;
  /** F and ∇F at the final x with the problem's own q. */
  postprocess(state: State): void;
}

/** x ← the nearest point of X. */
export function project({ upper: { domain } }: BilevelProblem, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = Math.min(domain.upper[i], Math.max(domain.lower[i], x[i]));
}

/** The state of an algorithm before its first step. */
export function initialState(problem: BilevelProblem, oracle: Oracle, start: Float64Array): OuterState {
  const x = start.slice();
  project(problem, x);
  const gradient = new Float64Array(problem.d).fill(NaN);
  return { problem, oracle, x, F: NaN, gradient, moved: Infinity, iteration: 0, lowerSolves: 0, status: null };
}

/** Asks the oracle at the iterate; what is not finite ends the run there, with the iterate kept. */
export function evaluate(state: OuterState, q?: Float64Array): boolean {
  const { F, gradient, work } = state.oracle.at(state.x, { warm: state.iteration > 0, ...(q ? { q } : {}) });
  state.F = F;
  state.gradient = gradient;
  state.lowerSolves += work.lowerSolves;
  const isFinite = Number.isFinite(F) && gradient.every((value) => Number.isFinite(value));
  if (!isFinite) state.status = 'diverged';
  return isFinite;
}

/** Drives an algorithm to its end. */
export function runOuter<Settings extends z.ZodType, State extends OuterState>(
  algorithm: OuterAlgorithm<string, Settings, State>,
  state: State,
): State {
  while (!algorithm.terminate(state)) algorithm.step(state);
  algorithm.postprocess(state);
  return state;
}
