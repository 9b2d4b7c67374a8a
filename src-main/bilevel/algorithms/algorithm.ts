import type { z } from 'zod';
import type { Method } from '../../modelling/method';
import type { Estimate, Oracle } from '../estimators/estimator';
import type { LowerLevel } from '../lower/lowerLevel';
import type { BilevelProblem } from '../problem';
import { Domain } from './domain';
import { norm } from './stepLength';
import { joinStates, partOf, restoreState, saveState, type SavedState } from '../savedState';

export type OuterStatus = 'converged' | 'iteration limit' | 'no descent' | 'diverged';

/**
 * What an outer algorithm carries from step to step: plain data, namely numbers, strings, null, Float64Arrays and generators, so that
 * it can be kept and gone on from bit for bit. Algorithms add their own entries.
 */
export interface OuterState {
  /** Steps made. */
  iteration: number;
  /** The iterate, in X, [d]. */
  x: Float64Array;
  /** F and the estimate of ∇F at the last point where the oracle was asked. */
  F: number;
  gradient: Float64Array;
  /** ‖x⁺ − x‖₂ of the last step. */
  moved: number;
  /** Work so far, and how often another estimator than the one asked for had to answer. */
  lowerSolves: number;
  products: number;
  fallBacks: number;
  /** How often a point was moved to the nearest one of X at which the lower level has a feasible y. */
  restorations: number;
  status: OuterStatus | null;
}

/** What a step can say about itself. `null`: this algorithm has no such thing, or it was not measured at this step. */
export interface StepReport {
  F: number;
  gradientNorm: number;
  /** ‖m‖ of the direction −m that was followed, and the cosine of m with the gradient, where they differ. */
  momentumNorm: number | null;
  cosine: number | null;
  /** ‖x⁺ − x‖₂ */
  step: number;
  /** Totals since the start. */
  lowerSolves: number;
  products: number;
  fallBacks: number;
  restorations: number;
  /** Why the last estimate was another estimator's. */
  fallBack: string | null;
  /** How far the last y is from the KKT conditions of the lower level. */
  lowerResidual: number | null;
  /** The algorithm’s last estimate of ∇F, for comparison with the exact one at the same place. */
  estimate: PlacedEstimate | null;
}

/** An estimate of ∇F and where it was taken; q is `null` for the problem's own. Arrays are overwritten by the next step. */
export interface PlacedEstimate {
  x: Float64Array;
  q: Float64Array | null;
  gradient: Float64Array;
  seconds: number;
}

/** Minimises F over X. One file each, listed in the registry. */
export interface OuterAlgorithm<
  Kind extends string,
  Settings extends z.ZodType,
  State extends OuterState = OuterState,
> extends Method<Kind, Settings> {
  /** Why it cannot be used on this problem, or null. */
  refusal(problem: BilevelProblem): string | null;
  make(problem: BilevelProblem, settings: z.output<Settings>, oracle: Oracle): OuterSolver<State>;
}

/**
 * An algorithm for one problem: functions of an explicit state, which a loop drives. What it holds besides is the oracle and lower levels
 * with their warm starts; `save` keeps them too, so that `restore`, on a solver made from the same problem, settings and estimator, goes
 * on with the same bits, in another process as well.
 */
export interface OuterSolver<State extends OuterState = OuterState> {
  init(start: Float64Array): State;
  /** @throws AdjointError `bad-request` naming the point where the lower level has no solution; x is that from before the step */
  step(state: State): void;
  /** Sets the status where it has come to an end. */
  terminate(state: State): boolean;
  /** F and ∇F at the final x with the problem's own q. */
  postprocess(state: State): void;
  /**
   * Of the last step. `lowerResidual`, up to a lower-level solve, is null unless it is asked for; where an algorithm has a y of its own, F and ∇F at x are asked for
   * here, and not counted as work.
   */
  report(state: State, options?: { residual: boolean }): StepReport;
  save(state: State): SavedState;
  restore(saved: SavedState): State;
}

/** What an algorithm has to give: its own entries of the state, its step, and what it holds. */
interface SolverParts<State extends OuterState> {
  problem: BilevelProblem;
  oracle: Oracle;
  iterations: number;
  /** What is warm-started besides the oracle's lower level. */
  levels?: Record<string, Pick<LowerLevel, 'saveWarmStart' | 'restoreWarmStart'>>;
  own(start: Float64Array): Omit<State, keyof OuterState>;
  step(state: State, evaluate: Evaluate, domain: Domain): void;
  /** m, for algorithms that follow another direction than the gradient. */
  direction?(state: State): Float64Array;
  /** For algorithms with a y of their own: how far it is from the lower level's solution. F and ∇F are then asked for by `report`. */
  ownResidual?(state: State): number;
}

