import { z } from 'zod';
import { factorRowSpace, nullSpaceTransposed, transposedLeastSquares } from '../../numerics/linalg/rowSpace';
import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import type { LowerSolution } from '../lower/lowerLevel';
import { kktResidual } from '../lower/kktResidual';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { subtractThroughLower, type BilevelProblem } from '../problem';
import { needsPositiveDefinite, WorkCounter, type Estimator } from './estimator';

const settings = z.strictObject({
  kind: z.literal('aid'),
  solver: z.enum(['cg', 'neumann']).default('cg').describe('How the reduced adjoint system is solved.'),
  iterations: z.int().min(1).default(30).describe('Products with the reduced operator ZᵀHZ, at most.'),
  tolerance: z
    .number()
    .nonnegative()
    .default(1e-12)
    .describe('Ends where the residual, relative to that of the start, is below this.')
    .meta({ scale: 'log' }),
});

/**
 * Approximate implicit differentiation: ZᵀHZ z = Zᵀ∇_y f with H = ∇²_yy g, Z a basis of the null space of the active rows and u = Zz, by a few steps of
 * conjugate gradients or of the Neumann series z ← z + (Zᵀ∇_y f − ZᵀHZ z)/L; then Āᵀw = ∇_y f − Hu in the sense of least squares.
 */
export const aid: Estimator<'aid', typeof settings> = {
  kind: 'aid',
  title: 'Approximate implicit differentiation',
  summary:
    'Solves the lower level exactly and its adjoint system by a fixed number of conjugate-gradient or Neumann steps.',
  reference: 'Ghadimi & Wang 2018 (Neumann); Ji, Yang & Liang, Bilevel Optimization, ICML 2021 (conjugate gradients)',
  settings,
  refusal: needsPositiveDefinite,
  make(problem, { solver, iterations, tolerance }) {
    const { d, n, m } = problem;
    const level = makeLowerLevel(problem);
    const [gradient, scratch] = [new Float64Array(d), new Float64Array(d)];
    const cotangent = new Float64Array(n);
    const work = new WorkCounter();
    return {
      at(x, options) {
        work.begin();
        const solution = level.solve(x, options);
        work.lowerSolves++;
        const { y, weak } = solution;
        problem.upperGradientY(x, y, cotangent);
        problem.upperGradientX(x, y, gradient);
        const space = new ReducedSpace(problem, x, solution);
        work.bytes = level.bytes + 8 * (2 * d + n) + space.bytes;
        const rhs = space.reduce(cotangent);
        const apply = (z: Float64Array) => {
          work.products++;
          return space.reduce(space.curvature(space.expand(z)));
        };
        const z =
          solver === 'cg'
            ? conjugateGradients(apply, rhs, iterations, tolerance)
            : neumann(apply, rhs, 1 / problem.lowerCurvature(x).most, iterations, tolerance);
        const u = space.expand(z);
        subtractThroughLower(problem, x, y, { u, w: space.multiplierRates(cotangent, u) }, gradient, scratch);
        work.products += m > 0 ? 3 : 1;
        const F = problem.upperValue(x, y);
        work.end();
        return { F, gradient, y, weak, work, residual: () => kktResidual(problem, x, solution, options?.q) };
      },
      save: () => ({ arrays: { level: level.saveWarmStart() }, values: {} }),
      restore: ({ arrays }) => level.restoreWarmStart(arrays.level),
    };
  },
};

/** The null space of the held rows: free variables, and of these the null space of the held rows of A. */
class ReducedSpace {
  readonly #problem: BilevelProblem;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #free: number[];
  readonly #rows: number[];
  readonly #space: ReturnType<typeof factorRowSpace>;
  /** Zᵀ [free − rows, free], or null for the identity. */
  readonly #basis: Float64Array | null;

