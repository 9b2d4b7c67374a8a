import { dot } from '../numerics/linalg/products';
import {
  type BoxQp,
  type BoxQpData,
  type BoxQpSettings,
  type BoxQpStatus,
  makeBoxQp,
  solveBoxQp,
} from '../solvers/activeSet/boxQp';

/** Data whose derivative may be asked for. */
export type BoxQpDatum = 'p' | 'Q' | 'lower' | 'upper';

export interface BoxQpLayerSettings extends BoxQpSettings {
  /** A bound is weakly active, and the instance a kink, where |multiplier| (or the distance to the bound) is below this times ‖p‖∞. */
  kink: number;
}

/**
 * y*(p) = argmin ½yᵀQy + pᵀy over lower ≤ y ≤ upper as a differentiable function, exact on both ways: the active set is found by
 * pivoting, and the derivative is the implicit-function theorem on it. Q and the bounds are constant, and cost nothing unless their
 * derivatives are asked for. With F the free variables and 𝒜 the others, for a cotangent v = dℓ/dy:
 *
 *     u_F = Q_FF⁻¹v_F, u_𝒜 = 0;   dp = −u,   dQ = −½(uyᵀ + yuᵀ),   d(bound)_i = v_i − (Qu)_i for i ∈ 𝒜
 *
 * (Amos & Kolter, *OptNet*, ICML 2017, eq. 8, with the active rows eliminated.) Arrays of the layer are overwritten by its next call.
 */
export class BoxQpLayer {
  readonly solver: BoxQp;
  readonly #kink: number;
  /** The variables that are at a bound with a multiplier that vanishes, or free and at a bound. Derivatives count them as free. */
  readonly weaklyActive: number[] = [];
  readonly #u: Float64Array;
  readonly #residual: Float64Array;

  /** @throws AdjointError `bad-request`, as `makeBoxQp` */
  constructor(data: BoxQpData, { kink = 1e-10, ...settings }: Partial<BoxQpLayerSettings> = {}) {
    this.solver = makeBoxQp(data, settings);
    this.#kink = kink;
    this.#u = new Float64Array(data.n);
    this.#residual = new Float64Array(data.n);
  }

  /** y*(p), [n]; p is [n]. `warm` starts from the active set of the last call. */
  forward(p: ArrayLike<number>, warm = false): Float64Array {
    this.status = solveBoxQp(this.solver, p, warm);
    this.#findKinks();
    return this.solver.y;
  }

  status: BoxQpStatus = 'iteration limit';

  #findKinks(): void {
    const { data, side, gradient, y, scale, factor } = this.solver;
    this.weaklyActive.length = 0;
    const tolerance = this.#kink * scale;
    for (let i = 0; i < data.n; i++) {
      if (data.lower[i] === data.upper[i]) continue;
      const distance = side[i] === 0 ? Math.min(y[i] - data.lower[i], data.upper[i] - y[i]) : Math.abs(gradient[i]);
      if (distance > tolerance) continue;
      this.weaklyActive.push(i);
      // The element of the generalised derivative that is returned: the one with the weakly active bound inactive.
      if (side[i] !== 0) factor.add(i, 0);
    }
  }

  /**
   * u of the derivative at the point of the last `forward`, [n]: the gradient with respect to p is −u, and with q = Pᵀx in p that
   * with respect to x is −Pu. One step of iterative refinement.
   */
  adjoint(v: ArrayLike<number>): Float64Array {
    const { data, factor } = this.solver;
    const { n, Q } = data;
    const u = this.#u.fill(0);
    const residual = this.#residual;
    const { size, indices } = factor;
    for (let k = 0; k < size; k++) residual[k] = v[indices[k]];
    factor.solve(residual);
    for (let k = 0; k < size; k++) u[indices[k]] = residual[k];
    for (let k = 0; k < size; k++) residual[k] = v[indices[k]] - dot(n, Q, indices[k] * n, u, 0);
    factor.solve(residual);
    for (let k = 0; k < size; k++) u[indices[k]] += residual[k];
    return u;
  }

  /** The gradient of ℓ with respect to each datum of `wanted`, given v = dℓ/dy: [n], or [n, n] for Q (symmetric). */
  backward<Datum extends BoxQpDatum>(v: ArrayLike<number>, wanted: readonly Datum[]): Record<Datum, Float64Array> {
    const { data, y, factor, side, gradient } = this.solver;
    const { n, Q } = data;
    const u = this.adjoint(v);
    /** What moves with a bound: active variables move with the one that they are at. */
    const bound = (which: -1 | 1) =>
      Float64Array.from({ length: n }, (_, i) => {
        if (side[i] === 0 || factor.has(i)) return 0;
        const at = data.lower[i] === data.upper[i] ? (gradient[i] > 0 ? -1 : 1) : side[i];
        return at === which ? v[i] - dot(n, Q, i * n, u, 0) : 0;
      });
    const rules: Record<BoxQpDatum, () => Float64Array> = {
      p: () => u.map((value) => 0 - value),
      Q: () => {
        const gradientOfQ = new Float64Array(n * n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) gradientOfQ[i * n + j] = -0.5 * (u[i] * y[j] + y[i] * u[j]);
        return gradientOfQ;
      },
      lower: () => bound(-1),
      upper: () => bound(1),
    };
    return Object.fromEntries(wanted.map((datum) => [datum, rules[datum]()])) as Record<Datum, Float64Array>;
  }
}
