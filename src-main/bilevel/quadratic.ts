import { AdjointError, type Finding } from '@shared/errors';
import { symmetricEigenvalues } from '../numerics/linalg/eigenvalues';
import { addTransposed, dot, multiply } from '../numerics/linalg/products';
import { convexProblem, type ConvexProblem } from '../solvers/convex/problem';
import { rowLimits, type BilevelProblem, type Box, type UpperRows } from './problem';

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
  domain: Box;
  rows: UpperRows;
}

export interface LowerLevelData {
  /** [n, n] symmetric, [n] */
  Q: Float64Array;
  c: Float64Array;
  /** The small perturbation that smooths F, [n]. */
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
  /** The terms of g in x alone, which move neither y* nor F, or null for none. */
  inX: QuadraticInX | null;
}

/** ½xᵀQx + cᵀx + constant; Q [d, d] symmetric. */
export interface QuadraticInX {
  Q: Float64Array;
  c: Float64Array;
  constant: number;
}

/**
 * A bilevel problem with quadratic levels:
 *
 *     f = ½xᵀQ_xx x + c_xᵀx + ½yᵀQ_yy y + c_yᵀy + xᵀQ_xy y + constant
 *     g = ½yᵀQy + (c + q + Pᵀx)ᵀy (+ terms in x alone)
 *
 * Matrices are flat and row-major. `bilevelProblem` makes it from the parts that there are.
 */
export class QuadraticBilevel implements BilevelProblem {
  readonly d: number;
  readonly n: number;
  readonly m: number;
  readonly upper: UpperLevel;
  readonly lower: LowerLevelData;
  /** Q_xx and Q_yy have no entries off their diagonals. */
  readonly #isDiagonal: { xx: boolean; yy: boolean };
  #curvature: { least: number; most: number } | null = null;

  /** @throws AdjointError `bad-request` naming every part that has the wrong length, NaN, an infinite number or no symmetry */
  constructor(d: number, n: number, upper: UpperLevel, lower: LowerLevelData) {
    this.d = d;
    this.n = n;
    this.m = lower.b.length;
    this.upper = upper;
    this.lower = lower;
    check(this);
    this.#isDiagonal = { xx: isDiagonal(d, upper.Qxx), yy: isDiagonal(n, upper.Qyy) };
  }

  get domain(): Box {
    return this.upper.domain;
  }

  get upperRows(): UpperRows {
    return this.upper.rows;
  }

  get bounds(): Box {
    return this.lower;
  }

  get rows(): LowerLevelData {
    return this.lower;
  }

  get lowerContainsX(): boolean {
    return someNonzero(this.lower.P) || someNonzero(this.lower.B);
  }

  get upperContainsY(): boolean {
    const { Qyy, cy, Qxy } = this.upper;
    return [Qyy, cy, Qxy].some(someNonzero);
  }

  get q(): Float64Array {
    return this.lower.q;
  }

  upperValue(x: Float64Array, y: Float64Array): number {
    const { d, n } = this;
    const { Qxx, cx, Qyy, cy, Qxy, constant } = this.upper;
    let value = constant;
    for (let i = 0; i < d; i++) value += x[i] * (0.5 * dot(d, Qxx, i * d, x, 0) + cx[i] + dot(n, Qxy, i * n, y, 0));
    for (let j = 0; j < n; j++) value += y[j] * (0.5 * dot(n, Qyy, j * n, y, 0) + cy[j]);
    return value;
  }

  /** Q_xx x + c_x + Q_xy y */
  upperGradientX(x: Float64Array, y: Float64Array, result: Float64Array): void {
    const { d, n } = this;
    const { Qxx, cx, Qxy } = this.upper;
    for (let i = 0; i < d; i++) result[i] = dot(d, Qxx, i * d, x, 0) + cx[i] + dot(n, Qxy, i * n, y, 0);
  }

  /** Q_yy y + c_y + Q_xyᵀx */
  upperGradientY(x: Float64Array, y: Float64Array, result: Float64Array): void {
    const { d, n } = this;
    const { Qyy, cy, Qxy } = this.upper;
    multiply(n, n, Qyy, y, result);
    for (let j = 0; j < n; j++) result[j] += cy[j];
    addTransposed(d, n, Qxy, x, result);
  }

  /** Each matrix is read once, and only the diagonals of those that have nothing else. */
  upperWithGradients(x: Float64Array, y: Float64Array, inX: Float64Array, inY: Float64Array): number {
    const { d, n } = this;
    const { Qxx, cx, Qyy, cy, Qxy, constant } = this.upper;
    const { xx, yy } = this.#isDiagonal;
    let value = constant;
    for (let i = 0; i < d; i++) {
      const curved = xx ? Qxx[i * (d + 1)] * x[i] : dot(d, Qxx, i * d, x, 0);
      const linear = cx[i] + dot(n, Qxy, i * n, y, 0);
      value += x[i] * (0.5 * curved + linear);
      inX[i] = curved + linear;
    }
    for (let j = 0; j < n; j++) {
      const curved = yy ? Qyy[j * (n + 1)] * y[j] : dot(n, Qyy, j * n, y, 0);
      value += y[j] * (0.5 * curved + cy[j]);
      inY[j] = curved + cy[j];
    }
    addTransposed(d, n, Qxy, x, inY);
    return value;
  }

  upperHessianY(_x: Float64Array, _y: Float64Array, result: Float64Array): void {
    result.set(this.upper.Qyy);
  }

