import { AdjointError } from '@shared/errors';
import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import { dot } from '../../numerics/linalg/products';
import { kernelsFor } from '../../numerics/simd64/dense';
import type { DifferentiableResidual, LowRankNormal } from './residualModel';

/** Rows Ay = x and yᵀH_iy + G_iᵀy ≤ h_i, the same for all instances. */
export interface QcqpRows {
  n: number;
  /** [e, n] */
  A: Float64Array;
  /** [m, n] */
  G: Float64Array;
  /** [m, n], the diagonals of H_i, or [m, n, n], symmetric. */
  H: Float64Array;
  /** [m] */
  h: Float64Array;
}

/** Sums of derivatives; a part that is absent costs nothing. Shapes are those of the data, `anchorWeight` is [1], `rowWeights` [e + m]. */
export interface QcqpGradient {
  anchor?: Float64Array;
  anchorWeight?: Float64Array;
  rowWeights?: Float64Array;
  x?: Float64Array;
  A?: Float64Array;
  H?: Float64Array;
  G?: Float64Array;
  h?: Float64Array;
}

/**
 * r(y) = [w(y − ŷ); s∘[Ay − x; relu(c(y))]], c_i(y) = yᵀH_iy + G_iᵀy − h_i, with weights s > 0 of the rows, 1 unless they are set. A row of c
 * with c_i ≤ 0 is off: it is 0 and so is its row of J, at c_i = 0 too. AᵀA is computed once; only the rows that are on change JᵀJ.
 */
export class QcqpResidual implements DifferentiableResidual<QcqpGradient>, LowRankNormal {
  readonly n: number;
  readonly e: number;
  readonly m: number;
  readonly rows: number;
  readonly kernels: DenseKernels;
  /** w; may be changed between solves. */
  anchorWeight: number;
  /** Rows i that are on at the last `linearise`: `active[k]`, k < activeCount, in order; their rows of J are `activeJacobian` [k, n]. */
  readonly active: Int32Array;
  activeCount = 0;
  readonly activeJacobian: Float64Array;
  readonly data: QcqpRows;
  /** s, [e + m] */
  readonly rowWeights: Float64Array;
  /** [e, n], the rows of J that do not change: diag(s)A; likewise the other data. */
  readonly A: Float64Array;
  readonly #G: Float64Array;
  readonly #H: Float64Array;
  readonly #h: Float64Array;
  readonly #diagonal: boolean;
  /** Lower triangle of AᵀA. */
  readonly constant: Float64Array;
  version = 0;
  /** A or activeJacobian transposed, [n, e or activeCount], and the product of the latter with itself, [n, n]. */
  readonly #columns: Float64Array;
  #product: Float64Array;
  /** H_iv of the row at hand; a row; numbers of the active rows. */
  readonly #curved: Float64Array;
  readonly #row: Float64Array;
  readonly #activeValues: Float64Array;
  #anchor: Float64Array = new Float64Array(0);
  #anchorAt = 0;
  #x: Float64Array = new Float64Array(0);
  #xAt = 0;

