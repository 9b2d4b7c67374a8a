import { AdjointError } from '@shared/errors';
import { constraintName } from '../constraintName';
import { exact } from '../estimators/exact';
import type { LowerLevel, LowerSolution } from '../lower/lowerLevel';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { dot } from '../../numerics/linalg/products';
import type { BilevelProblem } from '../problem';

/** F at a point, and which rows hold y*: a number of the surface's `setNames`, or −1 − r for reason r of `reasons`. F is NaN there. */
export interface SurfacePoint {
  F: number;
  set: number;
}

const mostNamed = 5;
const rounding = 1e-9;

/** F(x) = f(x, y*(x)) as a function that never throws: where y* does not exist it says why. */
export class Surface {
  readonly setNames: string[] = [];
  readonly reasons: string[] = [];
  readonly #problem: BilevelProblem;
  readonly #level: LowerLevel;
  readonly #numbers = new Map<string, number>();
  #isWarm = false;

  constructor(problem: BilevelProblem) {
    this.#problem = problem;
    this.#level = makeLowerLevel(problem);
  }

  at(x: Float64Array): SurfacePoint {
    const { lower, upper } = this.#problem.domain;
    if (x.some((value, i) => value < lower[i] || value > upper[i])) return this.#nowhere('x lies outside of X');
    try {
      const solution = this.#level.solve(x, { warm: this.#isWarm });
      this.#isWarm = true;
      if (!this.#isAllowed(x, solution.y)) return this.#nowhere('A row of the upper level is violated');
      const F = this.#problem.upperValue(x, solution.y);
      return Number.isFinite(F) ? { F, set: this.#numberOf(solution) } : this.#nowhere('F is not a finite number');
    } catch (error) {
      if (!(error instanceof AdjointError)) throw error;
      this.#isWarm = false;
      return this.#nowhere(error.problem.what.replace(/ at this x(?=[:.])/, '').replace(/\.$/, ''));
    }
  }

  /** ∇F where the exact active-set formula has one, [d]; null elsewhere. */
  gradient(x: Float64Array): Float64Array | null {
    try {
      return exact.make(this.#problem, { kind: 'exact' }).at(x).gradient;
    } catch (error) {
      if (error instanceof AdjointError) return null;
      throw error;
    }
  }

  /** C x + D y* ≤ e, to the rounding of its terms. */
  #isAllowed(x: Float64Array, y: Float64Array): boolean {
    const { d, n, upperRows } = this.#problem;
    const { C, D, e } = upperRows;
    return e.every(
      (limit, r) => dot(d, C, r * d, x, 0) + dot(n, D, r * n, y, 0) <= limit + rounding * (1 + Math.abs(limit)),
    );
  }

  #nowhere(reason: string): SurfacePoint {
    let r = this.reasons.indexOf(reason);
    if (r < 0) r = this.reasons.push(reason) - 1;
    return { F: NaN, set: -1 - r };
  }

  #numberOf({ held, side }: LowerSolution): number {
    const key = `${held.join('')}|${side.join('')}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.setNames.length);
    return this.setNames.push(setName(held, side)) - 1;
  }
}

/** `row 2, y₀ at its upper bound`: which rows and bounds are active. */
function setName(held: Uint8Array, side: Int8Array): string {
  const names: string[] = [];
  held.forEach((yes, index) => yes && names.push(constraintName({ kind: 'inequality', index })));
  side.forEach((at, index) => at !== 0 && names.push(constraintName({ kind: at < 0 ? 'lower' : 'upper', index })));
  if (names.length === 0) return 'no row active';
  const more = names.length - mostNamed;
  return more > 1 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
}
