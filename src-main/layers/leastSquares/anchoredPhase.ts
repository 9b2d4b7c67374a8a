import {
  halfSquare,
  init,
  isUsable,
  linearise,
  makeLeastSquares,
  postprocess,
  step,
  terminate,
  type LeastSquares,
  type LeastSquaresStatus,
} from '../../solvers/leastSquares/leastSquares';
import { NormalFactor } from '../../solvers/leastSquares/normalFactor';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import type { LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { pullDlm } from './dlm';
import { pullGradient, type AdjointWork } from './iterationAdjoint';
import type { BackwardMode } from './settings';
import { Unrolling } from './unrolling';

/** A point that an instance has come to; its arrays are written over by the next one. */
export interface Iterate {
  iteration: number;
  y: Float64Array;
  residual: Float64Array;
  objective: number;
  /** Jᵀr */
  gradient: Float64Array;
}

export interface Solved {
  status: LeastSquaresStatus;
  iterations: number;
  objective: number;
  /** The result, [n]; and the point that the differentiated step (implicit), the perturbation (dlm) or another phase begins at. */
  y: Float64Array;
  base: Float64Array;
}

export interface Pulled {
  /** Whether there is a derivative. */
  good: boolean;
  /** ∂λ of the first iteration. */
  damping: number;
  /** Whether the cotangent has become that of the start. */
  reachesStart: boolean;
  /** Of DLM, see pullDlm. */
  unconverged: number;
}

/** What a phase is differentiated by; `lastStep`: implicit modes end with an undamped step. */
export interface AnchoredPlan {
  solver: LeastSquaresSettings;
  backward: BackwardMode;
  lastStep: boolean;
}

/** Minimising ½‖r‖² of any residual, one instance at a time, with every way to differentiate it. */
export class AnchoredPhase<Gradient, Model extends DifferentiableResidual<Gradient>> {
  readonly solver: LeastSquares<Model>;
  readonly #model: Model;
  readonly #backward: BackwardMode;
  readonly #lastStep: boolean;
  readonly #work: AdjointWork;
  /** Null for modes that do not go through iterations. */
  readonly #unrolling: Unrolling<Gradient> | null;
  /** Of the implicit modes: the factor of every instance's last step. */
  readonly #lastFactors: NormalFactor[] = [];

  /** @throws AdjointError `bad-request`, as `checkSettings` */
  constructor(model: Model, { solver, backward, lastStep }: AnchoredPlan, work: AdjointWork) {
    this.#model = model;
    this.#backward = backward;
    this.#lastStep = lastStep && backward.kind === 'implicit';
    this.#work = work;
    const maxIterations = solver.maxIterations - (this.#lastStep ? 1 : 0);
    this.solver = makeLeastSquares(model, { ...solver, maxIterations });
    this.#unrolling = makeUnrolling(this.solver, model, work, backward);
  }

  /** Numbers held from a batch's solves to their derivatives. */
  get numbersHeld(): number {
    const factors = this.#lastFactors.reduce((sum, { bytesHeld }) => sum + bytesHeld / 8, 0);
    return (this.#unrolling?.numbersHeld ?? 0) + factors;
  }

  /** To be called before the solves of a batch. */
  begin(size: number): void {
    this.solver.normals.begin();
    this.#unrolling?.reserve(size);
  }

  /** Solves instance i, which the model must have, from start[at …]; only if it `keeps` what that needs, it can be differentiated. */
  solve(i: number, start: Float64Array, at: number, keeps = true, onIterate?: (iterate: Iterate) => void): Solved {
    const { solver } = this;
    const unrolling = keeps ? this.#unrolling : null;
    init(solver, start, at);
    for (;;) {
      if (onIterate && solver.status !== 'NaN') {
        linearise(solver);
        onIterate(solver);
      }
      if (terminate(solver)) break;
      unrolling?.before(i);
      step(solver);
      unrolling?.after(i);
    }
    postprocess(solver);
    const solved = {
      ...{ status: solver.status!, iterations: solver.iteration, objective: solver.objective },
      ...{ y: solver.y, base: solver.y },
    };
    return this.#lastStep && isUsable(solved.status) ? this.#stepLast(i, solved, keeps, onIterate) : solved;
  }

  /** y ← y − (JᵀJ)⁻¹Jᵀr, or with the Hessian in the place of JᵀJ. */
  #stepLast(i: number, solved: Solved, keeps: boolean, onIterate?: (iterate: Iterate) => void): Solved {
    const { n, kernels } = this.#model;
    const { direction, gradient, normals, residual, trial, trialResidual, y, ceiling } = this.solver;
    const whole = this.#backward.kind === 'implicit' && this.#backward.hessian === 'newton';
    if (!(whole ? normals.factorHessian(residual) : normals.factorDamped(0, false)))
      return { ...solved, status: 'singular normal matrix' };
    if (keeps) (this.#lastFactors[i] ??= new NormalFactor(n, kernels)).copyFrom(normals.factor);
    direction.set(gradient);
    normals.solve(direction);
    for (let j = 0; j < n; j++) trial[j] = y[j] - direction[j];
    this.#model.residual(trial, trialResidual);
    const iterations = solved.iterations + 1;
    const objective = halfSquare(trialResidual);
    if (!(objective <= ceiling)) return { ...solved, iterations, status: Number.isNaN(objective) ? 'NaN' : 'diverged' };
    if (onIterate) {
      this.#model.linearise(trial, trialResidual);
      this.#model.multiplyTransposed(trialResidual, direction);
      onIterate({ iteration: iterations, y: trial, residual: trialResidual, objective, gradient: direction });
    }
    return { ...solved, iterations, objective, y: trial };
  }

  /**
   * Adds the derivatives of instance i, which the model must have, to `into`; `iterations` and base[at …] are those of its solve. The
   * cotangent [n] becomes that of the start where the mode reaches it.
   */
  pull(i: number, iterations: number, base: Float64Array, at: number, cotangent: Float64Array, into: Gradient): Pulled {
    const backward = this.#backward;
    const pulled = { good: true, damping: 0, reachesStart: false, unconverged: 0 };
    if (this.#unrolling) {
      const last = backward.kind === 'truncated' ? Math.min(backward.last, iterations) : iterations;
      const damping = this.#unrolling.pull(i, iterations, last, cotangent, into);
      return { ...pulled, damping, reachesStart: last === iterations };
    }
    const { solver } = this;
    init(solver, base, at);
    linearise(solver);
    if (backward.kind === 'dlm') {
      const unconverged = pullDlm(solver, backward.epsilon, cotangent, into, this.#work);
      return { ...pulled, good: unconverged < Infinity, unconverged };
    }
    const { u, residual, solving } = this.#work;
    u.set(cotangent);
    this.#lastFactors[i].solve(u, solving);
    residual.set(solver.residual);
    pullGradient(this.#model, solver.y, cotangent, into, this.#work);
    return pulled;
  }
}

function makeUnrolling<Gradient>(
  solver: LeastSquares,
  model: DifferentiableResidual<Gradient>,
  work: AdjointWork,
  backward: BackwardMode,
): Unrolling<Gradient> | null {
  const { maxIterations } = solver.settings;
  if (backward.kind === 'unroll') {
    const { checkpointed = false } = backward;
    return new Unrolling(solver, model, work, { last: maxIterations, checkpointed });
  }
  if (backward.kind === 'truncated')
    return new Unrolling(solver, model, work, { last: backward.last, checkpointed: false });
  return null;
}
