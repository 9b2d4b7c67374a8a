import { AdjointError, type Finding } from '@shared/errors';
import { addTransposed, dot, multiply } from '../numerics/linalg/products';
import { convexProblem, type ConvexProblem } from '../solvers/convex/problem';

/**
 * A bilevel problem with quadratic levels and linear rows that may couple them:
 *
 *     minimise over x   F(x) = f(x, y*(x)),  f = ½xᵀQ_xx x + c_xᵀx + ½yᵀQ_yy y + c_yᵀy + xᵀQ_xy y + constant
 *     with y*(x)        = argmin ½yᵀQy + (c + q + Pᵀx)ᵀy  subject to  A y + B x ≤ b,  lower ≤ y ≤ upper
 *
 * x has d entries and y has n. Matrices are flat and row-major. It is plain data.
 */
export interface BilevelProblem {
  d: number;
  n: number;
  /** Rows of A and B. */
  m: number;
  upper: UpperLevel;
  lower: LowerLevelData;
}

export interface UpperLevel {
  /** [d, d] symmetric, [d] */
  Qxx: Float64Array;
  cx: Float64Array;
  /** [n, n] symmetric, [n] */
  Qyy: Float64Array;
  cy: Float64Array;
  /** [d, n] */
  Qxy: Float64Array;
  constant: number;
  /** The box X of x, [d] each, −Infinity and Infinity where there is no bound. */
  domain: { lower: Float64Array; upper: Float64Array };
}

export interface LowerLevelData {
  /** [n, n] symmetric, [n] */
  Q: Float64Array;
  c: Float64Array;
  /** The small perturbation that smooths F, [n]. Algorithms may draw another one at every step. */
  q: Float64Array;
  /** [d, n] */
  P: Float64Array;
  /** [m, n], [m, d], [m] */
  A: Float64Array;
  B: Float64Array;
  b: Float64Array;
  /** [n] each, −Infinity and Infinity where there is no bound. */
  lower: Float64Array;
  upper: Float64Array;
}

/** A problem of d and n variables from the parts that it has; what is left out is zero or absent. Arrays are not copied. */
export function bilevelProblem(
  d: number,
  n: number,
  upper: Partial<UpperLevel>,
  lower: Partial<LowerLevelData> & Pick<LowerLevelData, 'Q'>,
): BilevelProblem {
  const zeros = (length: number) => new Float64Array(length);
  const unbounded = (length: number) => ({
    lower: zeros(length).fill(-Infinity),
    upper: zeros(length).fill(Infinity),
  });
  const b = lower.b ?? zeros(0);
  const m = b.length;
  const problem: BilevelProblem = {
    ...{ d, n, m },
    upper: {
      ...{ Qxx: zeros(d * d), cx: zeros(d), Qyy: zeros(n * n), cy: zeros(n), Qxy: zeros(d * n), constant: 0 },
      ...{ domain: unbounded(d), ...upper },
    },
    lower: {
      ...{ c: zeros(n), q: zeros(n), P: zeros(d * n), A: zeros(m * n), B: zeros(m * d), b },
      ...{ ...unbounded(n), ...lower },
    },
  };
  check(problem);
  return problem;
}

/** @throws AdjointError `bad-request` naming every part that has the wrong length, NaN, an infinite number or no symmetry */
function check({ d, n, m, upper, lower }: BilevelProblem): void {
  const findings: Finding[] = [];
  const part = (path: string, values: Float64Array, length: number, infinite = 0) => {
    if (values.length !== length)
      findings.push({ path, message: `has ${values.length} entries; there should be ${length}` });
    const wrong = values.findIndex((value) => !Number.isFinite(value) && value !== infinite);
    if (wrong >= 0) findings.push({ path: `${path}[${wrong}]`, message: `is ${values[wrong]}` });
  };
  const symmetric = (path: string, values: Float64Array, size: number) => {
    part(path, values, size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < i; j++) {
        const [a, b] = [values[i * size + j], values[j * size + i]];
        if (!(Math.abs(a - b) > 1e-12 * Math.max(Math.abs(a), Math.abs(b)))) continue;
        findings.push({
          path,
          message: `is not symmetric: entry (${i}, ${j}) is ${a}, entry (${j}, ${i}) is ${b}`,
          suggestion: `(${path} + ${path}ᵀ)/2 has the same quadratic form`,
        });
        return;
      }
  };
  symmetric('upper.Qxx', upper.Qxx, d);
  symmetric('upper.Qyy', upper.Qyy, n);
  symmetric('lower.Q', lower.Q, n);
  part('upper.cx', upper.cx, d);
  part('upper.cy', upper.cy, n);
  part('upper.Qxy', upper.Qxy, d * n);
  part('upper.domain.lower', upper.domain.lower, d, -Infinity);
  part('upper.domain.upper', upper.domain.upper, d, Infinity);
  part('lower.c', lower.c, n);
  part('lower.q', lower.q, n);
  part('lower.P', lower.P, d * n);
  part('lower.A', lower.A, m * n);
  part('lower.B', lower.B, m * d);
  part('lower.b', lower.b, m);
  part('lower.lower', lower.lower, n, -Infinity);
  part('lower.upper', lower.upper, n, Infinity);
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The bilevel problem is not well formed.', {
      findings: findings.slice(0, 20),
      fix: `With x of ${d} and y of ${n}: Q_xx is ${d} × ${d}, Q_yy and Q are ${n} × ${n}, Q_xy and P are ${d} × ${n}, A has ${n} and B ${d} columns. Only bounds may be infinite.`,
    });
}

