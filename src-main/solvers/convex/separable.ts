import { isDiagonal, type ConvexProblem } from './problem';

/** No row couples variables: Q is diagonal and there are only bounds. Such a problem is n problems of one variable. */
export const isSeparable = ({ n, Q, e, m, soc }: ConvexProblem): boolean =>
  n > 500 && isDiagonal(Q) && e === 0 && m === 0 && soc.length === 0;

/** One variable of a separable problem: minimise ½qy² + py within its bounds. */
export interface SeparableVariable {
  y: number;
  /** λ of the lower bound less that of the upper: qy + p. */
  slope: number;
  at: 'lower' | 'upper' | 'both' | null;
  /** `weak`: at a bound with multiplier 0. `flat`: any y of an interval is optimal. `unbounded`: the direction of descent. */
  kind: 'strict' | 'weak' | 'flat' | 'unbounded';
}

export function solveVariable(q: number, p: number, lower: number, upper: number): SeparableVariable {
  if (lower === upper) return { y: lower, slope: q * lower + p, at: 'both', kind: 'strict' };
  if (q > 0) {
    const free = -p / q;
    if (free > lower && free < upper) return { y: free, slope: 0, at: null, kind: 'strict' };
    const at = free <= lower ? 'lower' : 'upper';
    const y = at === 'lower' ? lower : upper;
    return { y, slope: free === y ? 0 : q * y + p, at, kind: free === y ? 'weak' : 'strict' };
  }
  if (p === 0) return { y: Math.min(Math.max(0, lower), upper), slope: 0, at: null, kind: 'flat' };
  const at = p > 0 ? 'lower' : 'upper';
  const y = at === 'lower' ? lower : upper;
  return Number.isFinite(y) ? { y, slope: p, at, kind: 'strict' } : { y: 0, slope: p, at: null, kind: 'unbounded' };
}
