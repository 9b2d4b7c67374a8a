import { AdjointError } from '@shared/errors';
import { isUsable, type LeastSquares } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual, type QcqpGradient, type QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { AnchoredPhase, type Iterate } from './anchoredPhase';
import { makeAdjointWork } from './iterationAdjoint';
import { RestorationPhase } from './restorationPhase';
import { diagnose, type Outcome } from './diagnosis';
import { makeInnerTrace, noteIterate, violationOf, type InnerTrace } from './innerTrace';
import { checkLayerSettings, defaultLeastSquaresLayerSettings, type LeastSquaresLayerSettings } from './settings';

/** Instances side by side: anchor and initial [size, n], x [size, e]; without `initial` the solves begin at the anchor. */
export interface LeastSquaresBatch {
  size: number;
  anchor: Float64Array;
  x: Float64Array;
  initial?: Float64Array;
  /** Where they are learnt: w, s [e + m] and λ of the first iteration. Otherwise those of the layer, 1, and those of the settings. */
  anchorWeight?: number;
  rowWeights?: ArrayLike<number>;
  damping?: number;
}

export interface LeastSquaresResult extends Outcome {
  /** [size, n] */
  y: Float64Array;
  /** ½‖r‖² of the anchored phase, [size] */
  objective: Float64Array;
  /** max(|Ay − x|, relu(c)) of every instance, [size] */
  violation: Float64Array;
  /** Instances without a y to go on with, or which project did not bring to its tolerance. */
  reported: number[];
  /** If the settings ask for it. */
  trace: InnerTrace | null;
}

/** Data of which derivatives may be asked; `initial` is that of the start, at a constant anchor. */
export const leastSquaresData = [
  ...(['anchor', 'x', 'initial', 'anchorWeight', 'rowWeights', 'damping'] as const),
  ...(['A', 'H', 'G', 'h'] as const),
] as const;
export type LeastSquaresDatum = (typeof leastSquaresData)[number];

export interface LeastSquaresGradients {
  /** Shapes of the data; per row anchor, x and initial, over the batch summed the rest; `anchorWeight` and `damping` are [1]. */
  gradients: Partial<Record<LeastSquaresDatum, Float64Array>>;
  /** Instances that contribute nothing, since their solve or the matrix of their derivative failed. */
  dropped: number[];
  /** Of DLM: the share of the perturbation that is due to y not having converged, largest over the batch. */
  unconverged: number;
}

/** What `backward` needs of the last `forward`, besides checkpoints. */
interface Solved extends LeastSquaresBatch {
  initial: Float64Array;
  batch: LeastSquaresBatch;
  result: LeastSquaresResult;
  /** Where the differentiated step (implicit), the perturbation (dlm) or the restoration (project) begins, [size, n]. */
  base: Float64Array;
}

/**
 * y(ŷ, x) ≈ argmin ½‖r‖², r = [w(y − ŷ); Ay − x; relu(c(y))], as a differentiable function of its data (Pineda et al., *Theseus*, NeurIPS
 * 2022). With w > 0 the result is not feasible; the mode *project* adds least-norm steps until it is. A batch is solved instance by
 * instance; one that fails is reported and does not touch the others.
 */
export class LeastSquaresLayer {
  readonly settings: LeastSquaresLayerSettings;
  readonly model: QcqpResidual;
  readonly #anchored: AnchoredPhase<QcqpGradient, QcqpResidual>;
  readonly #restoration: RestorationPhase;
  readonly #work;
  readonly #cotangent: Float64Array;
  readonly #anchorWeight: number;
  readonly #damping: number;
  readonly #ones: Float64Array;
  #solved: Solved | null = null;
  /** The batches of results that may still be differentiated. */
  readonly #batches = new WeakMap<LeastSquaresResult, LeastSquaresBatch>();