/**
 * Asks the oracle at a point, the iterate unless another is given, which is moved to the nearest one at which the lower level has a
 * feasible y where it has none.
 *
 * @returns false where F or ∇F is not finite: the run ends there
 */
export type Evaluate = (at?: { x?: Float64Array; q?: Float64Array }) => boolean;

/** The common part of all solvers. */
export function makeSolver<State extends OuterState>(parts: SolverParts<State>): OuterSolver<State> {
  const { problem, oracle, iterations, levels = {}, direction, ownResidual } = parts;
  const domain = new Domain(problem);
  let last: Estimate | null = null;
  const asked = { x: new Float64Array(problem.d), q: new Float64Array(problem.n) };
  let placed: PlacedEstimate | null = null;
  const evaluate = (state: OuterState, { x = state.x, q }: { x?: Float64Array; q?: Float64Array } = {}): boolean => {
    if (q) asked.q.set(q);
    // The oracle gets copies: its residual is computed when it is asked for, after the step.
    const { result, restored } = domain.attempt(x, (at) => {
      asked.x.set(at);
      return oracle.at(asked.x, { warm: state.iteration > 0, ...(q ? { q: asked.q } : {}) });
    });
    last = result;
    placed = { x: asked.x, q: q ? asked.q : null, gradient: state.gradient, seconds: result.work.seconds };
    if (restored) state.restorations++;
    const { F, gradient, work, fallBack } = last;
    state.F = F;
    state.gradient.set(gradient);
    state.lowerSolves += work.lowerSolves;
    state.products += work.products;
    if (fallBack !== undefined) state.fallBacks++;
    const isFinite = Number.isFinite(F) && gradient.every((value) => Number.isFinite(value));
    if (!isFinite) state.status = 'diverged';
    return isFinite;
  };
  const init = (start: Float64Array): State => {
    const x = start.slice();
    domain.project(x);
    return {
      ...{ iteration: 0, x, F: NaN, gradient: new Float64Array(problem.d).fill(NaN), moved: NaN },
      ...{ lowerSolves: 0, products: 0, fallBacks: 0, restorations: 0, status: null },
      ...parts.own(x),
    } as State;
  };
  const before = new Float64Array(problem.d);
  return {
    init,
    step(state) {
      before.set(state.x);
      try {
        parts.step(state, (at) => evaluate(state, at), domain);
      } catch (error) {
        state.x.set(before);
        throw error;
      }
      let square = 0;
      for (let i = 0; i < before.length; i++) square += (state.x[i] - before[i]) ** 2;
      state.moved = Math.sqrt(square);
      state.iteration++;
      // Such an algorithm estimates ∇F by its direction, at the point that it leaves.
      if (ownResidual && direction) placed = { x: before, q: null, gradient: direction(state), seconds: 0 };
    },
    terminate(state) {
      if (state.status === null && state.iteration >= iterations) state.status = 'iteration limit';
      return state.status !== null;
    },
    postprocess(state) {
      evaluate(state);
      before.set(state.x);
      if (ownResidual) placed = null;
    },
    report(state, { residual } = { residual: true }) {
      const { moved, lowerSolves, products, fallBacks, restorations } = state;
      // F and ∇F where the step started from, as for the others.
      if (ownResidual) last = domain.attempt(before.slice(), (x) => oracle.at(x)).result;
      const { F, gradient } = ownResidual && last ? last : state;
      const gradientNorm = norm(gradient);
      const m = direction?.(state);
      const momentumNorm = m ? norm(m) : null;
      const product = m?.reduce((sum, value, i) => sum + value * gradient[i], 0) ?? 0;
      return {
        ...{ F, gradientNorm, momentumNorm, step: moved, lowerSolves, products, fallBacks, restorations },
        cosine: momentumNorm === null ? null : product / (momentumNorm * gradientNorm),
        fallBack: last?.fallBack ?? null,
        lowerResidual: residual ? (ownResidual?.(state) ?? last?.residual() ?? null) : null,
        estimate: placed,
      };
    },
    save: (state) =>
      joinStates({
        state: saveState(state),
        oracle: oracle.save(),
        levels: {
          arrays: Object.fromEntries(Object.entries(levels).map(([name, level]) => [name, level.saveWarmStart()])),
          values: {},
        },
      }),
    restore(saved) {
      oracle.restore(partOf(saved, 'oracle'));
      const { arrays } = partOf(saved, 'levels');
      for (const [name, level] of Object.entries(levels)) level.restoreWarmStart(arrays[name]);
      return restoreState(init(new Float64Array(problem.d)), partOf(saved, 'state'));
    },
  };
}

/** Drives a solver from a start to its end. */
export function runOuter<State extends OuterState>(solver: OuterSolver<State>, start: Float64Array): State {
  const state = solver.init(start);
  while (!solver.terminate(state)) solver.step(state);
  solver.postprocess(state);
  return state;
}
