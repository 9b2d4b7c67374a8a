import { factorRowSpace } from '../../numerics/linalg/rowSpace';
import {
  factorSaddlePoint,
  rankTolerance,
  solveSaddlePoint,
  type SaddlePoint,
} from '../../numerics/linalg/saddlePoint';
import { addRows, gradientAt, rounded, secondOrderAt, type AccurateVector } from './evaluate';
import {
  copyActiveSet,
  gatherMultipliers,
  hessianOf,
  jacobianOf,
  rowsOf,
  rowValue,
  scatterMultipliers,
  type ActiveSet,
  type KktRow,
} from './kktRows';
import type { ConvexProblem } from './problem';
import { scalesOf, typicalSizes, type Scaling } from './scaling';
import type { Multipliers } from './solution';

/**
 * Newton's method on the KKT system of an active set (Nocedal & Wright, *Numerical Optimization*, 2nd ed., §16.5 and §18.1)
 *
 *     [∇²L Jᵀ; J 0] [dy; dλ] = −[∇L; c]
 *
 * with residuals in twice the working precision. Rows with a negative multiplier leave the active set and violated rows enter it, one
 * revision whenever Newton has converged. Dependent rows and singular Hessians are no obstacle: see `SaddlePoint`.
 */
export interface Polished {
  y: Float64Array;
  multipliers: Multipliers;
  active: ActiveSet;
  rows: KktRow[];
  lambda: Float64Array;
  /** The system of the last step, for what it says about rank and curvature. */
  system: SaddlePoint;
  steps: number;
}

/** Relative size of a row's value, and of a multiplier's share of ∇L, that is rounding. */
const rounding = 1e-12;

/** Steps that only the multipliers ask for; where all of them are rounding of 0, no step settles them. */
const mostRefinements = 3;

/** Where a polish ended that found no multipliers of the right signs; they may exist where rows are dependent. Null: it diverged. */
export interface StuckPolish {
  stuckAt: Float64Array | null;
}

export function polish(
  problem: ConvexProblem,
  start: { y: Float64Array; multipliers: Multipliers; active: ActiveSet },
  maxSteps: number,
  scaling: Scaling = scalesOf(problem),
): Polished | StuckPolish {
  const { n } = problem;
  const typical = typicalSizes(problem, start.y, scaling);
  const y = start.y.slice();
  const active = copyActiveSet(start.active);
  let multipliers = start.multipliers;
  let rows = rowsOf(problem, active);
  let lambda = gatherMultipliers(rows, multipliers);
  let before = Infinity;
  let refinements = 0;
  const most = 1e3 * (1 + sizeOf(y));
  for (let steps = 1; steps <= maxSteps; steps++) {
    const J = jacobianOf(problem, rows, y);
    const system = factorSaddlePoint(n, rows.length, hessianOf(problem, rows, lambda, y), J);
    const gradient = lagrangianGradient(problem, rows, lambda, J, y);
    const f = rounded(gradient).map((value) => -value);
    const g = Float64Array.from(rows, (row) => -rowValue(problem, row, y).value);
    const { x, lambda: change } = solveSaddlePoint(system, f, g);
    let moved = 0;
    for (let j = 0; j < n; j++) {
      y[j] += x[j];
      moved = Math.max(moved, Math.abs(x[j]));
    }
    for (let i = 0; i < rows.length; i++) lambda[i] += change[i];
    if (!(moved < most)) return { stuckAt: null };
    const converged = moved <= 1e-14 * sizeOf(y) || (moved < 1e-7 * (1 + sizeOf(y)) && moved > 0.1 * before);
    before = moved;
    if (!converged && steps < maxSteps) continue;
    // At a vertex y is there at once, and says nothing about multipliers that began far away: their step is rounded at their old size.
    if (sizeOf(change) > 1e-6 * sizeOf(lambda) && refinements < mostRefinements && steps < maxSteps) {
      refinements++;
      continue;
    }
    refinements = 0;
    const revised = revise(problem, active, rows, lambda, J, gradient, y, typical, start.multipliers);
    multipliers = scatterMultipliers(problem, rows, lambda, y);
    if (revised === 'done') return { y, multipliers, active, rows, lambda, system, steps };
    if (revised === 'stuck') return { stuckAt: y };
    rows = rowsOf(problem, active);
    lambda = gatherMultipliers(rows, multipliers);
    before = Infinity;
  }
  return { stuckAt: null };
}

/** ∇f + Jᵀλ, with the size of the terms that cancel in it. */
export function lagrangianGradient(
  problem: ConvexProblem,
  rows: readonly KktRow[],
  lambda: Float64Array,
  J: Float64Array,
  y: Float64Array,
): AccurateVector {
  const gradient = gradientAt(problem, y);
  addRows(rows.length, problem.n, J, lambda, gradient);
  return gradient;
}

