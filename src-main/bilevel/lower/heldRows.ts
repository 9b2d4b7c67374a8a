import type { BilevelProblem } from '../problem';
import type { LowerRow, LowerSolution } from './lowerLevel';

/** The rows and bounds that the derivative holds with equality. */
export function heldRows({ held, side }: Pick<LowerSolution, 'held' | 'side'>): LowerRow[] {
  const rows: LowerRow[] = [];
  held.forEach((on, index) => on && rows.push({ kind: 'inequality', index }));
  side.forEach((on, index) => on && rows.push({ kind: on < 0 ? 'lower' : 'upper', index }));
  return rows;
}

/** Their normals Ā [rows, n] in the form Āy ≤ limit. */
export function normalsOf({ n, rows: { A } }: BilevelProblem, held: readonly LowerRow[]): Float64Array {
  const result = new Float64Array(held.length * n);
  held.forEach(({ kind, index }, r) => {
    if (kind === 'inequality') result.set(A.subarray(index * n, (index + 1) * n), r * n);
    else result[r * n + index] = kind === 'lower' ? -1 : 1;
  });
  return result;
}
