import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { AdjointError } from '@shared/errors';
import type { BilevelProblem } from '../problem';
import {
  checkPoint,
  lowerLevelFailure,
  weakTolerance,
  type LowerLevel,
  type LowerRow,
  type LowerSolution,
  type SolveOptions,
} from './lowerLevel';

const iterationLimit = 200;
/** What the method asks for of a lower level. */
type NewtonProblem = Pick<
  BilevelProblem,
  'd' | 'n' | 'm' | 'bounds' | 'lowerValue' | 'lowerGradientY' | 'lowerHessian'
>;

/** ‖y − Π(y − ∇g)‖∞, relative to the gradient's size at the start, at which y counts as y*. */
const tolerance = 1e-13;
/** Where steps no longer help, more is accepted: rounding of g's own sums. */
const acceptable = 1e-11;
const armijo = 1e-4;

/**
 * A smooth, strongly convex lower level with bounds only, by projected Newton steps: Newton's direction on the variables that no bound
 * holds, Armijo's rule along the projection arc (Bertsekas, *SIAM J. Control Optim.* 20, 1982). Quadratically convergent.
 */
export class NewtonLowerLevel implements LowerLevel {
  readonly method = 'projected Newton';
  readonly bytes: number;
  readonly #problem: NewtonProblem;
  readonly #y: Float64Array;
  readonly #trial: Float64Array;
  readonly #gradient: Float64Array;
  readonly #hessian: Float64Array;
  readonly #factor: Float64Array;
  /** Indices of the free variables; the first `#size` count. */
  readonly #free: Int32Array;
  #size = 0;
  readonly #direction: Float64Array;
  readonly #weak: LowerRow[] = [];
  readonly #solution: LowerSolution;
  readonly #adjoint: { u: Float64Array; w: Float64Array };
  #started = false;

