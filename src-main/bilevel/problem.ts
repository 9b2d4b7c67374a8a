import { addTransposed, dot } from '../numerics/linalg/products';

/** A box, −Infinity and Infinity where there is no bound. */
export interface Box {
  lower: Float64Array;
  upper: Float64Array;
}

/**
 * A bilevel problem whose lower level is convex in y, with rows that are linear and may couple the levels:
 *
 *     minimise over x   F(x) = f(x, y*(x))          subject to  x in the domain X,  C x + D y* ≤ e  (the rows of the upper level)
 *     with y*(x)        = argmin g(x, y) + qᵀy      subject to  A y + B x ≤ b,  lower ≤ y ≤ upper
 *
 * x has d entries and y has n; f and g are smooth; q is the small perturbation that smooths F. Everything that works on bilevel
 * problems (lower levels, estimators, outer algorithms, the preflight) asks for this interface only, so that a new kind of problem is
 * one class that implements it. What needs the matrices of a quadratic problem narrows with `instanceof QuadraticBilevel` and says so
 * in its `refusal`. `makeLowerLevel` gives the lower level (solve, adjoint) that the problem allows.
 *
 * A method that has a `result` writes there and allocates nothing; `x` is [d], `y` and `q` are [n].
 */
export interface BilevelProblem {
  readonly d: number;
  readonly n: number;
  /** Rows of A and B. */
  readonly m: number;
  /** The box X of x, [d] each. */
  readonly domain: Box;
  /** Rows of the upper level beyond that box; often none. Where D is not 0 they hold y*(x) too. */
  readonly upperRows: UpperRows;
  /** Bounds of y, [n] each. */
  readonly bounds: Box;
  /** A [m, n], B [m, d], b [m]. */
  readonly rows: LowerRows;
  /** Does x occur in g or in the rows, other than in terms of g in x alone? Does y occur in f? Where not, F is no bilevel objective. */
  readonly lowerContainsX: boolean;
  readonly upperContainsY: boolean;
  /** The problem's own perturbation, [n]. Algorithms may draw another one at every step and give it with a call. */
  readonly q: Float64Array;

  /** f(x, y) */
  upperValue(x: Float64Array, y: Float64Array): number;
  /** `result` [d] ← ∇_x f: the direct part of the hypergradient. */
  upperGradientX(x: Float64Array, y: Float64Array, result: Float64Array): void;
  /** `result` [n] ← ∇_y f: the cotangent that is pulled back through y*(x). */
  upperGradientY(x: Float64Array, y: Float64Array, result: Float64Array): void;
  /** f with both gradients at once, `inX` [d] ← ∇_x f and `inY` [n] ← ∇_y f, where that saves work. */
  upperWithGradients?(x: Float64Array, y: Float64Array, inX: Float64Array, inY: Float64Array): number;
  /** `result` [n, n] ← ∇²_yy f. */
  upperHessianY(x: Float64Array, y: Float64Array, result: Float64Array): void;

  /** g(x, y) + qᵀy, with the problem's own q unless another is given. */
  lowerValue(x: Float64Array, y: Float64Array, q?: Float64Array): number;
  /** `result` [d] ← ∇_x g. With Bᵀλ* it is the gradient of the lower level's value function. */
  lowerGradientX(x: Float64Array, y: Float64Array, result: Float64Array): void;
  /** `result` [n] ← ∇_y g + q. */
  lowerGradientY(x: Float64Array, y: Float64Array, result: Float64Array, q?: Float64Array): void;
  /** `result` [n] ← ∇²_yy g v. */
  lowerHessianProduct(x: Float64Array, y: Float64Array, v: Float64Array, result: Float64Array): void;
  /** `result` [n, n] ← ∇²_yy g. */
  lowerHessian(x: Float64Array, y: Float64Array, result: Float64Array): void;
  /** `result` [d] ← Gᵀu with G = ∂(∇_y g)/∂x [n, d], u [n]. */
  lowerCrossProduct(x: Float64Array, y: Float64Array, u: Float64Array, result: Float64Array): void;
  /** Bounds of the eigenvalues of ∇²_yy g over all y at this x: `least` > 0 where g is known to be strongly convex in y. */
  lowerCurvature(x: Float64Array): { least: number; most: number };
}

/** Rows A y + B x ≤ b of the lower level. */
export interface LowerRows {
  /** [m, n] */
  A: Float64Array;
  /** [m, d] */
  B: Float64Array;
  /** [m] */
  b: Float64Array;
}

/** Rows C x + D y ≤ e of the upper level. */
export interface UpperRows {
  /** [rows, d] */
  C: Float64Array;
  /** [rows, n] */
  D: Float64Array;
  /** [rows] */
  e: Float64Array;
}

/** @returns f, with `inX` [d] ← ∇_x f and `inY` [n] ← ∇_y f */
export function upperWithGradients(
  problem: BilevelProblem,
  x: Float64Array,
  y: Float64Array,
  inX: Float64Array,
  inY: Float64Array,
): number {
  if (problem.upperWithGradients) return problem.upperWithGradients(x, y, inX, inY);
  problem.upperGradientX(x, y, inX);
  problem.upperGradientY(x, y, inY);
  return problem.upperValue(x, y);
}

/** `result` [m] ← b − Bx, the right-hand sides of the rows A y ≤ b − Bx. */
export function rowLimits({ d, m, rows }: BilevelProblem, x: Float64Array, result: Float64Array): void {
  for (let i = 0; i < m; i++) result[i] = rows.b[i] - dot(d, rows.B, i * d, x, 0);
}

/** `result` [m] ← A y + B x − b: the rows c(x, y) ≤ 0 of the lower level, without its bounds. */
export function rowValues({ d, n, m, rows }: BilevelProblem, x: Float64Array, y: Float64Array, result: Float64Array) {
  for (let i = 0; i < m; i++) result[i] = dot(n, rows.A, i * n, y, 0) + dot(d, rows.B, i * d, x, 0) - rows.b[i];
}

/** `result` [n] ← `result` + Aᵀw: the rows' Jacobian in y, transposed, times w [m]. */
export function addRowsInY({ n, m, rows }: BilevelProblem, w: Float64Array, result: Float64Array): void {
  addTransposed(m, n, rows.A, w, result);
}

/** `result` [d] ← `result` + Bᵀw: the rows' Jacobian in x, transposed, times w [m]. */
export function addRowsInX({ d, m, rows }: BilevelProblem, w: Float64Array, result: Float64Array): void {
  addTransposed(m, d, rows.B, w, result);
}

/**
 * `gradient` [d] ← `gradient` − Gᵀu − Bᵀw: what y*(x) adds to the direct part of the hypergradient, where (u, w) solves the adjoint
 * system of the lower level at y = y*(x). `space` [d] is overwritten.
 */
export function subtractThroughLower(
  problem: BilevelProblem,
  x: Float64Array,
  y: Float64Array,
  { u, w }: { u: Float64Array; w: Float64Array },
  gradient: Float64Array,
  space: Float64Array,
): void {
  const { d, m, rows } = problem;
  problem.lowerCrossProduct(x, y, u, space);
  for (let i = 0; i < d; i++) gradient[i] -= space[i];
  for (let r = 0; r < m; r++) {
    if (w[r] === 0) continue;
    for (let i = 0; i < d; i++) gradient[i] -= rows.B[r * d + i] * w[r];
  }
}
