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

/** One instance's way from ŷ: points, gradients, step lengths, and the first pair of each direction. */
export interface Course {
  y: Float64Array;
  iterations: number;
  points: Float64Array[];
  gradients: Float64Array[];
  steps: number[];
  /** Direction k is made of the pairs first[k] … k − 1; of none, along the gradient, where it is k. */
  first: number[];
}

/** Against a division by zero where a pair vanishes, as published. */
const guard = 1e-10;
/** The first trial step goes this fraction of −∇φ, but not farther than 1. */
const firstStep = 0.1;

interface Pair {
  s: Float64Array;
  v: Float64Array;
  rho: number;
}

/**
 * Minimises φ from `start` by L-BFGS with backtracking (Nocedal & Wright, *Numerical Optimization*, Algorithms 7.4 and 3.1), one instance by
 * itself, its line search included.
 */
export function seekFeasibility(
  energy: ViolationEnergy,
  { iterations, differentiated, memory, tolerance, armijo, shrink, searches }: SeekingSettings,
  start: Float64Array,
  X: Float64Array,
  xAt: number,
): Course {
  const { n } = energy;
  let y: Float64Array = start.slice();
  let value = energy.value(y, X, xAt);
  let gradient: Float64Array = new Float64Array(n);
  energy.gradient(y, X, xAt, gradient);
  const course: Course = { y, iterations: 0, points: [y], gradients: [gradient], steps: [], first: [] };
  const pairs: Pair[] = [];
  let origin = 0;
  for (let k = 0; k < iterations; k++) {
    if (value / energy.scale < tolerance || Math.sqrt(dot(n, gradient, 0, gradient, 0)) < tolerance) break;
    let first = Math.max(origin, k - memory);
    let direction = directionOf(gradient, pairs.slice(first, k));
    let slope = dot(n, gradient, 0, direction, 0);
    if (!(slope < 0)) {
      // Curvature of the wrong sign, where rows are not convex: begin anew along the gradient.
      [origin, first] = [k, k];
      direction = directionOf(gradient, []);
      slope = dot(n, gradient, 0, direction, 0);
    }
    let step = 1;
    let next = plus(y, step, direction);
    let nextValue = energy.value(next, X, xAt);
    let tries = 1;
    while (!(nextValue <= value + armijo * step * slope) && tries++ < searches) {
      step *= shrink;
      next = plus(y, step, direction);
      nextValue = energy.value(next, X, xAt);
    }
    if (tries > searches) break;
    const nextGradient = new Float64Array(n);
    energy.gradient(next, X, xAt, nextGradient);
    pairs[k] = pairOf(y, next, gradient, nextGradient);
    [y, value, gradient] = [next, nextValue, nextGradient];
    course.iterations = k + 1;
    if (k >= differentiated) continue;
    course.points.push(y);
    course.gradients.push(gradient);
    course.steps.push(step);
    course.first.push(first);
  }
  course.y = y;
  return course;
}

function pairOf(y: Float64Array, next: Float64Array, gradient: Float64Array, nextGradient: Float64Array): Pair {
  const s = plus(next, -1, y);
  const v = plus(nextGradient, -1, gradient);
  return { s, v, rho: 1 / (dot(s.length, s, 0, v, 0) + guard) };
}

/** −(approximate inverse Hessian)·g by the two loops over the pairs, oldest first; without any, a short way along −g. */
function directionOf(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const n = gradient.length;
  if (pairs.length === 0) {
    const length = Math.min(firstStep, 1 / Math.sqrt(dot(n, gradient, 0, gradient, 0)));
    return times(-length, gradient);
  }
  return times(-1, loops(gradient, pairs).r.at(-1)!);
}

/** Both loops with everything in between: q[i] and α[i] going down, r[i] and β[i] going up. */
function loops(gradient: Float64Array, pairs: readonly Pair[]) {
  const n = gradient.length;
  const count = pairs.length;
  const q = new Array<Float64Array>(count + 1);
  const [alpha, beta] = [new Float64Array(count), new Float64Array(count)];
  q[count] = gradient;
  for (let i = count - 1; i >= 0; i--) {
    const { s, v, rho } = pairs[i];
    alpha[i] = rho * dot(n, s, 0, q[i + 1], 0);
    q[i] = plus(q[i + 1], -alpha[i], v);
  }
  const { s: last, v: lastChange } = pairs[count - 1];
  const curvature = dot(n, lastChange, 0, lastChange, 0) + guard;
  const gamma = dot(n, last, 0, lastChange, 0) / curvature;
  const r = [times(gamma, q[0])];
  for (let i = 0; i < count; i++) {
    const { s, v, rho } = pairs[i];
    beta[i] = rho * dot(n, v, 0, r[i], 0);
    r.push(plus(r[i], alpha[i] - beta[i], s));
  }
  return { q, alpha, beta, r, gamma, curvature };
}

/** What the derivative of one direction adds: to the gradient it was made from, and to its pairs. */
interface DirectionAdjoint {
  gradient: Float64Array;
  s: Float64Array[];
  v: Float64Array[];
}

/**
 * dℓ/dŷ from dℓ/dy: reverse through the differentiated iterations, curvature pairs included; step lengths count as constants, as does what
 * came after those iterations.
 */
