import type { CurvaturePairs, TwoLoops } from '../../../numerics/linalg/lbfgsKernels';
import { dot } from '../../../numerics/linalg/products';
import type { ViolationEnergy } from '../violationEnergy';
import { type Course, firstStep, guard, type SeekingSettings, setPair } from './seeking';

/** The derivative of a course: reverse through its iterations, curvature pairs included. */
export class SeekingAdjoint {
  readonly #energy: ViolationEnergy;
  /** All pairs of a course, and the derivatives for them. */
  readonly #pairs: CurvaturePairs;
  readonly #ofS: Float64Array;
  readonly #ofV: Float64Array;
  readonly #gammas: Float64Array;
  readonly #loops: TwoLoops;
  readonly #adjointLoops: TwoLoops;
  /** Derivatives for a point and its gradient. */
  readonly #ofPoint: Float64Array;
  readonly #ofGradient: Float64Array;

  constructor(energy: ViolationEnergy, { iterations, differentiated, memory }: SeekingSettings) {
    const { n, kernels } = energy;
    const floats = (length: number) => kernels.allocate(length);
    const length = Math.min(iterations, differentiated);
    const loopsOf = (count: number): TwoLoops => ({
      ...{ q: floats((count + 1) * n), r: floats((count + 1) * n) },
      ...{ alpha: floats(count), beta: floats(count) },
    });
    this.#energy = energy;
    this.#pairs = {
      ...{ first: 0, count: 0, s: floats(length * n), v: floats(length * n) },
      ...{ rho: floats(length), gamma: 0 },
    };
    [this.#ofS, this.#ofV] = [floats(length * n), floats(length * n)];
    this.#gammas = floats(length);
    [this.#loops, this.#adjointLoops] = [loopsOf(Math.min(length, memory)), loopsOf(Math.min(length, memory))];
    [this.#ofPoint, this.#ofGradient] = [floats(n), floats(n)];
  }

  /**
   * dℓ/dŷ from dℓ/dy into out[at …]; step lengths count as constants, as does what came after the differentiated iterations. Pair k is made of points k
   * and k + 1 and used by later directions only, so that going back its derivative is complete when point k + 1 is met.
   */
  apply(course: Course, cotangent: Float64Array, out: Float64Array, at: number): void {
    const { points, steps, first } = course;
    const { n } = this.#energy;
    const [ofPoint, ofGradient, pairs] = [this.#ofPoint, this.#ofGradient, this.#pairs];
    const [ofS, ofV] = [this.#ofS.fill(0, 0, steps.length * n), this.#ofV.fill(0, 0, steps.length * n)];
    for (let k = 0; k < steps.length; k++) {
      const both = [points[k + 1], points[k]] as const;
      this.#gammas[k] = setPair(n, pairs, k, both, both, n);
    }
    for (let j = 0; j < n; j++) ofPoint[j] = cotangent[at + j];
    ofGradient.fill(0);
    for (let k = steps.length - 1; k >= 0; k--) {
      const row = k * n;
      for (let j = 0; j < n; j++) {
        ofPoint[j] += ofS[row + j];
        ofGradient[j] += ofV[row + j];
      }
      this.#throughGradient(points[k + 1]);
      // y_{k+1} = y_k + step·d, and d = −Hg of the pairs before k.
      [pairs.first, pairs.count] = [first[k], k - first[k]];
      this.#throughDirection(points[k], steps[k]);
      for (let j = 0; j < n; j++) {
        ofPoint[j] -= ofS[row + j];
        ofGradient[j] -= ofV[row + j];
      }
    }
    if (steps.length > 0) this.#throughGradient(points[0]);
    for (let j = 0; j < n; j++) out[at + j] = ofPoint[j];
  }

  #throughGradient(point: Float64Array): void {
    this.#energy.revisit(point, 2 * this.#energy.n);
    this.#energy.addHessianHere(this.#ofGradient, this.#ofPoint);
  }

  /** The derivative for the gradient that the direction is made of into `#ofGradient`, those for the pairs added to theirs. */
  #throughDirection(point: Float64Array, step: number): void {
    const { n, kernels } = this.#energy;
    const pairs = this.#pairs;
    const { count } = pairs;
    const [ofPoint, ofGradient] = [this.#ofPoint, this.#ofGradient];
    if (count === 0) return this.#throughFirstStep(point, step);
    const [loops, adjoint] = [this.#loops, this.#adjointLoops];
    for (let j = 0, at = count * n; j < n; j++, at++) {
      loops.q[at] = point[n + j];
      adjoint.q[at] = -step * ofPoint[j];
    }
    const newest = pairs.first + count - 1;
    pairs.gamma = this.#gammas[newest];
    const curvature = dot(n, pairs.v, newest * n, pairs.v, newest * n) + guard;
    kernels.twoLoops(n, pairs, loops, n);
    kernels.twoLoops(n, pairs, adjoint, n);
    kernels.addPairAdjoints(n, pairs, curvature, loops, adjoint, this.#ofS, this.#ofV);
    for (let j = 0, at = count * n; j < n; j++, at++) ofGradient[j] = adjoint.r[at];
  }

  /** d = −min(0.1, 1/‖g‖) g. */
  #throughFirstStep(point: Float64Array, step: number): void {
    const { n } = this.#energy;
    const [ofPoint, ofGradient] = [this.#ofPoint, this.#ofGradient];
    const squared = dot(n, point, n, point, n);
    const norm = Math.sqrt(squared);
    const short = firstStep * norm <= 1;
    const length = step * (short ? firstStep : 1 / norm);
    const along = short ? 0 : dot(n, point, n, ofPoint, 0) / squared;
    for (let j = 0; j < n; j++) ofGradient[j] = -length * (ofPoint[j] - along * point[n + j]);
  }
}
