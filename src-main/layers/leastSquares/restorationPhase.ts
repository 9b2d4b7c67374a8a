import type { QcqpGradient, QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import {
  initRestoration,
  makeRestoration,
  stepRestoration,
  terminateRestoration,
  type Restoration,
  type RestorationSettings,
  type RestorationStatus,
} from '../../solvers/leastSquares/restoration';
import { noteRestoration, type InnerTrace } from './innerTrace';
import type { AdjointWork } from './iterationAdjoint';
import { pullProjected, pullRestorationStep } from './restorationAdjoint';

/** The second phase of the mode project, and both of its derivatives. */
export class RestorationPhase {
  readonly state: Restoration;
  readonly #work: AdjointWork;
  /** Rows of c that are active at the end, [size, m], and their number. */
  #rows = new Int32Array(0);
  #counts = new Int32Array(0);
  /** Points that the steps of every instance began at. */
  readonly #points: Float64Array[][] = [];

  constructor(model: QcqpResidual, settings: RestorationSettings, work: AdjointWork) {
    this.state = makeRestoration(model, settings);
    this.#work = work;
  }

  reserve(size: number): void {
    const { m } = this.state.model;
    if (this.#counts.length === size) return;
    this.#rows = new Int32Array(size * m);
    this.#counts = new Int32Array(size);
  }

  /** Restores the point start[i·n …] of instance i, which the model must have; y is in the state. Only if it `keeps` its points, it can be pulled. */
  run(i: number, start: Float64Array, keeps: boolean, trace: InnerTrace | null): RestorationStatus {
    const { state } = this;
    initRestoration(state, start, i * state.model.n);
    for (;;) {
      if (trace) noteRestoration(trace, i, state);
      if (terminateRestoration(state)) break;
      if (keeps) this.#point(i, state.iteration).set(state.y);
      stepRestoration(state);
    }
    this.#noteActive(i);
    return state.status!;
  }

  #point(i: number, iteration: number): Float64Array {
    const { n, kernels } = this.state.model;
    return ((this.#points[i] ??= [])[iteration] ??= kernels.allocate(n));
  }

  /** Rows of the last step, which it has brought to 0, and rows that are positive still. */
  #noteActive(i: number): void {
    const { model, residual, iteration } = this.state;
    const { n, e, m, active } = model;
    let count = 0;
    let k = 0;
    const stepped = iteration > 0 ? model.activeCount : 0;
    for (let row = 0; row < m; row++) {
      const inLast = k < stepped && active[k] === row;
      if (inLast) k++;
      if (inLast || residual[n + e + row] > 0) this.#rows[i * m + count++] = row;
    }
    this.#counts[i] = count;
  }

  /** The cotangent of the restored point becomes that of the point before, through all `count` steps. */
  pull(i: number, count: number, cotangent: Float64Array, into: QcqpGradient): void {
    const { state } = this;
    for (let k = count - 1; k >= 0; k--) {
      const point = this.#point(i, k);
      initRestoration(state, point);
      stepRestoration(state);
      pullRestorationStep(state, point, cotangent, into, this.#work);
    }
  }

  /** Null-space projector of the active rows at y[i·n …]. @returns whether these rows are independent enough to have one */
  pullProjected(
    i: number,
    y: Float64Array,
    anchor: Float64Array,
    cotangent: Float64Array,
    into: QcqpGradient,
  ): boolean {
    const { state } = this;
    const { n, m } = state.model;
    for (let j = 0; j < n; j++) state.y[j] = y[i * n + j];
    const rows = this.#rows.subarray(i * m, i * m + this.#counts[i]);
    return pullProjected(state, rows, anchor, i * n, cotangent, into, this.#work);
  }
}
