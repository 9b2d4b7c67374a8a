import { AdjointError } from '@shared/errors';
import {
  halfSquare,
  init,
  isUsable,
  linearise,
  makeLeastSquares,
  postprocess,
  step,
  terminate,
  type LeastSquares,
} from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual, type QcqpGradient, type QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { NormalFactor } from '../../solvers/leastSquares/normalFactor';
import { makeAdjointWork, pullGradient, type AdjointWork } from './iterationAdjoint';
import { pullDlm } from './dlm';
import { RestorationPhase } from './restorationPhase';
import { diagnose, type Outcome } from './diagnosis';
import { makeInnerTrace, noteIterate, noteLast, violationOf, type InnerTrace } from './innerTrace';
import {
  checkLayerSettings,
  defaultLeastSquaresLayerSettings,
  type BackwardMode,
  type LeastSquaresLayerSettings,
} from './settings';
import { Unrolling } from './unrolling';

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
  readonly solver: LeastSquares<QcqpResidual>;
  /** Null for modes that do not go through iterations. */
  readonly #unrolling: Unrolling<QcqpGradient> | null;
  readonly #restoration: RestorationPhase;
  readonly #work;
  readonly #cotangent: Float64Array;
  /** Of the implicit modes: the factor of every instance's last step. */
  readonly #lastFactors: NormalFactor[] = [];
  readonly #anchorWeight: number;
  readonly #damping: number;
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
    const before = mode === 'anchored' && backward.kind === 'implicit' ? 1 : 0;
    this.solver = makeLeastSquares(this.model, { ...solver, maxIterations: solver.maxIterations - before });
    this.#damping = this.solver.startDamping;
    this.#work = makeAdjointWork(this.model);
    this.#cotangent = this.model.kernels.allocate(this.model.n);
    this.#unrolling = makeUnrolling(this.solver, this.#work, backward);
    this.#restoration = new RestorationPhase(this.model, this.settings.restoration, this.#work);
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
    this.solver.normals.begin();
    this.#unrolling?.reserve(size);
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
    model.setRowWeights(rowWeights ?? model.rowWeights);
  }

  /** Bytes that are held from a forward pass to its backward pass, beside the result, and that the latter works with. */
  get bytesHeld(): number {
    const { n, m } = this.model;
    // The constant part, its root and what they are made of, the active rows and those transposed; base points.
    const own = 4 * n * n + 2 * m * n + (this.#solved?.base.length ?? 0) + (this.#unrolling?.numbersHeld ?? 0);
    return 8 * own + this.#lastFactors.reduce((sum, { bytesHeld }) => sum + bytesHeld, 0);
  }

  #check(arrays: Record<string, Float64Array>, length: number): void {
    for (const [name, array] of Object.entries(arrays))
      if (array.length !== length)
        throw new AdjointError('bad-request', `${name} has ${array.length} entries, ${length} were expected.`, {
          where: name,
        });
  }

  #solve(i: number, { initial, base, result }: Solved): void {
    const { solver, model } = this;
    const { mode, backward } = this.settings;
    const { n } = model;
    const unrolling = this.#unrolling;
    init(solver, initial, i * n);
    for (;;) {
      if (result.trace) noteIterate(result.trace, i, solver);
      if (terminate(solver)) break;
      unrolling?.before(i);
      step(solver);
      unrolling?.after(i);
    }
    postprocess(solver);
    result.iterations[i] = solver.iteration;
    result.status[i] = solver.status!;
    result.restorationStatus[i] = null;
    base.set(solver.y, i * n);
    result.objective[i] = solver.objective;
    result.y.set(solver.y, i * n);
    if (!isUsable(solver.status!)) return;
    if (mode === 'project') {
      const phase = this.#restoration;
      result.restorationStatus[i] = phase.run(i, base, result.trace);
      result.restorationIterations[i] = phase.state.iteration;
      result.y.set(phase.state.y, i * n);
    } else if (backward.kind === 'implicit') this.#lastStep(i, result);
  }

  /** y ← y − (JᵀJ)⁻¹Jᵀr, or with the Hessian in the place of JᵀJ. */
  #lastStep(i: number, result: LeastSquaresResult): void {
    const { solver, model } = this;
    if (!this.#factorUndamped()) {
      result.status[i] = 'singular normal matrix';
      return;
    }
    const { direction, gradient, normals, trial, trialResidual, y } = solver;
    (this.#lastFactors[i] ??= new NormalFactor(model.n, model.kernels)).copyFrom(normals.factor);
    direction.set(gradient);
    normals.solve(direction);
    for (let j = 0; j < model.n; j++) trial[j] = y[j] - direction[j];
    model.residual(trial, trialResidual);
    result.iterations[i]++;
    const objective = halfSquare(trialResidual);
    if (!(objective <= solver.ceiling)) {
      result.status[i] = Number.isNaN(objective) ? 'NaN' : 'diverged';
      return;
    }
    result.objective[i] = objective;
    result.y.set(trial, i * model.n);
    if (result.trace)
      noteLast(result.trace, i, result.iterations[i], model, trial, trialResidual, objective, direction);
  }

  /** Factors JᵀJ or the Hessian at the solver's linearised point. */
  #factorUndamped(): boolean {
    const { normals, residual } = this.solver;
    const { backward } = this.settings;
    const whole = backward.kind === 'implicit' && backward.hessian === 'newton';
    return whole ? normals.factorHessian(residual) : normals.factorDamped(0, false);
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
    const { model, solver } = this;
    const { mode, backward } = this.settings;
    const { n } = model;
    const { base, result, anchor } = solved;
    const { initial, damping } = outcome.gradients;
    if (mode === 'project') {
      if (backward.kind === 'implicit') return this.#restoration.pullProjected(i, result.y, anchor, v, into);
      this.#restoration.pull(base, i, result.restorationIterations[i], v, into);
    }
    if (this.#unrolling) {
      const count = result.iterations[i];
      const last = backward.kind === 'truncated' ? Math.min(backward.last, count) : count;
      const slope = this.#unrolling.pull(i, count, last, v, into);
      if (damping) damping[0] += slope;
      if (last === count) initial?.set(v, i * n);
      return true;
    }
    init(solver, base, i * n);
    linearise(solver);
    if (backward.kind === 'dlm') {
      const share = pullDlm(solver, backward.epsilon, v, into, this.#work);
      outcome.unconverged = Math.max(outcome.unconverged, share);
      return share < Infinity;
    }
    const { u, residual, solving } = this.#work;
    u.set(v);
    this.#lastFactors[i].solve(u, solving);
    residual.set(solver.residual);
    pullGradient(model, solver.y, v, into, this.#work);
    return true;
  }
}

function makeUnrolling(
  solver: LeastSquares<QcqpResidual>,
  work: AdjointWork,
  backward: BackwardMode,
): Unrolling<QcqpGradient> | null {
  if (backward.kind !== 'unroll' && backward.kind !== 'truncated') return null;
  const { maxIterations } = solver.settings;
  const plan =
    backward.kind === 'unroll'
      ? { last: maxIterations, checkpointed: backward.checkpointed ?? false }
      : { last: backward.last, checkpointed: false };
  return new Unrolling(solver, solver.model, work, plan);
}