  /** @throws AdjointError `bad-request` for lengths that disagree */
  constructor(data: QcqpRows, anchorWeight: number, kernels: DenseKernels = kernelsFor(data.n)) {
    const { n, A, G, H, h } = data;
    const m = h.length;
    if (!Number.isInteger(A.length / n))
      throw new AdjointError('bad-request', `A has ${A.length} entries, which are no rows of ${n}.`, { where: 'A' });
    if (G.length !== m * n)
      throw new AdjointError('bad-request', `G has ${G.length} entries, but ${m} rows of ${n} were expected.`, {
        where: 'G',
      });
    if (H.length !== m * n && H.length !== m * n * n)
      throw new AdjointError(
        'bad-request',
        `H has ${H.length} entries, but ${m} rows of ${n} or ${n}² were expected.`,
        {
          where: 'H',
        },
      );
    this.data = data;
    this.kernels = kernels;
    this.n = n;
    this.e = A.length / n;
    this.m = m;
    this.rows = n + this.e + m;
    this.anchorWeight = anchorWeight;
    this.#diagonal = H.length === m * n;
    this.rowWeights = new Float64Array(this.e + m).fill(1);
    this.active = new Int32Array(m);
    const array = (length: number) => kernels.allocate(length);
    [this.A, this.#G, this.#H, this.#h] = [A, G, H, h].map(({ length }) => array(length));
    this.activeJacobian = array(m * n);
    this.#columns = array(Math.max(this.e, m) * n);
    this.#product = array(0);
    this.constant = array(n * n);
    [this.#curved, this.#row, this.#activeValues] = [array(n), array(n), array(m)];
    this.#applyWeights();
  }

  get shift(): number {
    return this.anchorWeight * this.anchorWeight;
  }

  get lowRank(): LowRankNormal {
    return this;
  }

  /** A row of weight s is the row of s times its data, since relu(sc) = s·relu(c). */
  #applyWeights(): void {
    const { n, e, m, data, rowWeights: s } = this;
    const scale = (from: Float64Array, to: Float64Array, rows: number, first: number) => {
      const width = from.length / rows;
      for (let i = 0; i < rows; i++)
        for (let at = i * width; at < (i + 1) * width; at++) to[at] = s[first + i] * from[at];
    };
    scale(data.A, this.A, e, 0);
    scale(data.G, this.#G, m, e);
    scale(data.H, this.#H, m, e);
    scale(data.h, this.#h, m, e);
    this.#transpose(this.A, e);
    this.kernels.multiplySymmetric(n, e, this.#columns, this.constant, 0, n);
    this.version++;
  }

  /** #columns [n, rows] ← the transpose of `matrix` [rows, n] */
  #transpose(matrix: Float64Array, rows: number): void {
    const { n } = this;
    for (let i = 0; i < rows; i++) for (let j = 0; j < n; j++) this.#columns[j * rows + i] = matrix[i * n + j];
  }

  /**
   * Weights s [e + m] of the rows of [Ay − x; relu(c)], between solves.
   *
   * @throws AdjointError `bad-request` for another number of them, or for one that is not positive
   */
  setRowWeights(weights: ArrayLike<number>): void {
    const { e, m, rowWeights } = this;
    if (weights.length !== e + m)
      throw new AdjointError('bad-request', `There are ${weights.length} weights for ${e + m} rows.`, {
        where: 'rowWeights',
      });
    let changed = false;
    for (let i = 0; i < e + m; i++) {
      if (!(weights[i] > 0) || weights[i] === Infinity)
        throw new AdjointError('bad-request', `The weight of row ${i} is ${weights[i]}.`, {
          where: 'rowWeights',
          fix: 'Weights of rows are positive: a row of weight 0 is no row.',
        });
      changed ||= weights[i] !== rowWeights[i];
      rowWeights[i] = weights[i];
    }
    if (changed) this.#applyWeights();
  }

  /** Chooses the instance: ŷ = anchor[anchorAt …], x = x[xAt …]; both are only read, and not copied. */
  setInstance(anchor: Float64Array, anchorAt: number, x: Float64Array, xAt: number): void {
    this.#anchor = anchor;
    this.#anchorAt = anchorAt;
    this.#x = x;
    this.#xAt = xAt;
  }

  /** #curved ← s_i H_iv */
  #curve(i: number, v: Float64Array): void {
    const { n } = this;
    if (this.#diagonal) for (let j = 0; j < n; j++) this.#curved[j] = this.#H[i * n + j] * v[j];
    else for (let j = 0; j < n; j++) this.#curved[j] = dot(n, this.#H, (i * n + j) * n, v, 0);
  }

  residual(y: Float64Array, r: Float64Array): void {
    const { n, e, m, anchorWeight, kernels } = this;
    for (let j = 0; j < n; j++) r[j] = anchorWeight * (y[j] - this.#anchor[this.#anchorAt + j]);
    kernels.multiply(e, n, this.A, y, 0, r, n);
    for (let i = 0; i < e; i++) r[n + i] -= this.rowWeights[i] * this.#x[this.#xAt + i];
    if (this.#diagonal) kernels.quadraticRows(m, n, this.#H, this.#G, this.#h, y, r, n + e);
    else
      for (let i = 0; i < m; i++) {
        this.#curve(i, y);
        r[n + e + i] = dot(n, this.#curved, 0, y, 0) + dot(n, this.#G, i * n, y, 0) - this.#h[i];
      }
    // Not Math.max: NaN must stay NaN.
    for (let i = n + e; i < n + e + m; i++) if (r[i] <= 0) r[i] = 0;
  }

  linearise(y: Float64Array, r: Float64Array): void {
    const { n, e, m } = this;
    let count = 0;
    for (let i = 0; i < m; i++) {
      if (!(r[n + e + i] > 0)) continue;
      this.#putRow(count, i, y);
      this.active[count++] = i;
    }
    this.activeCount = count;
  }

  /** Linearises with the given rows on, whatever the sign of c_i. */
  lineariseRows(y: Float64Array, rows: ArrayLike<number>): void {
    for (let k = 0; k < rows.length; k++) {
      this.#putRow(k, rows[k], y);
      this.active[k] = rows[k];
    }
    this.activeCount = rows.length;
  }

  /** activeJacobian[k] ← s_i(2H_iy + G_i) */
  #putRow(k: number, i: number, y: Float64Array): void {
    const { n, kernels } = this;
    if (this.#diagonal) kernels.curvedRow(n, 2, this.#H, i * n, y, this.#G, i * n, this.activeJacobian, k * n);
    else {
      this.#curve(i, y);
      for (let j = 0; j < n; j++) this.activeJacobian[k * n + j] = 2 * this.#curved[j] + this.#G[i * n + j];
    }
  }

  multiply(v: Float64Array, out: Float64Array): void {
    const { n, e, rows, kernels, activeCount: count } = this;
    for (let j = 0; j < n; j++) out[j] = this.anchorWeight * v[j];
    kernels.multiply(e, n, this.A, v, 0, out, n);
    for (let i = n + e; i < rows; i++) out[i] = 0;
    kernels.multiply(count, n, this.activeJacobian, v, 0, this.#activeValues, 0);
    for (let k = 0; k < count; k++) out[n + e + this.active[k]] = this.#activeValues[k];
  }

  multiplyTransposed(u: Float64Array, out: Float64Array): void {
    const { n } = this;
    for (let j = 0; j < n; j++) out[j] = this.anchorWeight * u[j];
    this.#addConstraintsTransposed(u, out);
  }

  /** out [n] ← out + [A; active rows]ᵀu, without the anchor's part of u [rows] */
  #addConstraintsTransposed(u: Float64Array, out: Float64Array): void {
    const { n, e, kernels, activeCount: count } = this;
    kernels.addTransposed(e, n, this.A, u, n, out);
    for (let k = 0; k < count; k++) this.#activeValues[k] = u[n + e + this.active[k]];
    kernels.addTransposed(count, n, this.activeJacobian, this.#activeValues, 0, out);
  }

  normalMatrix(out: Float64Array): void {
    const { n, activeCount: count, kernels, shift } = this;
    if (this.#product.length === 0) this.#product = kernels.allocate(n * n);
    this.#transpose(this.activeJacobian, count);
    kernels.multiplySymmetric(n, count, this.#columns, this.#product, 0, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) out[i * n + j] = this.#product[i * n + j] + this.constant[i * n + j];
      out[i * (n + 1)] += shift;
    }
  }

  addCurvature(weight: Float64Array, out: Float64Array): void {
    const { n, e } = this;
    const H = this.#H;
    for (let k = 0; k < this.activeCount; k++) {
      const i = this.active[k];
      const factor = 2 * weight[n + e + i];
      if (this.#diagonal) for (let j = 0; j < n; j++) out[j * (n + 1)] += factor * H[i * n + j];
      else for (let j = 0; j < n; j++) addScaled(j + 1, factor, H, (i * n + j) * n, out, j * n);
    }
  }

  pullResidual(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: QcqpGradient): void {
    const { n, e, anchorWeight, rowWeights: s } = this;
    const { anchor, x, A, G, H, h } = into;
    for (let j = 0; j < n; j++) cotangent[j] += anchorWeight * weight[j];
    this.#addConstraintsTransposed(weight, cotangent);
    if (anchor) for (let j = 0; j < n; j++) anchor[j] -= anchorWeight * weight[j];
    if (into.anchorWeight)
      for (let j = 0; j < n; j++) into.anchorWeight[0] += weight[j] * (y[j] - this.#anchor[this.#anchorAt + j]);
    if (into.rowWeights) this.#pullRowWeights(y, weight, into.rowWeights);
    if (x) for (let i = 0; i < e; i++) x[i] -= s[i] * weight[n + i];
    if (A) for (let i = 0; i < e; i++) addScaled(n, s[i] * weight[n + i], y, 0, A, i * n);
    for (let k = 0; k < this.activeCount; k++) {
      const i = this.active[k];
      const factor = s[e + i] * weight[n + e + i];
      if (h) h[i] -= factor;
      if (G) addScaled(n, factor, y, 0, G, i * n);
      if (H) this.#addOuter(H, i, 0.5 * factor, y, y);
    }
  }

  /** Adds the derivative of weightᵀr for s: r_i/s_i. */
  #pullRowWeights(y: Float64Array, weight: Float64Array, sums: Float64Array): void {
    const { n, e, A, rowWeights: s } = this;
    for (let i = 0; i < e; i++) sums[i] += weight[n + i] * (dot(n, A, i * n, y, 0) / s[i] - this.#x[this.#xAt + i]);
    for (let k = 0; k < this.activeCount; k++) {
      const i = this.active[k];
      this.#curve(i, y);
      const value = dot(n, this.#curved, 0, y, 0) + dot(n, this.#G, i * n, y, 0) - this.#h[i];
      sums[e + i] += (weight[n + e + i] * value) / s[e + i];
    }
  }

  pullJacobian(
    y: Float64Array,
    weight: Float64Array,
    a: Float64Array,
    cotangent: Float64Array,
    into: QcqpGradient,
  ): void {
    const { n, e, rowWeights: s } = this;
    const { A, G, H, rowWeights } = into;
    if (into.anchorWeight) into.anchorWeight[0] += dot(n, weight, 0, a, 0);
    if (A) for (let i = 0; i < e; i++) addScaled(n, s[i] * weight[n + i], a, 0, A, i * n);
    if (rowWeights) for (let i = 0; i < e; i++) rowWeights[i] += (weight[n + i] * dot(n, this.A, i * n, a, 0)) / s[i];
    for (let k = 0; k < this.activeCount; k++) {
      const i = this.active[k];
      this.#addCurved(i, 2 * weight[n + e + i], a, cotangent);
      if (rowWeights) rowWeights[e + i] += (weight[n + e + i] * dot(n, this.activeJacobian, k * n, a, 0)) / s[e + i];
      const factor = s[e + i] * weight[n + e + i];
      if (G) addScaled(n, factor, a, 0, G, i * n);
      if (H) this.#addOuter(H, i, factor, y, a);
    }
  }

  pullDiagonal(y: Float64Array, weight: Float64Array, cotangent: Float64Array, into: QcqpGradient): void {
    const { n, e, rowWeights: s } = this;
    const { A, G, H, rowWeights } = into;
    if (into.anchorWeight) for (let j = 0; j < n; j++) into.anchorWeight[0] += 2 * this.anchorWeight * weight[j];
    if (A)
      for (let i = 0; i < e; i++) for (let j = 0; j < n; j++) A[i * n + j] += 2 * s[i] * weight[j] * this.A[i * n + j];
    if (rowWeights)
      for (let i = 0; i < e; i++)
        for (let j = 0; j < n; j++) rowWeights[i] += (2 * weight[j] * this.A[i * n + j] ** 2) / s[i];
    for (let k = 0; k < this.activeCount; k++) {
      const i = this.active[k];
      // (JᵀJ)_jj ∋ J_kj²: a row of weights 2 weight_j J_kj on J_k.
      const row = this.#row;
      for (let j = 0; j < n; j++) row[j] = 2 * weight[j] * this.activeJacobian[k * n + j];
      this.#addCurved(i, 2, row, cotangent);
      if (rowWeights) rowWeights[e + i] += dot(n, row, 0, this.activeJacobian, k * n) / s[e + i];
      if (G) addScaled(n, s[e + i], row, 0, G, i * n);
      if (H) this.#addOuter(H, i, s[e + i], y, row);
    }
  }

  /** out [n] ← out + factor s_i H_iv */
  #addCurved(i: number, factor: number, v: Float64Array, out: Float64Array): void {
    const { n, kernels } = this;
    if (this.#diagonal) return kernels.curvedRow(n, factor, this.#H, i * n, v, out, 0, out, 0);
    this.#curve(i, v);
    addScaled(n, factor, this.#curved, 0, out, 0);
  }

  /** H_i ← H_i + factor(uvᵀ + vuᵀ), of a diagonal 2 factor u∘v */
  #addOuter(H: Float64Array, i: number, factor: number, u: Float64Array, v: Float64Array): void {
    const { n } = this;
    if (this.#diagonal) for (let j = 0; j < n; j++) H[i * n + j] += 2 * factor * u[j] * v[j];
    else
      for (let j = 0; j < n; j++) {
        addScaled(n, factor * u[j], v, 0, H, (i * n + j) * n);
        addScaled(n, factor * v[j], u, 0, H, (i * n + j) * n);
      }
  }
}

/** y[yAt …] ← y + factor·x[xAt …] */
function addScaled(length: number, factor: number, x: Float64Array, xAt: number, y: Float64Array, yAt: number): void {
  if (factor === 0) return;
  for (let i = 0; i < length; i++) y[yAt + i] += factor * x[xAt + i];
}
