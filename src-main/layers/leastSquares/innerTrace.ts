import type { QcqpResidual } from '../../solvers/leastSquares/qcqpResidual';
import type { Restoration } from '../../solvers/leastSquares/restoration';
import type { Iterate } from './anchoredPhase';

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

export function makeInnerTrace(
  size: number,
  iterations: number,
  restorations: number,
  floats: (length: number) => Float64Array,
): InnerTrace {
  const columns = iterations + 1;
  const restorationColumns = restorations > 0 ? restorations + 1 : 0;
  const table = (width: number) => floats(size * width).fill(NaN);
  return {
    ...{ columns, restorationColumns, objective: table(columns), gradient: table(columns) },
    ...{ violation: table(columns), restoration: table(restorationColumns) },
  };
}

/** Notes the point that instance i has come to. */
export function noteIterate(
  trace: InnerTrace,
  i: number,
  model: QcqpResidual,
  { iteration, objective, gradient, residual }: Iterate,
): void {
  const at = i * trace.columns + iteration;
  trace.objective[at] = objective;
  trace.gradient[at] = largest(gradient);
  trace.violation[at] = violationOf(model, residual);
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

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i]);
  return most;
}

/** The first iterate of instance i whose ‖Jᵀr‖∞ is within the tolerance, or null. */
export function iterationsTo(trace: InnerTrace, i: number, tolerance: number): number | null {
  for (let k = 0; k < trace.columns; k++) if (trace.gradient[i * trace.columns + k] <= tolerance) return k;
  return null;
}
