import type { DenseKernels } from '../../numerics/linalg/denseKernels';
import { NormalFactor, type ConstantRoot, type SolveWork } from './normalFactor';
import type { ResidualModel } from './residualModel';

/** Roots of the constant part that are kept at a time: one for each damping. */
const mostRoots = 24;
/** Bound on the condition of the constant part, beyond which a system with few changing rows loses digits that a dense factor keeps. */
const mostCondition = 1e7;

/**
 * Systems with JᵀJ + λD at the point that a model is linearised at. Where only a few rows of J depend on y, the constant part is factored once
 * for every λ, whatever the number of instances and iterations; otherwise, and where D is not I, JᵀJ is formed and factored.
 */
export class NormalSolver {
  readonly factor: NormalFactor;
  /** Lower triangle of JᵀJ and its diagonal, where they have been needed. */
  readonly normal: Float64Array;
  readonly diagonal: Float64Array;
  readonly work: SolveWork;
  readonly #model: ResidualModel;
  readonly #kernels: DenseKernels;
  #formed = false;
  readonly #roots = new Map<number, ConstantRoot | null>();
  readonly #spare: Float64Array[] = [];
  #version = -1;
  #shift = NaN;
  #scratch: Float64Array;

  constructor(model: ResidualModel) {
    const { n, kernels } = model;
    this.#model = model;
    this.#kernels = kernels;
    this.factor = new NormalFactor(n, kernels);
    this.#scratch = kernels.allocate(0);
    this.normal = kernels.allocate(n * n);
    this.diagonal = kernels.allocate(n);
    this.work = { s: kernels.allocate(n), t: kernels.allocate(n) };
  }

  /** To be called before the solves of a batch, when factors of earlier ones are no longer needed. */
  begin(): void {
    if (this.#roots.size > mostRoots / 2) this.#forget();
  }

  /** The model has been linearised anew. */
  invalidate(): void {
    this.#formed = false;
  }

  /** JᵀJ and its diagonal. */
  form(): void {
    if (this.#formed) return;
    const { n } = this.#model;
    this.#model.normalMatrix(this.normal);
    for (let j = 0; j < n; j++) this.diagonal[j] = this.normal[j * (n + 1)];
    this.#formed = true;
  }

  /** Factors JᵀJ + λD, D = I or diag(JᵀJ). @returns whether it is positive definite beyond rounding */
  factorDamped(damping: number, ellipsoidal: boolean): boolean {
    const { n, lowRank } = this.#model;
    const { factor } = this;
    if (lowRank && !ellipsoidal && 2 * lowRank.activeCount <= n) {
      const root = this.#root(damping);
      if (root) return factor.factorRows(root, lowRank.activeJacobian, lowRank.activeCount);
    }
    this.form();
    this.#beginDense();
    for (let j = 0; j < n; j++) factor.dense[j * (n + 1)] += damping * (ellipsoidal ? this.diagonal[j] : 1);
    return this.#factorDense();
  }

  /** Factors the Hessian JᵀJ + Σr_i∇²r_i. */
  factorHessian(residual: Float64Array): boolean {
    this.form();
    this.#beginDense();
    this.#model.addCurvature(residual, this.factor.dense);
    return this.#factorDense();
  }

  #beginDense(): void {
    const { factor } = this;
    factor.reserveDense();
    factor.root = null;
    factor.count = 0;
    factor.dense.set(this.normal);
  }

  /** Pivots below nε of their entry are rounding. */
  #factorDense(): boolean {
    const { n } = this.#model;
    return this.#kernels.cholesky(n, 0, this.factor.dense, n, n * Number.EPSILON) < 0;
  }

  /** x ← M⁻¹x for the matrix factored last. */
  solve(x: Float64Array): void {
    this.factor.solve(x, this.work);
  }

  #forget(): void {
    for (const root of this.#roots.values()) if (root) this.#spare.push(root.inverse);
    this.#roots.clear();
  }

  /** The root for this damping; null where there are too many already, or the constant part alone is too badly conditioned. */
  #root(damping: number): ConstantRoot | null {
    const { shift, version } = this.#model.lowRank!;
    if (version !== this.#version || shift !== this.#shift) {
      this.#forget();
      [this.#version, this.#shift] = [version, shift];
    }
    const known = this.#roots.get(damping);
    if (known !== undefined) return known;
    if (this.#roots.size >= mostRoots) return null;
    const root = this.#makeRoot(damping);
    this.#roots.set(damping, root);
    return root;
  }

  #makeRoot(damping: number): ConstantRoot | null {
    const { n, lowRank } = this.#model;
    const { constant, shift } = lowRank!;
    const added = shift + damping;
    let trace = 0;
    for (let j = 0; j < n; j++) trace += constant[j * (n + 1)];
    if (!(trace <= mostCondition * added)) return null;
    if (this.#scratch.length === 0) this.#scratch = this.#kernels.allocate(n * n);
    const l = this.#scratch;
    l.set(constant);
    for (let j = 0; j < n; j++) l[j * (n + 1)] += added;
    if (this.#kernels.cholesky(n, 0, l, n, 0) >= 0) return null;
    const inverse = this.#spare.pop() ?? this.#kernels.allocate(n * n);
    this.#invert(l, inverse);
    return { inverse };
  }

  /** Row i of L⁻¹ is (e_i − Σ_{j<i} L_ij row j)/L_ii. */
  #invert(l: Float64Array, inverse: Float64Array): void {
    const { n } = this.#model;
    const { s: row } = this.work;
    inverse.fill(0);
    for (let i = 0; i < n; i++) {
      row.fill(0);
      this.#kernels.addTransposed(i, n, inverse, l, i * n, row);
      const pivot = l[i * (n + 1)];
      for (let j = 0; j < i; j++) inverse[i * n + j] = -row[j] / pivot;
      inverse[i * (n + 1)] = 1 / pivot;
    }
  }
}