  /** `result` [n] ← c + q + Pᵀx, the linear term of the lower level. */
  linearTerm(x: Float64Array, result: Float64Array, q: Float64Array = this.lower.q): void {
    const { d, n } = this;
    const { c, P } = this.lower;
    result.fill(0);
    addTransposed(d, n, P, x, result);
    for (let j = 0; j < n; j++) result[j] += c[j] + q[j];
  }

  lowerValue(x: Float64Array, y: Float64Array, q: Float64Array = this.lower.q): number {
    const { d, n } = this;
    const { Q, c, P, inX } = this.lower;
    let value = inX?.constant ?? 0;
    for (let j = 0; j < n; j++) value += y[j] * (0.5 * dot(n, Q, j * n, y, 0) + c[j] + q[j]);
    for (let i = 0; i < d; i++) {
      value += x[i] * dot(n, P, i * n, y, 0);
      if (inX) value += x[i] * (0.5 * dot(d, inX.Q, i * d, x, 0) + inX.c[i]);
    }
    return value;
  }

  /** P y (+ the gradient of the terms in x alone) */
  lowerGradientX(x: Float64Array, y: Float64Array, result: Float64Array): void {
    const { d, n } = this;
    const { P, inX } = this.lower;
    multiply(d, n, P, y, result);
    if (inX) for (let i = 0; i < d; i++) result[i] += dot(d, inX.Q, i * d, x, 0) + inX.c[i];
  }

  /** Qy + c + q + Pᵀx */
  lowerGradientY(x: Float64Array, y: Float64Array, result: Float64Array, q?: Float64Array): void {
    const { n, lower } = this;
    this.linearTerm(x, result, q);
    for (let j = 0; j < n; j++) result[j] += dot(n, lower.Q, j * n, y, 0);
  }

  lowerHessianProduct(_x: Float64Array, _y: Float64Array, v: Float64Array, result: Float64Array): void {
    multiply(this.n, this.n, this.lower.Q, v, result);
  }

  lowerHessian(_x: Float64Array, _y: Float64Array, result: Float64Array): void {
    result.set(this.lower.Q);
  }

  /** P u: ∂(∇_y g)/∂x = Pᵀ. */
  lowerCrossProduct(_x: Float64Array, _y: Float64Array, u: Float64Array, result: Float64Array): void {
    multiply(this.d, this.n, this.lower.P, u, result);
  }

  /** The extreme eigenvalues of Q; computed once. */
  lowerCurvature(): { least: number; most: number } {
    if (this.#curvature) return this.#curvature;
    const values = symmetricEigenvalues(this.n, this.lower.Q.slice());
    return (this.#curvature = { least: Math.min(...values), most: Math.max(...values) });
  }
}

function isDiagonal(size: number, M: Float64Array): boolean {
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) if (i !== j && M[i * size + j] !== 0) return false;
  return true;
}

const someNonzero = (values: Float64Array): boolean => values.some((value) => value !== 0);

/** A problem of d and n variables from the parts that it has; what is left out is zero or absent. Arrays are not copied. */
export function bilevelProblem(
  d: number,
  n: number,
  upper: Partial<UpperLevel>,
  lower: Partial<LowerLevelData> & Pick<LowerLevelData, 'Q'>,
): QuadraticBilevel {
  const zeros = (length: number) => new Float64Array(length);
  const unbounded = (length: number) => ({
    lower: zeros(length).fill(-Infinity),
    upper: zeros(length).fill(Infinity),
  });
  const b = lower.b ?? zeros(0);
  const m = b.length;
  return new QuadraticBilevel(
    d,
    n,
    {
      ...{ Qxx: zeros(d * d), cx: zeros(d), Qyy: zeros(n * n), cy: zeros(n), Qxy: zeros(d * n), constant: 0 },
      ...{ domain: unbounded(d), rows: { C: zeros(0), D: zeros(0), e: zeros(0) }, ...upper },
    },
    {
      ...{ c: zeros(n), q: zeros(n), P: zeros(d * n), A: zeros(m * n), B: zeros(m * d), b, inX: null },
      ...{ ...unbounded(n), ...lower },
    },
  );
}

/** @throws AdjointError `bad-request` naming every part that has the wrong length, NaN, an infinite number or no symmetry */
function check({ d, n, m, upper, lower }: QuadraticBilevel): void {
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
  const { C, D, e } = upper.rows;
  part('upper.rows.C', C, e.length * d);
  part('upper.rows.D', D, e.length * n);
  part('upper.rows.e', e, e.length);
  if (lower.inX) {
    symmetric('lower.inX.Q', lower.inX.Q, d);
    part('lower.inX.c', lower.inX.c, d);
  }
  if (findings.length > 0)
    throw new AdjointError('bad-request', 'The bilevel problem is not well formed.', {
      findings: findings.slice(0, 20),
      fix: `With x of ${d} and y of ${n}: Q_xx is ${d} × ${d}, Q_yy and Q are ${n} × ${n}, Q_xy and P are ${d} × ${n}, A has ${n} and B ${d} columns. Only bounds may be infinite.`,
    });
}

/** The lower level at x as a convex problem: rows G = A with h = b − Bx. */
export function convexProblemAt(problem: QuadraticBilevel, x: Float64Array, q?: Float64Array): ConvexProblem {
  const { n, m, lower } = problem;
  const p = new Float64Array(n);
  const h = new Float64Array(m);
  problem.linearTerm(x, p, q);
  rowLimits(problem, x, h);
  return convexProblem(n, {
    Q: { kind: 'dense', values: lower.Q },
    ...{ p, h, G: lower.A, lower: lower.lower, upper: lower.upper },
  });
}