  constructor(problem: BilevelProblem, x: Float64Array, { y, held, side }: LowerSolution) {
    const { n, rows } = problem;
    this.#problem = problem;
    this.#x = x;
    this.#y = y;
    this.#free = [...side.keys()].filter((j) => side[j] === 0);
    this.#rows = [...held.keys()].filter((r) => held[r] === 1);
    const normals = Float64Array.from(this.#rows.flatMap((r) => this.#free.map((j) => rows.A[r * n + j])));
    this.#space = factorRowSpace(normals, this.#rows.length, this.#free.length);
    this.#basis = this.#rows.length > 0 ? nullSpaceTransposed(this.#space) : null;
  }

  /** The basis, the factored rows, and the vectors of the iteration. */
  get bytes(): number {
    const [free, rows] = [this.#free.length, this.#rows.length];
    return 8 * ((this.#basis?.length ?? 0) + rows * free + 6 * free);
  }

  /** Zᵀv */
  reduce(v: Float64Array): Float64Array {
    const gathered = Float64Array.from(this.#free, (j) => v[j]);
    if (!this.#basis) return gathered;
    const k = this.#free.length - this.#rows.length;
    const z = new Float64Array(k);
    multiply(k, this.#free.length, this.#basis, gathered, z);
    return z;
  }

  /** Zz */
  expand(z: Float64Array): Float64Array {
    const scattered = new Float64Array(this.#problem.n);
    let values = z;
    if (this.#basis) {
      values = new Float64Array(this.#free.length);
      addTransposed(z.length, this.#free.length, this.#basis, z, values);
    }
    this.#free.forEach((j, at) => (scattered[j] = values[at]));
    return scattered;
  }

  /** Hu */
  curvature(u: Float64Array): Float64Array {
    const result = new Float64Array(this.#problem.n);
    this.#problem.lowerHessianProduct(this.#x, this.#y, u, result);
    return result;
  }

  /** w [m] with Āᵀw = v − Hu on the free variables. */
  multiplierRates(v: Float64Array, u: Float64Array): Float64Array {
    const w = new Float64Array(this.#problem.m);
    if (this.#rows.length === 0) return w;
    const curved = this.curvature(u);
    const rest = Float64Array.from(this.#free, (j) => v[j] - curved[j]);
    const rates = new Float64Array(this.#rows.length);
    transposedLeastSquares(this.#space, rest, rates);
    this.#rows.forEach((r, at) => (w[r] = rates[at]));
    return w;
  }
}

type Operator = (z: Float64Array) => Float64Array;

/** Nocedal & Wright, Algorithm 5.2, from 0. */
function conjugateGradients(apply: Operator, rhs: Float64Array, iterations: number, tolerance: number): Float64Array {
  const k = rhs.length;
  const z = new Float64Array(k);
  const r = rhs.slice();
  const p = rhs.slice();
  let square = dot(k, r, 0, r, 0);
  const enough = tolerance ** 2 * square;
  for (let step = 0; step < iterations && square > enough; step++) {
    const Ap = apply(p);
    const alpha = square / dot(k, p, 0, Ap, 0);
    for (let i = 0; i < k; i++) {
      z[i] += alpha * p[i];
      r[i] -= alpha * Ap[i];
    }
    const next = dot(k, r, 0, r, 0);
    for (let i = 0; i < k; i++) p[i] = r[i] + (next / square) * p[i];
    square = next;
  }
  return z;
}

/** η Σ_{j ≤ iterations} (I − ηM)ʲ rhs, as the iteration z ← z + η(rhs − Mz). */
function neumann(apply: Operator, rhs: Float64Array, eta: number, iterations: number, tolerance: number): Float64Array {
  const z = rhs.map((value) => eta * value);
  const enough = tolerance ** 2 * dot(rhs.length, rhs, 0, rhs, 0);
  for (let step = 0; step < iterations; step++) {
    const Mz = apply(z);
    let square = 0;
    for (let i = 0; i < z.length; i++) {
      const r = rhs[i] - Mz[i];
      square += r * r;
      z[i] += eta * r;
    }
    if (square <= enough) break;
  }
  return z;
}
