import { dot } from './products';

/** Curvature pairs of L-BFGS, oldest first: s and v [count, n] from row `first` on, ρ_i from entry `first` on. */
export interface CurvaturePairs {
  first: number;
  count: number;
  s: Float64Array;
  v: Float64Array;
  rho: Float64Array;
  /** H₀ = γI */
  gamma: number;
}

/** Both loops with what they pass through: q and r [count + 1, n], α and β [count]. */
export interface TwoLoops {
  q: Float64Array;
  r: Float64Array;
  alpha: Float64Array;
  beta: Float64Array;
}

/** The two loops of L-BFGS (Nocedal & Wright, *Numerical Optimization*, Algorithm 7.4) and their derivative. Arrays as for the other kernels. */
export interface LbfgsKernels {
  /**
   * H q for the approximate inverse Hessian H of one pair or more. Going down, α_i = ρ_i s_iᵀq[i + 1] and q[i] = q[i + 1] − α_i v_i; from
   * r[0] = γq[0] going up, β_i = ρ_i v_iᵀr[i] and r[i + 1] = r[i] + (α_i − β_i)s_i. `q` begins in row `count`, the product ends in row `count` of r;
   * rows are `stride` apart: n keeps them all, 0 overwrites one row, and q and r may then be the same.
   */
  twoLoops(n: number, pairs: CurvaturePairs, loops: TwoLoops, stride: number): void;
  /**
   * Adds the derivatives of φ = uᵀHg for s_i and v_i to rows `first` … of ofS and ofV, from the loops of g and of u with all their rows. H is symmetric, so
   * that φ = uᵀ[i]H_i g[i] + Σ_{j ≥ i} α_j(u)α_j(g)/ρ_j at every i, hence with c_i = β_i(g)α_i(u) + β_i(u)α_i(g) − α_i(g)α_i(u)
   *
   *     ∂s_i = (α_i(u) − β_i(u)) q_g[i + 1] + (α_i(g) − β_i(g)) q_u[i + 1] + c_i v_i,   ∂v_i = −α_i(u) r_g[i] − α_i(g) r_u[i] + c_i s_i,
   *
   * and for the newest pair those through γ = sᵀv/`curvature`, where `curvature` is vᵀv + a constant; ρ_i = 1/(s_iᵀv_i + a constant).
   */
  addPairAdjoints(
    n: number,
    pairs: CurvaturePairs,
    curvature: number,
    ofG: TwoLoops,
    ofU: TwoLoops,
    ofS: Float64Array,
    ofV: Float64Array,
  ): void;
}

export const plainLbfgs: LbfgsKernels = {
  twoLoops(n, { first, count, s, v, rho, gamma }, { q, r, alpha, beta }, stride) {
    for (let i = count - 1; i >= 0; i--) {
      const [pair, from, to] = [(first + i) * n, (i + 1) * stride, i * stride];
      alpha[i] = rho[first + i] * dot(n, s, pair, q, from);
      for (let j = 0; j < n; j++) q[to + j] = q[from + j] - alpha[i] * v[pair + j];
    }
    for (let j = 0; j < n; j++) r[j] = gamma * q[j];
    for (let i = 0; i < count; i++) {
      const [pair, from, to] = [(first + i) * n, i * stride, (i + 1) * stride];
      beta[i] = rho[first + i] * dot(n, v, pair, r, from);
      for (let j = 0; j < n; j++) r[to + j] = r[from + j] + (alpha[i] - beta[i]) * s[pair + j];
    }
  },
  addPairAdjoints(n, { first, count, s, v, gamma }, curvature, ofG, ofU, ofS, ofV) {
    for (let i = 0; i < count; i++) {
      const [a, b] = [ofG.alpha[i], ofG.beta[i]];
      const [aU, bU] = [ofU.alpha[i], ofU.beta[i]];
      const ofProduct = b * aU + bU * a - a * aU;
      for (let j = 0; j < n; j++) {
        const [at, pair] = [i * n + j, (first + i) * n + j];
        ofS[pair] += (aU - bU) * ofG.q[at + n] + (a - b) * ofU.q[at + n] + ofProduct * v[pair];
        ofV[pair] += ofProduct * s[pair] - aU * ofG.r[at] - a * ofU.r[at];
      }
    }
    const ofGamma = dot(n, ofG.q, 0, ofU.q, 0) / curvature;
    for (let j = 0, pair = (first + count - 1) * n; j < n; j++, pair++) {
      ofS[pair] += ofGamma * v[pair];
      ofV[pair] += ofGamma * (s[pair] - 2 * gamma * v[pair]);
    }
  },
};
