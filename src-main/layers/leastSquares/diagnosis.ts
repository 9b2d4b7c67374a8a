import type { LeastSquaresStatus } from '../../solvers/leastSquares/leastSquares';
import type { RestorationStatus } from '../../solvers/leastSquares/restoration';

/** The part of a result that says what became of its instances. */
export interface Outcome {
  violation: Float64Array;
  iterations: Int32Array;
  status: LeastSquaresStatus[];
  /** Of the mode project; null where the phase was not reached. */
  restorationIterations: Int32Array;
  restorationStatus: (RestorationStatus | null)[];
}

const solves: Record<LeastSquaresStatus, string> = {
  converged: 'converged',
  'iteration limit': 'used all of its iterations',
  'singular normal matrix':
    'met a singular normal matrix: nothing fixes some direction of y, neither anchor, nor rows, nor damping',
  diverged: 'exploded: its objective grew beyond all bounds',
  NaN: 'met a number that is not finite',
  stalled: 'stalled: no step lowers its objective',
};

const restorations: Record<RestorationStatus, string> = {
  converged: 'was restored',
  'iteration limit': 'was not restored within its iterations',
  'singular rows': 'met rows that depend on each other',
  NaN: 'met a number that is not finite while it was restored',
  stalled: 'stalled while it was restored: no step lowers its violation, as where x is infeasible',
};

/** What became of instance i, in words: `instance 3 stalled …, at iteration 7.` */
export function diagnose(result: Outcome, i: number): string {
  const restored = result.restorationStatus[i];
  const [what, iteration] = restored
    ? [restorations[restored], `restoring iteration ${result.restorationIterations[i]}`]
    : [solves[result.status[i]], `iteration ${result.iterations[i]}`];
  return `instance ${i} ${what}, at ${iteration}; its rows are violated by ${result.violation[i].toPrecision(2)}.`;
}
