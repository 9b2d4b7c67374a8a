import { halfSquare, step, type LeastSquares } from '../../solvers/leastSquares/leastSquares';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import {
  makeRecord,
  pullIteration,
  recordLength,
  recordPoint,
  recordStep,
  type AdjointWork,
  type IterationRecord,
} from './iterationAdjoint';

/** Damping, radius and slope beside every kept point. */
const scalars = 3;

/** How many iterations are differentiated, and whether their records are made anew for it. */
export interface UnrollingPlan {
  last: number;
  checkpointed: boolean;
}

/**
 * The derivative through iterations. Either the records of those that are differentiated are kept, factors included, or only checkpoints (Griewank &
 * Walther, *Evaluating Derivatives*, 2nd ed., ch. 12): every ⌈√k⌉-th point of an instance, and its segments are run again, last first. For k
 * iterations of a batch of B the latter is B√k·n numbers, √k records and one more forward run. Both give the same bits.
 */
export class Unrolling<Gradient> {
  readonly #solver: LeastSquares;
  readonly #model: DifferentiableResidual<Gradient>;
  readonly #work: AdjointWork;
  readonly #ellipsoidal: boolean;
  readonly #checkpointed: boolean;
  /** Records of an instance (or of all of them in turn), and iterations from one kept point to the next. */
  readonly #segment: number;
  readonly #slots: number;
  #kept = new Float64Array(0);
  readonly #records: IterationRecord[] = [];

  constructor(
    solver: LeastSquares,
    model: DifferentiableResidual<Gradient>,
    work: AdjointWork,
    { last, checkpointed }: UnrollingPlan,
  ) {
    const { descent, maxIterations } = solver.settings;
    this.#solver = solver;
    this.#model = model;
    this.#work = work;
    this.#ellipsoidal = descent.kind === 'levenbergMarquardt' && descent.ellipsoidal;
    this.#checkpointed = checkpointed;
    this.#segment = Math.max(1, checkpointed ? Math.ceil(Math.sqrt(maxIterations)) : Math.min(last, maxIterations));
    this.#slots = Math.max(1, Math.ceil(maxIterations / this.#segment));
  }

  /** Numbers held for a batch: kept points and records. */
  get numbersHeld(): number {
    return this.#kept.length + this.#records.reduce((sum, record) => sum + recordLength(record), 0);
  }

  reserve(size: number): void {
    const length = this.#checkpointed ? size * this.#slots * (this.#model.n + scalars) : 0;
    if (this.#kept.length !== length) this.#kept = new Float64Array(length);
  }

  /** Called before every step, and after it: keeps what the derivative of instance i needs. */
  before(i: number): void {
    if (this.#checkpointed) this.#keep(i);
    else recordPoint(this.#solver, this.#record(i, this.#solver.iteration));
  }

  after(i: number): void {
    if (!this.#checkpointed) recordStep(this.#solver, this.#record(i, this.#solver.iteration - 1));
  }

  /** The record of an iteration; of the last ones if there is no room for all. */
  #record(i: number, iteration: number): IterationRecord {
    const at = (this.#checkpointed ? 0 : i * this.#segment) + (iteration % this.#segment);
    return (this.#records[at] ??= makeRecord(this.#model));
  }

  #keep(i: number): void {
    const { iteration, y, damping, radius, dampingSlope } = this.#solver;
    const slot = iteration / this.#segment;
    if (!Number.isInteger(slot) || slot >= this.#slots) return;
    const at = this.#at(i, slot);
    const { n } = this.#model;
    this.#kept.set(y, at);
    this.#kept[at + n] = damping;
    this.#kept[at + n + 1] = radius;
    this.#kept[at + n + 2] = dampingSlope;
  }

  #at(i: number, slot: number): number {
    return (i * this.#slots + slot) * (this.#model.n + scalars);
  }

  /**
   * Of `count` iterations of instance i, which the model must have, differentiates the `last` ones: the cotangent of the final point becomes
   * that of the point before them.
   *
   * @returns the derivative for the damping
   */
  pull(i: number, count: number, last: number, cotangent: Float64Array, into: Gradient): number {
    let slope = 0;
    const first = count - last;
    for (let k = count - 1; k >= first; k--) {
      if (this.#checkpointed && (k === count - 1 || k % this.#segment === this.#segment - 1)) {
        const from = k - (k % this.#segment);
        this.#runAgain(i, from / this.#segment, k + 1 - from);
      }
      const record = this.#record(i, k);
      slope += pullIteration(this.#model, record, this.#ellipsoidal, cotangent, into, this.#work);
    }
    return slope;
  }

  /** The same steps, bit for bit, with a record of each. */
  #runAgain(i: number, slot: number, steps: number): void {
    const state = this.#solver;
    const at = this.#at(i, slot);
    const { n } = this.#model;
    for (let j = 0; j < n; j++) state.y[j] = this.#kept[at + j];
    [state.damping, state.radius, state.dampingSlope] = this.#kept.subarray(at + n, at + n + scalars);
    this.#model.residual(state.y, state.residual);
    state.objective = halfSquare(state.residual);
    state.linearised = false;
    state.status = null;
    for (let k = 0; k < steps; k++) {
      const record = this.#record(i, k);
      recordPoint(state, record);
      step(state);
      recordStep(state, record);
    }
  }
}