/** f(x, y). */
export function upperValue({ d, n, upper }: BilevelProblem, x: Float64Array, y: Float64Array): number {
  const { Qxx, cx, Qyy, cy, Qxy, constant } = upper;
  let value = constant;
  for (let i = 0; i < d; i++) value += x[i] * (0.5 * dot(d, Qxx, i * d, x, 0) + cx[i] + dot(n, Qxy, i * n, y, 0));
  for (let j = 0; j < n; j++) value += y[j] * (0.5 * dot(n, Qyy, j * n, y, 0) + cy[j]);
  return value;
}

/** `result` [d] ← ∇_x f = Q_xx x + c_x + Q_xy y: the direct part of the hypergradient. */
export function directPart(
  { d, n, upper }: BilevelProblem,
  x: Float64Array,
  y: Float64Array,
  result: Float64Array,
): void {
  const { Qxx, cx, Qxy } = upper;
  for (let i = 0; i < d; i++) result[i] = dot(d, Qxx, i * d, x, 0) + cx[i] + dot(n, Qxy, i * n, y, 0);
}

/** `result` [n] ← ∇_y f = Q_yy y + c_y + Q_xyᵀx: the cotangent that is pulled back through y*(x). */
export function upperGradientY(
  { d, n, upper }: BilevelProblem,
  x: Float64Array,
  y: Float64Array,
  result: Float64Array,
): void {
  multiply(n, n, upper.Qyy, y, result);
  for (let j = 0; j < n; j++) result[j] += upper.cy[j];
  addTransposed(d, n, upper.Qxy, x, result);
}

/** `result` [n] ← c + q + Pᵀx, the linear term of the lower level; q is the problem's own unless another is given. */
export function lowerLinear(
  { d, n, lower }: BilevelProblem,
  x: Float64Array,
  result: Float64Array,
  q: Float64Array = lower.q,
): void {
  result.fill(0);
  addTransposed(d, n, lower.P, x, result);
  for (let j = 0; j < n; j++) result[j] += lower.c[j] + q[j];
}

/** `result` [m] ← b − Bx, the right-hand sides of the rows A y ≤ b − Bx. */
export function rowLimits({ d, m, lower }: BilevelProblem, x: Float64Array, result: Float64Array): void {
  for (let i = 0; i < m; i++) result[i] = lower.b[i] - dot(d, lower.B, i * d, x, 0);
}

/** g(x, y) = ½yᵀQy + linearᵀy with linear = c + q + Pᵀx. */
export function lowerValue({ n, lower }: BilevelProblem, y: Float64Array, linear: Float64Array): number {
  let value = 0;
  for (let j = 0; j < n; j++) value += y[j] * (0.5 * dot(n, lower.Q, j * n, y, 0) + linear[j]);
  return value;
}

/**
 * `gradient` [d] ← `gradient` − P u − Bᵀw: what y*(x) adds to the direct part, where (u, w) solves the adjoint system of the lower
 * level (Gᵀu = Pu because ∂(∇_y g)/∂x = Pᵀ). With −y and −λ for u and w it is the gradient of the lower level's value function.
 */
export function subtractThroughLower(
  { d, n, m, lower }: BilevelProblem,
  u: Float64Array,
  w: Float64Array,
  gradient: Float64Array,
): void {
  for (let i = 0; i < d; i++) gradient[i] -= dot(n, lower.P, i * n, u, 0);
  for (let r = 0; r < m; r++) {
    if (w[r] === 0) continue;
    for (let i = 0; i < d; i++) gradient[i] -= lower.B[r * d + i] * w[r];
  }
}

/** The lower level at x as a convex problem: rows G = A with h = b − Bx. */
export function convexProblemAt(problem: BilevelProblem, x: Float64Array, q?: Float64Array): ConvexProblem {
  const { n, m, lower } = problem;
  const p = new Float64Array(n);
  const h = new Float64Array(m);
  lowerLinear(problem, x, p, q);
  rowLimits(problem, x, h);
  return convexProblem(n, {
    Q: { kind: 'dense', values: lower.Q },
    ...{ p, h, G: lower.A, lower: lower.lower, upper: lower.upper },
  });
}