/** The largest share of row r's multiplier in a component of ∇L, between 0 and 1. */
export function shareOf(n: number, r: number, lambda: Float64Array, J: Float64Array, size: Float64Array): number {
  let share = 0;
  for (let j = 0; j < n; j++) if (size[j] > 0) share = Math.max(share, Math.abs(lambda[r] * J[r * n + j]) / size[j]);
  return share;
}

/** Takes the row with the most negative multiplier out, or else the most violated row in. */
function revise(
  problem: ConvexProblem,
  active: ActiveSet,
  rows: readonly KktRow[],
  lambda: Float64Array,
  J: Float64Array,
  { size }: AccurateVector,
  y: Float64Array,
  typical: Float64Array,
  start: Multipliers,
): 'done' | 'changed' | 'stuck' {
  const { n } = problem;
  let leaving: KktRow | null = null;
  let worst = 1e-10;
  rows.forEach((row, r) => {
    if (row.kind === 'equality' || row.kind === 'apex' || lambda[r] >= 0) return;
    const share = shareOf(n, r, lambda, J, size);
    if (share > worst) [leaving, worst] = [row, share];
  });
  if (leaving) {
    set(active, leaving, 0);
    return 'changed';
  }
  for (let k = 0; k < problem.soc.length; k++) {
    if (active.soc[k] !== 2) continue;
    const own = rows.flatMap((row, r) => (row.kind === 'apex' && row.index === k ? [r] : []));
    // Multipliers that cannot be seen in ∇L are 0, which is in the cone whatever their rounding says.
    if (own.every((r) => shareOf(n, r, lambda, J, size) <= 1e-10)) for (const r of own) lambda[r] = 0;
    if (!apexHolds(own, lambda)) return 'stuck';
  }
  let entering: KktRow | null = null;
  worst = rounding;
  const consider = (row: KktRow) => {
    const { value } = rowValue(problem, row, y);
    const { size: scale } = rowValue(problem, row, typical);
    if (value > worst * scale) [entering, worst] = [row, value / scale];
  };
  for (let index = 0; index < problem.m; index++)
    if (!active.inequality[index]) consider({ kind: 'inequality', index });
  for (let index = 0; index < n; index++) {
    if (!active.lower[index] && problem.lower[index] > -Infinity) consider({ kind: 'lower', index });
    if (!active.upper[index] && problem.upper[index] < Infinity) consider({ kind: 'upper', index });
  }
  for (let index = 0; index < problem.soc.length; index++)
    if (active.soc[index] === 0) consider({ kind: 'boundary', index });
    else if (active.soc[index] === 1 && secondOrderAt(problem.soc[index], n, y).t < 0) return 'stuck';
  if (entering) {
    set(active, entering, 1);
    return 'changed';
  }
  // Rows that are held must hold: dependent ones may contradict each other, and then one too many is held.
  if (rows.some((row) => Math.abs(rowValue(problem, row, y).value) > 1e-10 * rowValue(problem, row, typical).size)) {
    const extra = leastWanted(n, rows, J, start, size);
    if (!extra) return 'stuck';
    set(active, extra, 0);
    return 'changed';
  }
  for (let r = 0; r < rows.length; r++)
    if (rows[r].kind !== 'equality' && rows[r].kind !== 'apex') lambda[r] = Math.max(lambda[r], 0);
  return 'done';
}

/** Of the inequality rows that depend on others, the one whose multiplier at the start counted least. */
function leastWanted(
  n: number,
  rows: readonly KktRow[],
  J: Float64Array,
  start: Multipliers,
  size: Float64Array,
): KktRow | null {
  const known = gatherMultipliers(rows, start);
  const rankOf = (without: number) => {
    const list = rows.flatMap((_, r) => (r === without ? [] : [unitRow(n, J, r)]));
    const all = new Float64Array(list.length * n);
    list.forEach((row, r) => all.set(row, r * n));
    return factorRowSpace(all, list.length, n, rankTolerance).rank;
  };
  const rank = rankOf(-1);
  let least: KktRow | null = null;
  let share = Infinity;
  rows.forEach((row, r) => {
    if (row.kind === 'equality' || row.kind === 'apex') return;
    const own = shareOf(n, r, known, J, size);
    if (own < share && rankOf(r) === rank) [least, share] = [row, own];
  });
  return least;
}

function unitRow(n: number, J: Float64Array, r: number): Float64Array {
  const row = J.slice(r * n, (r + 1) * n);
  const length = Math.hypot(...row);
  return length > 0 ? row.map((value) => value / length) : row;
}

function set(active: ActiveSet, row: KktRow, to: 0 | 1): void {
  if (row.kind === 'boundary') active.soc[row.index] = to;
  else if (row.kind !== 'equality' && row.kind !== 'apex') active[row.kind][row.index] = to;
}

/** (z₀, z) of an apex, whose rows are `own`, is in the cone. */
function apexHolds([head, ...tail]: readonly number[], lambda: Float64Array): boolean {
  const length = Math.hypot(...tail.map((r) => lambda[r]));
  return length <= lambda[head] * (1 + 1e-9) + 1e-12;
}

const sizeOf = (y: Float64Array): number => y.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
