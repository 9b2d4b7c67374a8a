import { DiagonalKkt } from '../../../layers/convex/diagonalKkt';
import { rowSpaceOfA } from '../../../modelling/families/family';
import type { DenseKernels } from '../../../numerics/linalg/denseKernels';
import { rangeRows } from '../../../numerics/linalg/rowSpace';
import { kernelsFor } from '../../../numerics/simd64/dense';
import type { Qcqp } from '../../problem';
import type { LiftedSet } from './liftedSet';
import type { Linearisation } from './linearisation';

/**
 * The derivative of a splitting's fixed point where all matrices are diagonal. In ω(D + P(I − 2D))u = P[d_y∘v; 0] every copy of y that no row holds moves
 * as y does, and one that a row holds adds 2λ_i diag(η_i)/(2σ) and the condition r_iᵀu = 0, r_i = 2η_i∘w_i + g_i: with dŷ = 2σω d_y∘(Du)_y what is left is
 *
 *     [I + Σλ_i diag(η_i)/σ, Nᵀ; N 0] [dŷ; ·] = [v; 0],
 *
 * N the rows of A, the affine rows and bounds that hold, and the r_i. It is the KKT system of the projection, whose multipliers are λ_i/2σ.
 */
export class FixedPointGradient {
  readonly #n: number;
  readonly #e: number;
  readonly #most: number;
  readonly #set: LiftedSet;
  readonly #G: Float64Array;
  readonly #kernels: DenseKernels;
  readonly #kkt: DiagonalKkt;
  readonly #D: Float64Array;

  constructor({ n, e, A, G }: Qcqp, set: LiftedSet) {
    this.#n = n;
    this.#e = e;
    this.#most = n - e;
    this.#set = set;
    this.#G = G;
    this.#kernels = kernelsFor(n);
    this.#kkt = new DiagonalKkt(n, rangeRows(rowSpaceOfA(A, e, n)), this.#most, this.#kernels);
    this.#D = this.#kernels.allocate(n);
  }

  /** dŷ [n] for v [n], or null where more rows hold than can, or some depend on others. */
  solve({ free, active }: Linearisation, sigma: number, v: Float64Array): Float64Array | null {
    const { affine, rows } = this.#set;
    const [n, kkt, D] = [this.#n, this.#kkt, this.#D];
    let held = active.length;
    for (const value of free) held += 1 - value;
    if (held > this.#most) return null;
    let count = this.#e;
    D.fill(1);
    for (const { row, lambda, w } of active) {
      const { eta, g } = rows[row];
      const at = count++ * n;
      for (let j = 0; j < n; j++) {
        D[j] += (lambda * eta[j]) / sigma;
        kkt.rows[at + j] = 2 * eta[j] * w[j] + g[j];
      }
    }
    free.forEach((value, j) => {
      if (value) return;
      const at = count++ * n;
      if (j < n) kkt.rows.fill(0, at, at + n)[at + j] = 1;
      else kkt.rows.set(this.#G.subarray(affine[j - n] * n, (affine[j - n] + 1) * n), at);
    });
    if (!kkt.factor(D, count)) return null;
    kkt.solve(v, 0, null);
    return kkt.u;
  }
}
