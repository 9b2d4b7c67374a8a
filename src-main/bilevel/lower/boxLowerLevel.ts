import { BoxQpLayer } from '../../layers/boxQpLayer';
import type { QuadraticBilevel } from '../quadratic';
import {
  checkPoint,
  lowerLevelFailure,
  weakTolerance,
  type LowerLevel,
  type LowerRow,
  type LowerSolution,
  type SolveOptions,
} from './lowerLevel';

/** A positive definite lower level with bounds only, by block pivoting. */
export class BoxLowerLevel implements LowerLevel {
  readonly method = 'box active set';
  readonly bytes: number;
  readonly #problem: QuadraticBilevel;
  readonly #layer: BoxQpLayer;
  readonly #weak: LowerRow[] = [];
  readonly #solution: LowerSolution;
  readonly #linear: Float64Array;
  readonly #w = new Float64Array(0);

  constructor(problem: QuadraticBilevel) {
    const { n, lower } = problem;
    this.#problem = problem;
    this.#layer = new BoxQpLayer({ n, Q: lower.Q, lower: lower.lower, upper: lower.upper }, { kink: weakTolerance });
    const zeros = () => new Float64Array(n);
    // The factor, and vectors of solver, layer and level.
    this.bytes = 8 * (n * n + 14 * n);
    this.#linear = zeros();
    this.#solution = {
      y: this.#layer.solver.y,
      multipliers: { inequality: new Float64Array(0), lower: zeros(), upper: zeros() },
      ...{ held: new Uint8Array(0), side: new Int8Array(n), weak: this.#weak },
    };
  }

  solve(x: Float64Array, { warm = false, q }: SolveOptions = {}): LowerSolution {
    const { d, n, lower } = this.#problem;
    checkPoint(x, d);
    const { multipliers, side, y } = this.#solution;
    this.#problem.linearTerm(x, this.#linear, q);
    this.#layer.forward(this.#linear, warm);
    if (this.#layer.status !== 'optimal') throw lowerLevelFailure(this.#layer.status, x);
    const { solver, weaklyActive } = this.#layer;
    for (let j = 0; j < n; j++) {
      side[j] = solver.side[j];
      const slope = side[j] === 0 ? 0 : solver.gradient[j];
      // A variable whose bounds coincide has whichever multiplier is positive.
      const fixed = lower.lower[j] === lower.upper[j];
      multipliers.lower[j] = fixed || side[j] < 0 ? Math.max(0, slope) : 0;
      multipliers.upper[j] = fixed || side[j] > 0 ? Math.max(0, -slope) : 0;
    }
    this.#weak.length = 0;
    for (const index of weaklyActive) {
      const nearer = lower.upper[index] - y[index] < y[index] - lower.lower[index] ? 'upper' : 'lower';
      this.#weak.push({ kind: nearer, index });
      side[index] = 0;
    }
    return this.#solution;
  }

  adjoint(v: Float64Array): { u: Float64Array; w: Float64Array } {
    return { u: this.#layer.adjoint(v), w: this.#w };
  }

  saveWarmStart(): Float64Array {
    const { side, factor } = this.#layer.solver;
    const saved = factor.save();
    const result = new Float64Array(side.length + saved.length);
    result.set(side);
    result.set(saved, side.length);
    return result;
  }

  restoreWarmStart(saved: Float64Array): void {
    const { side, factor } = this.#layer.solver;
    side.set(saved.subarray(0, side.length));
    factor.restore(saved.subarray(side.length));
  }
}
