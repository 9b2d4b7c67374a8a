import { linearise, type LeastSquares } from '../../solvers/leastSquares/leastSquares';
import type { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import type { Restoration } from '../../solvers/leastSquares/restoration';

/** The course of every instance's iterations: row i is instance i, column k its k-th iterate, NaN beyond the last. */
export interface InnerTrace {
  /** Columns of the anchored phase and of the restoration: one more than iterations. */
  readonly columns: number;
  readonly restorationColumns: number;
  /** ½‖r‖², [size, columns] */
  readonly objective: Float64Array;
  /** ‖Jᵀr‖∞, [size, columns] */
  readonly gradient: Float64Array;
  /** max(|Ay − x|, relu(c)), [size, columns] */
  readonly violation: Float64Array;
  /** ‖[Ay − x; relu(c)]‖₂ of the restoration, [size, restorationColumns] */
  readonly restoration: Float64Array;
}

export function makeInnerTrace(size: number, iterations: number, restorations: number): InnerTrace {
  const columns = iterations + 1;
  const restorationColumns = restorations > 0 ? restorations + 1 : 0;
  const table = (width: number) => new Float64Array(size * width).fill(NaN);
  return {
    ...{ columns, restorationColumns, objective: table(columns), gradient: table(columns) },
    ...{ violation: table(columns), restoration: table(restorationColumns) },
  };
}

/** Notes the point that the solver is at. */
export function noteIterate(trace: InnerTrace, i: number, state: LeastSquares<QcqpResidual>): void {
  const { model, residual, gradient, iteration, objective } = state;
  if (state.status === 'NaN') return;
  linearise(state);
  note(trace, i * trace.columns + iteration, objective, gradient, violationOf(model, residual));
}

/** Notes a point that is not the solver's: the last one of the implicit modes. `gradient` [n] is written. */
export function noteLast(
  trace: InnerTrace,
  i: number,
  iteration: number,
  model: QcqpResidual,
  y: Float64Array,
  residual: Float64Array,
  objective: number,
  gradient: Float64Array,
): void {
  model.linearise(y, residual);
  model.multiplyTransposed(residual, gradient);
  note(trace, i * trace.columns + iteration, objective, gradient, violationOf(model, residual));
}

function note(trace: InnerTrace, at: number, objective: number, gradient: Float64Array, violation: number): void {
  trace.objective[at] = objective;
  trace.gradient[at] = largest(gradient, 0, gradient.length);
  trace.violation[at] = violation;
}

export function noteRestoration(trace: InnerTrace, i: number, { iteration, violation }: Restoration): void {
  trace.restoration[i * trace.restorationColumns + iteration] = violation;
}

/** max(|Ay − x|, relu(c)) of a residual of the model, in which rows have their weights. */
export function violationOf({ n, rows, rowWeights }: QcqpResidual, residual: Float64Array): number {
  let most = 0;
  for (let i = n; i < rows; i++) {
    const value = Math.abs(residual[i]) / rowWeights[i - n];
    if (!(value <= most)) most = value;
  }
  return most;
}

function largest(values: Float64Array, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < to; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i]);
  return most;
}

/** The first iterate of instance i whose ‖Jᵀr‖∞ is within the tolerance, or null. */
export function iterationsTo(trace: InnerTrace, i: number, tolerance: number): number | null {
  for (let k = 0; k < trace.columns; k++) if (trace.gradient[i * trace.columns + k] <= tolerance) return k;
  return null;
}