  /** @throws AdjointError `bad-request`, as `checkLayerSettings`, `checkSettings` and `QcqpResidual` */
  constructor(rows: QcqpRows, anchorWeight: number, settings: Partial<LeastSquaresLayerSettings> = {}) {
    this.settings = { ...defaultLeastSquaresLayerSettings, ...settings };
    checkLayerSettings(this.settings);
    const { mode, backward, solver } = this.settings;
    this.model = new QcqpResidual(rows, anchorWeight);
    this.#anchorWeight = anchorWeight;
    this.#ones = this.model.rowWeights.slice();
    this.#work = makeAdjointWork(this.model);
    this.#cotangent = this.model.kernels.allocate(this.model.n);
    this.#anchored = new AnchoredPhase<QcqpGradient, QcqpResidual>(
      this.model,
      { solver, backward, lastStep: mode === 'anchored' },
      this.#work,
    );
    this.#damping = this.solver.startDamping;
    this.#restoration = new RestorationPhase(this.model, this.settings.restoration, this.#work);
  }

  get solver(): LeastSquares<QcqpResidual> {
    return this.#anchored.solver;
  }

  /**
   * The arrays of the batch are kept, not copied, and must stay as they are until `backward`.
   *
   * @throws AdjointError `bad-request` for lengths that disagree; `diverged` for a failing instance if the settings say so
   */
  forward(batch: LeastSquaresBatch): LeastSquaresResult {
    const { model } = this;
    const { mode, restoration } = this.settings;
    const { n, e } = model;
    const { size, anchor, x, initial = anchor } = batch;
    this.#check({ anchor, initial }, size * n);
    this.#check({ x }, size * e);
    const result: LeastSquaresResult = {
      ...{ y: new Float64Array(size * n), objective: new Float64Array(size), violation: new Float64Array(size) },
      ...{ iterations: new Int32Array(size), status: [], restorationIterations: new Int32Array(size) },
      ...{ restorationStatus: [], reported: [] },
      trace: this.settings.trace
        ? makeInnerTrace(size, this.settings.solver.maxIterations, mode === 'project' ? restoration.maxIterations : 0)
        : null,
    };
    const solved: Solved = { size, anchor, x, initial, batch, result, base: new Float64Array(size * n) };
    this.#solved = solved;
    this.#batches.set(result, batch);
    this.#choose(batch);
    this.#anchored.begin(size);
    if (mode === 'project') this.#restoration.reserve(size);
    for (let i = 0; i < size; i++) {
      model.setInstance(anchor, i * n, x, i * e);
      this.#solve(i, solved);
      result.violation[i] = this.#violation(result.y, i);
      const { [i]: status } = result.status;
      const { [i]: restored } = result.restorationStatus;
      if (isUsable(status) && (mode === 'anchored' || restored === 'converged')) continue;
      result.reported.push(i);
      if (this.settings.onFailure === 'throw')
        throw new AdjointError('diverged', `The inner solve of ${diagnose(result, i)}`, {
          where: `instance ${i} of the batch`,
          fix: 'Raise the damping or the number of iterations, or let the batch go on without such instances.',
        });
    }
    return result;
  }

  /** Weights and damping of a batch. @throws AdjointError `bad-request` as `setRowWeights`, and for a negative damping */
  #choose({ anchorWeight = this.#anchorWeight, rowWeights, damping = this.#damping }: LeastSquaresBatch): void {
    const { model, solver } = this;
    if (!(damping >= 0)) throw new AdjointError('bad-request', `The damping is ${damping}.`, { where: 'damping' });
    solver.startDamping = damping;
    model.anchorWeight = anchorWeight;
    model.setRowWeights(rowWeights ?? this.#ones);
  }

  /** Bytes that are held from a forward pass to its backward pass, beside the result, and that the latter works with. */
  get bytesHeld(): number {
    const { n, m } = this.model;
    // The constant part, its root and what they are made of, the active rows and those transposed; base points.
    return 8 * (4 * n * n + 2 * m * n + (this.#solved?.base.length ?? 0) + this.#anchored.numbersHeld);
  }

  #check(arrays: Record<string, Float64Array>, length: number): void {
    for (const [name, array] of Object.entries(arrays))
      if (array.length !== length)
        throw new AdjointError('bad-request', `${name} has ${array.length} entries, ${length} were expected.`, {
          where: name,
        });
  }

  #solve(i: number, { initial, base, result }: Solved): void {
    const { model } = this;
    const { n } = model;
    const { trace } = result;
    const onIterate = trace ? (iterate: Iterate) => noteIterate(trace, i, model, iterate) : undefined;
    const solved = this.#anchored.solve(i, initial, i * n, onIterate);
    result.iterations[i] = solved.iterations;
    result.status[i] = solved.status;
    result.restorationStatus[i] = null;
    result.objective[i] = solved.objective;
    base.set(solved.base, i * n);
    result.y.set(solved.y, i * n);
    if (this.settings.mode === 'anchored' || !isUsable(solved.status)) return;
    const phase = this.#restoration;
    result.restorationStatus[i] = phase.run(i, base, trace);
    result.restorationIterations[i] = phase.state.iteration;
    result.y.set(phase.state.y, i * n);
  }

  /** Of y[i·n …]. */
  #violation(y: Float64Array, i: number): number {
    const { residual, v } = this.#work;
    for (let j = 0; j < v.length; j++) v[j] = y[i * v.length + j];
    this.model.residual(v, residual);
    return violationOf(this.model, residual);
  }

  /**
   * Derivatives of Σ_i v_iᵀy_i, v = cotangent [size, n], of the last `forward` or of the one that gave `of`, which is then run again if others
   * came after it.
   *
   * @throws AdjointError `bad-request` before any forward, or for a length that disagrees
   */
  backward(
    cotangent: Float64Array,
    asked: readonly LeastSquaresDatum[] = ['anchor', 'x', 'initial'],
    of?: LeastSquaresResult,
  ): LeastSquaresGradients {
    const earlier = of && of !== this.#solved?.result && this.#batches.get(of);
    if (earlier) this.forward(earlier);
    const solved = this.#solved;
    if (!solved)
      throw new AdjointError('bad-request', 'There is no batch to differentiate.', { fix: 'Call forward before.' });
    const { model } = this;
    const { n, e } = model;
    const { size, anchor, x, result } = solved;
    this.#check({ cotangent }, size * n);
    this.#choose(solved.batch);
    const { A, G, H, h } = model.data;
    const lengths: Record<LeastSquaresDatum, number> = {
      ...{ anchor: size * n, x: size * e, initial: size * n, anchorWeight: 1, damping: 1 },
      rowWeights: model.rowWeights.length,
      ...{ A: A.length, H: H.length, G: G.length, h: h.length },
    };
    const gradients: LeastSquaresGradients['gradients'] = {};
    for (const datum of asked) gradients[datum] = new Float64Array(lengths[datum]);
    const outcome: LeastSquaresGradients = { gradients, dropped: [], unconverged: 0 };
    const v = this.#cotangent;
    for (let i = 0; i < size; i++) {
      const restored = result.restorationStatus[i];
      const good = isUsable(result.status[i]) && restored !== 'NaN' && restored !== 'singular rows';
      model.setInstance(anchor, i * n, x, i * e);
      for (let j = 0; j < n; j++) v[j] = cotangent[i * n + j];
      const into: QcqpGradient = {
        ...gradients,
        anchor: gradients.anchor?.subarray(i * n, (i + 1) * n),
        x: gradients.x?.subarray(i * e, (i + 1) * e),
      };
      if (!good || !this.#pull(i, v, into, solved, outcome)) outcome.dropped.push(i);
    }
    return outcome;
  }

  /** Adds the derivatives of instance i. @returns whether there are any */
  #pull(i: number, v: Float64Array, into: QcqpGradient, solved: Solved, outcome: LeastSquaresGradients): boolean {
    const { mode, backward } = this.settings;
    const { n } = this.model;
    const { base, result, anchor } = solved;
    const { initial, damping } = outcome.gradients;
    if (mode === 'project') {
      if (backward.kind === 'implicit') return this.#restoration.pullProjected(i, result.y, anchor, v, into);
      this.#restoration.pull(i, result.restorationIterations[i], v, into);
    }
    const pulled = this.#anchored.pull(i, result.iterations[i], base, i * n, v, into);
    if (damping) damping[0] += pulled.damping;
    if (pulled.reachesStart) initial?.set(v, i * n);
    outcome.unconverged = Math.max(outcome.unconverged, pulled.unconverged);
    return pulled.good;
  }
}
