import { halfSquare, step, type LeastSquares } from '../../solvers/leastSquares/leastSquares';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import { makeRecord, pullIteration, recordStep, type AdjointWork, type IterationRecord } from './iterationAdjoint';

/** Damping, radius and slope beside every kept point. */
const scalars = 3;

/**
 * The derivative through iterations with checkpoints (Griewank & Walther, *Evaluating Derivatives*, 2nd ed., ch. 12): every ⌈√k⌉-th point
 * of an instance is kept, and its segments are run again, last first, with their factors. For k iterations of a batch of B that is
 * B√k·n + √k·n² numbers and one more forward run.
 */
export class Unrolling<Gradient> {
  readonly #solver: LeastSquares;
  readonly #model: DifferentiableResidual<Gradient>;
  readonly #work: AdjointWork;
  readonly #ellipsoidal: boolean;
  /** Iterations from one kept point to the next. */
  readonly #segment: number;
  readonly #slots: number;
  #kept = new Float64Array(0);
  readonly #records: IterationRecord[] = [];

  constructor(solver: LeastSquares, model: DifferentiableResidual<Gradient>, work: AdjointWork) {
    const { descent, maxIterations } = solver.settings;
    this.#solver = solver;
    this.#model = model;
    this.#work = work;
    this.#ellipsoidal = descent.kind === 'levenbergMarquardt' && descent.ellipsoidal;
    this.#segment = Math.max(1, Math.ceil(Math.sqrt(maxIterations)));
    this.#slots = Math.max(1, Math.ceil(maxIterations / this.#segment));
  }

  /** Numbers held for a batch: kept points and the records of a segment. */
  get numbersHeld(): number {
    const { n } = this.#model;
    return this.#kept.length + this.#records.length * (n * n + 4 * n);
  }

  reserve(size: number): void {
    const length = size * this.#slots * (this.#model.n + scalars);
    if (this.#kept.length !== length) this.#kept = new Float64Array(length);
  }

  /** Called before every step: keeps the state of instance i if it is time. */
  keep(i: number): void {
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
    for (let slot = Math.ceil(count / this.#segment) - 1; slot >= 0; slot--) {
      const from = slot * this.#segment;
      const to = Math.min(count, from + this.#segment);
      if (to <= first) break;
      this.#runAgain(i, slot, to - from);
      for (let k = to - 1; k >= Math.max(from, first); k--)
        slope += pullIteration(this.#model, this.#records[k - from], this.#ellipsoidal, cotangent, into, this.#work);
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
      const record = (this.#records[k] ??= makeRecord(n));
      record.y.set(state.y);
      step(state);
      recordStep(state, record);
    }
  }
}