  constructor(problem: NewtonProblem) {
    const { n, m } = problem;
    if (m > 0)
      throw new AdjointError('unsupported', 'A smooth lower level may have bounds of y, but no rows A y + B x ≤ b.', {
        where: 'the lower level',
        fix: 'Leave the rows out, or make g quadratic.',
      });
    this.#problem = problem;
    const zeros = (length = n) => new Float64Array(length);
    this.bytes = 8 * (2 * n * n + 9 * n);
    [this.#y, this.#trial, this.#gradient, this.#direction] = [zeros(), zeros(), zeros(), zeros()];
    [this.#hessian, this.#factor] = [zeros(n * n), zeros(n * n)];
    this.#free = new Int32Array(n);
    this.#solution = {
      y: this.#y,
      multipliers: { inequality: zeros(0), lower: zeros(), upper: zeros() },
      ...{ held: new Uint8Array(0), side: new Int8Array(n), weak: this.#weak },
    };
    this.#adjoint = { u: zeros(), w: zeros(0) };
  }

  solve(x: Float64Array, { warm = false, q }: SolveOptions = {}): LowerSolution {
    const problem = this.#problem;
    const [y, trial, gradient] = [this.#y, this.#trial, this.#gradient];
    checkPoint(x, problem.d);
    if (!warm || !this.#started) y.fill(0);
    this.#started = false;
    this.#clip(y);
    let value = problem.lowerValue(x, y, q);
    problem.lowerGradientY(x, y, gradient, q);
    if (!Number.isFinite(value)) throw notANumber(value, x);
    const scale = gradient.reduce((most, entry) => Math.max(most, Math.abs(entry)), 1);
    for (let iteration = 0; ; iteration++) {
      const residual = this.#residual(y);
      if (!Number.isFinite(residual)) throw notANumber(residual, x);
      if (residual <= tolerance * scale) break;
      const slope = this.#newtonDirection(x, residual);
      const accepted = iteration < iterationLimit ? this.#search(x, value, slope, residual, q) : null;
      if (accepted === null) {
        problem.lowerGradientY(x, y, gradient, q);
        if (this.#residual(y) <= acceptable * scale) break;
        throw lowerLevelFailure('iteration limit', x);
      }
      y.set(trial);
      value = accepted;
    }
    this.#started = true;
    this.#readSolution(x, scale);
    return this.#solution;
  }

  #clip(y: Float64Array): void {
    const { lower, upper } = this.#problem.bounds;
    for (let j = 0; j < y.length; j++) y[j] = Math.min(upper[j], Math.max(lower[j], y[j]));
  }

  /** ‖y − Π(y − ∇g)‖∞ */
  #residual(y: Float64Array): number {
    const { lower, upper } = this.#problem.bounds;
    let most = 0;
    for (let j = 0; j < y.length; j++) {
      const moved = Math.min(upper[j], Math.max(lower[j], y[j] - this.#gradient[j]));
      // Written so that NaN stays.
      most = Math.abs(y[j] - moved) <= most ? most : Math.abs(y[j] - moved);
    }
    return most;
  }

  /** Factors ∇²_yy g on `#free` at y. */
  #factorFree(x: Float64Array): void {
    const { n } = this.#problem;
    const size = this.#size;
    this.#problem.lowerHessian(x, this.#y, this.#hessian);
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++) this.#factor[a * size + b] = this.#hessian[this.#free[a] * n + this.#free[b]];
    if (cholesky(size, this.#factor, 1e-15) >= 0) throw lowerLevelFailure('not convex', x);
  }

  /** The direction on the variables that no bound holds, 0 on the others; its slope. Variables near a bound that holds them go to it. */
  #newtonDirection(x: Float64Array, residual: number): number {
    const { lower, upper } = this.#problem.bounds;
    const [y, gradient, direction] = [this.#y, this.#gradient, this.#direction];
    const near = Math.min(1e-6, residual);
    this.#size = 0;
    direction.fill(0);
    for (let j = 0; j < y.length; j++) {
      const [below, above] = [y[j] - lower[j] <= near && gradient[j] > 0, upper[j] - y[j] <= near && gradient[j] < 0];
      if (below) direction[j] = lower[j] - y[j];
      else if (above) direction[j] = upper[j] - y[j];
      else this.#free[this.#size++] = j;
    }
    const size = this.#size;
    this.#factorFree(x);
    const step = this.#trial;
    for (let a = 0; a < size; a++) step[a] = -gradient[this.#free[a]];
    solveCholesky(size, this.#factor, step);
    for (let a = 0; a < size; a++) direction[this.#free[a]] = step[a];
    let slope = 0;
    for (let j = 0; j < y.length; j++) slope += direction[j] * gradient[j];
    return slope;
  }

  /** Leaves y⁺ in `#trial` and ∇g there in `#gradient`, and gives g; null where no step is a decrease. */
  #search(x: Float64Array, value: number, slope: number, residual: number, q?: Float64Array): number | null {
    const [y, trial, direction] = [this.#y, this.#trial, this.#direction];
    for (let a = 1; a > 1e-12; a *= 0.5) {
      for (let j = 0; j < y.length; j++) trial[j] = y[j] + a * direction[j];
      this.#clip(trial);
      const there = this.#problem.lowerValue(x, trial, q);
      const decreases = there < value && there <= value + armijo * a * slope;
      // Close to y* the values of g no longer tell; the residual does.
      if (!decreases && a < 1) continue;
      this.#problem.lowerGradientY(x, trial, this.#gradient, q);
      if (decreases || this.#residual(trial) <= 0.5 * residual) return there;
    }
    return null;
  }

  #readSolution(x: Float64Array, scale: number): void {
    const { lower, upper } = this.#problem.bounds;
    const [y, gradient] = [this.#y, this.#gradient];
    const { multipliers, side } = this.#solution;
    this.#weak.length = 0;
    this.#size = 0;
    for (let j = 0; j < y.length; j++) {
      const fixed = lower[j] === upper[j];
      const at = y[j] - lower[j] <= upper[j] - y[j] ? -1 : 1;
      const distance = at < 0 ? y[j] - lower[j] : upper[j] - y[j];
      const near = distance <= weakTolerance * Math.max(1, Math.abs(y[j]));
      // At the lower bound the gradient is the multiplier, at the upper one minus it.
      const held = fixed || (near && -at * gradient[j] > weakTolerance * scale);
      if (near && !held) this.#weak.push({ kind: at < 0 ? 'lower' : 'upper', index: j });
      side[j] = held ? at : 0;
      multipliers.lower[j] = held && (fixed || at < 0) ? Math.max(0, gradient[j]) : 0;
      multipliers.upper[j] = held && (fixed || at > 0) ? Math.max(0, -gradient[j]) : 0;
      if (!held) this.#free[this.#size++] = j;
    }
    this.#factorFree(x);
  }

  /** y, from which a warm start goes on; NaN before the first solve. */
  saveWarmStart(): Float64Array {
    return this.#started ? this.#y.slice() : new Float64Array(this.#y.length).fill(NaN);
  }

  restoreWarmStart(saved: Float64Array): void {
    this.#started = !saved.some(Number.isNaN);
    if (this.#started) this.#y.set(saved);
  }

  adjoint(v: Float64Array): { u: Float64Array; w: Float64Array } {
    const { n } = this.#problem;
    const { u } = this.#adjoint;
    const [residual, size] = [this.#direction, this.#size];
    u.fill(0);
    // One step of refinement.
    for (let pass = 0; pass < 2; pass++) {
      for (let a = 0; a < size; a++) {
        const row = this.#free[a];
        residual[a] = v[row];
        for (let b = 0; b < size; b++) residual[a] -= this.#hessian[row * n + this.#free[b]] * u[this.#free[b]];
      }
      solveCholesky(size, this.#factor, residual);
      for (let a = 0; a < size; a++) u[this.#free[a]] += residual[a];
    }
    return this.#adjoint;
  }
}

const notANumber = (value: number, x: Float64Array): AdjointError => {
  const { where } = lowerLevelFailure('iteration limit', x).problem;
  return new AdjointError('bad-request', `The lower level's objective or its gradient is ${value} at this x.`, {
    ...(where ? { where } : {}),
    fix: 'Keep x where g(x, y) is finite: give X bounds, or scale the data.',
  });
};