export function courseGradient(
  energy: ViolationEnergy,
  { points, gradients, steps, first }: Course,
  X: Float64Array,
  xAt: number,
  cotangent: Float64Array,
): Float64Array {
  const { n } = energy;
  const count = steps.length;
  const pairs = steps.map((_, k) => pairOf(points[k], points[k + 1], gradients[k], gradients[k + 1]));
  const ofPoints = points.map(() => new Float64Array(n));
  const ofGradients = points.map(() => new Float64Array(n));
  ofPoints[count].set(cotangent);
  for (let k = count - 1; k >= 0; k--) {
    const of = ofPoints[k + 1];
    energy.addHessianTimes(points[k + 1], X, xAt, ofGradients[k + 1], of);
    add(1, of, ofPoints[k]);
    const used = pairs.slice(first[k], k);
    const adjoint = directionAdjoint(gradients[k], used, times(steps[k], of));
    add(1, adjoint.gradient, ofGradients[k]);
    used.forEach((_, i) => {
      const at = first[k] + i;
      add(1, adjoint.s[i], ofPoints[at + 1]);
      add(-1, adjoint.s[i], ofPoints[at]);
      add(1, adjoint.v[i], ofGradients[at + 1]);
      add(-1, adjoint.v[i], ofGradients[at]);
    });
  }
  energy.addHessianTimes(points[0], X, xAt, ofGradients[0], ofPoints[0]);
  return ofPoints[0];
}

/** a + weight·b. In a loop, since `map` calls a function for every entry. */
function plus(a: Float64Array, weight: number, b: Float64Array): Float64Array {
  const sum = new Float64Array(a.length);
  for (let j = 0; j < sum.length; j++) sum[j] = a[j] + weight * b[j];
  return sum;
}

function times(weight: number, a: Float64Array): Float64Array {
  const product = new Float64Array(a.length);
  for (let j = 0; j < product.length; j++) product[j] = weight * a[j];
  return product;
}

function add(weight: number, from: Float64Array, to: Float64Array): void {
  for (let j = 0; j < to.length; j++) to[j] += weight * from[j];
}

/** The derivative of vᵀd for the direction d made of a gradient and pairs. */
function directionAdjoint(gradient: Float64Array, pairs: readonly Pair[], v: Float64Array): DirectionAdjoint {
  const n = gradient.length;
  if (pairs.length === 0) return { gradient: firstAdjoint(gradient, v), s: [], v: [] };
  const { q, alpha, beta, r, gamma, curvature } = loops(gradient, pairs);
  const ofS = pairs.map(() => new Float64Array(n));
  const ofV = pairs.map(() => new Float64Array(n));
  const [ofAlpha, ofRho] = [new Float64Array(pairs.length), new Float64Array(pairs.length)];
  // Up again from d = −r[count]: r[i + 1] = r[i] + (α_i − β_i)s_i with β_i = ρ_i v_iᵀr[i].
  const of = times(-1, v);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, v: change, rho } = pairs[i];
    add(alpha[i] - beta[i], of, ofS[i]);
    ofAlpha[i] = dot(n, s, 0, of, 0);
    const ofBeta = -ofAlpha[i];
    add(ofBeta * rho, r[i], ofV[i]);
    ofRho[i] += ofBeta * dot(n, change, 0, r[i], 0);
    add(ofBeta * rho, change, of);
  }
  // r[0] = γq[0] with γ = sᵀv/(vᵀv + ε) of the newest pair.
  const newest = pairs.length - 1;
  const ofGamma = dot(n, q[0], 0, of, 0) / curvature;
  add(ofGamma, pairs[newest].v, ofS[newest]);
  add(ofGamma, pairs[newest].s, ofV[newest]);
  add(-2 * ofGamma * gamma, pairs[newest].v, ofV[newest]);
  for (let j = 0; j < n; j++) of[j] *= gamma;
  // Down: q[i] = q[i + 1] − α_i v_i with α_i = ρ_i s_iᵀq[i + 1].
  pairs.forEach(({ s, v: change, rho }, i) => {
    ofAlpha[i] -= dot(n, change, 0, of, 0);
    add(-alpha[i], of, ofV[i]);
    ofRho[i] += ofAlpha[i] * dot(n, s, 0, q[i + 1], 0);
    add(ofAlpha[i] * rho, q[i + 1], ofS[i]);
    add(ofAlpha[i] * rho, s, of);
  });
  // ρ = 1/(sᵀv + ε)
  pairs.forEach(({ s, v: change, rho }, i) => {
    const ofProduct = -rho * rho * ofRho[i];
    add(ofProduct, change, ofS[i]);
    add(ofProduct, s, ofV[i]);
  });
  return { gradient: of, s: ofS, v: ofV };
}

/** d = −min(0.1, 1/‖g‖) g. */
function firstAdjoint(gradient: Float64Array, v: Float64Array): Float64Array {
  const n = gradient.length;
  const norm = Math.sqrt(dot(n, gradient, 0, gradient, 0));
  if (firstStep * norm <= 1) return times(-firstStep, v);
  const along = dot(n, gradient, 0, v, 0) / (norm * norm);
  return times(-1 / norm, plus(v, -along, gradient));
}
