import type { CurvaturePairs, TwoLoops } from '../../../numerics/linalg/lbfgsKernels';
import { dot } from '../../../numerics/linalg/products';
import type { ViolationEnergy } from '../violationEnergy';

export interface SeekingSettings {
  /** Iterations at most, and those from the beginning that are kept for the derivative. */
  iterations: number;
  differentiated: number;
  /** Pairs (s, v) that the direction is made of. */
  memory: number;
  /** Ends where φ/σ, the squared violation, or ‖∇φ‖ is below this. */
  tolerance: number;
  armijo: number;
  shrink: number;
  /** Trial steps of one line search; without success the method ends. */
  searches: number;
}

/** One instance's way from ŷ: its points as far as they are differentiated, step lengths, and the first pair of each direction. */
export interface Course {
  y: Float64Array;
  iterations: number;
  /** y, ∇φ and what the energy keeps of a point, one after the other; ŷ is the first. */
  points: Float64Array[];
  steps: number[];
  /** Direction k is made of the pairs first[k] … k − 1; of none, along the gradient, where it is k. */
  first: number[];
}

/** Against a division by zero where a pair vanishes, as published. */
export const guard = 1e-10;
/** The first trial step goes this fraction of −∇φ, but not farther than 1. */
export const firstStep = 0.1;

/**
 * Minimises φ by L-BFGS with backtracking (Nocedal & Wright, *Numerical Optimization*, Algorithms 7.4 and 3.1), one instance after the
 * other, each with a line search of its own.
 */
export class FeasibilitySeeking {
  readonly #energy: ViolationEnergy;
  readonly #settings: SeekingSettings;
  #y: Float64Array;
  #next: Float64Array;
  #gradient: Float64Array;
  #nextGradient: Float64Array;
  readonly #direction: Float64Array;
  readonly #loops: TwoLoops;
  /** A window of the newest pairs, which is moved to the front when it is full. */
  readonly #pairs: CurvaturePairs;
  readonly #window: number;

  constructor(energy: ViolationEnergy, settings: SeekingSettings) {
    const { n, kernels } = energy;
    const { memory, iterations } = settings;
    const floats = (length: number) => kernels.allocate(length);
    this.#energy = energy;
    this.#settings = settings;
    this.#window = Math.min(iterations, 2 * memory);
    this.#pairs = {
      ...{ first: 0, count: 0, s: floats(this.#window * n), v: floats(this.#window * n) },
      ...{ rho: floats(this.#window), gamma: 0 },
    };
    [this.#y, this.#next, this.#gradient, this.#nextGradient] = Array.from({ length: 4 }, () => floats(n));
    this.#direction = floats(n);
    this.#loops = { q: this.#direction, r: this.#direction, alpha: floats(memory), beta: floats(memory) };
  }

  /** From `start`, for x = `X[xAt …]`. */
  seek(start: Float64Array, X: Float64Array, xAt: number): Course {
    const energy = this.#energy;
    const { iterations, differentiated, memory, tolerance, armijo, shrink, searches } = this.#settings;
    const { n } = energy;
    const [pairs, direction] = [this.#pairs, this.#direction];
    this.#y.set(start);
    let value = energy.value(this.#y, X, xAt);
    energy.gradientHere(this.#gradient);
    const course: Course = { y: this.#y, iterations: 0, points: [], steps: [], first: [] };
    if (differentiated > 0) course.points.push(this.#point());
    let origin = 0;
    // Of the first pair in the window.
    let oldest = 0;
    for (let k = 0; k < iterations; k++) {
      const [y, gradient] = [this.#y, this.#gradient];
      if (value / energy.scale < tolerance || Math.sqrt(dot(n, gradient, 0, gradient, 0)) < tolerance) break;
      let first = Math.max(origin, k - memory);
      [pairs.first, pairs.count] = [first - oldest, k - first];
      this.#directionOf(gradient);
      let slope = dot(n, gradient, 0, direction, 0);
      if (!(slope < 0)) {
        // Curvature of the wrong sign, where rows are not convex: begin anew along the gradient.
        [origin, first, pairs.count] = [k, k, 0];
        this.#directionOf(gradient);
        slope = dot(n, gradient, 0, direction, 0);
      }
      let step = 1;
      let nextValue = this.#valueAfter(step, X, xAt);
      let tries = 1;
      while (!(nextValue <= value + armijo * step * slope) && tries++ < searches) {
        step *= shrink;
        nextValue = this.#valueAfter(step, X, xAt);
      }
      if (tries > searches) break;
      energy.gradientHere(this.#nextGradient);
      if (k - oldest === this.#window) oldest = this.#moveWindow(k);
      pairs.gamma = setPair(n, pairs, k - oldest, [this.#next, y], [this.#nextGradient, gradient]);
      [this.#y, this.#next] = [this.#next, y];
      [this.#gradient, this.#nextGradient] = [this.#nextGradient, gradient];
      value = nextValue;
      course.iterations = k + 1;
      if (k >= differentiated) continue;
      course.points.push(this.#point());
      course.steps.push(step);
      course.first.push(first);
    }
    course.y = this.#y.slice();
    return course;
  }

  /** φ(y + step·d); goes there. */
  #valueAfter(step: number, X: Float64Array, xAt: number): number {
    const [y, next, direction] = [this.#y, this.#next, this.#direction];
    for (let j = 0; j < next.length; j++) next[j] = y[j] + step * direction[j];
    return this.#energy.value(next, X, xAt);
  }

  /** −H∇φ by the two loops; without pairs, a short way along −∇φ. */
  #directionOf(gradient: Float64Array): void {
    const { n, kernels } = this.#energy;
    const direction = this.#direction;
    direction.set(gradient);
    const none = this.#pairs.count === 0;
    if (!none) kernels.twoLoops(n, this.#pairs, this.#loops, 0);
    const length = none ? Math.min(firstStep, 1 / Math.sqrt(dot(n, gradient, 0, gradient, 0))) : 1;
    for (let j = 0; j < n; j++) direction[j] *= -length;
  }

  /** The newest `memory` pairs to the front of the window, before pair k; the number of the first of them. */
  #moveWindow(k: number): number {
    const { memory } = this.#settings;
    const { n } = this.#energy;
    const { s, v, rho } = this.#pairs;
    const from = this.#window - memory;
    for (const rows of [s, v]) rows.copyWithin(0, from * n);
    rho.copyWithin(0, from);
    return k - memory;
  }

  #point(): Float64Array {
    const { n, kept } = this.#energy;
    const point = new Float64Array(2 * n + kept);
    point.set(this.#y);
    point.set(this.#gradient, n);
    this.#energy.keep(point, 2 * n);
    return point;
  }
}

/** Row `at` of the pairs ← differences of two points and of their gradients, which begin at 0 and `gradientAt`; returns the γ that it gives. */
export function setPair(
  n: number,
  { s, v, rho }: CurvaturePairs,
  at: number,
  [next, y]: readonly [Float64Array, Float64Array],
  [nextGradient, gradient]: readonly [Float64Array, Float64Array],
  gradientAt = 0,
): number {
  const row = at * n;
  for (let j = 0; j < n; j++) {
    s[row + j] = next[j] - y[j];
    v[row + j] = nextGradient[gradientAt + j] - gradient[gradientAt + j];
  }
  const product = dot(n, s, row, v, row);
  rho[at] = 1 / (product + guard);
  return product / (dot(n, v, row, v, row) + guard);
}
