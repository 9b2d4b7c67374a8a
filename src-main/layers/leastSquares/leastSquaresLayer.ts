import { AdjointError } from '@shared/errors';
import { isUsable, type LeastSquares } from '../../solvers/leastSquares/leastSquares';
import { QcqpResidual, type QcqpGradient, type QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { AnchoredPhase, type Iterate } from './anchoredPhase';
import { chunkSize } from '../threads/part';
import { makeAdjointWork } from './iterationAdjoint';
import { RestorationPhase } from './restorationPhase';
import {
  checkLengths,
  datumLength,
  instanceData,
  leastSquaresData,
  makeResult,
  notKept,
  stopAtFailure,
  type LeastSquaresBatch,
  type LeastSquaresDatum,
  type LeastSquaresGradients,
  type LeastSquaresResult,
} from './batch';
import { noteIterate, violationOf } from './innerTrace';
import { checkLayerSettings, defaultLeastSquaresLayerSettings, type LeastSquaresLayerSettings } from './settings';

export type { LeastSquaresBatch, LeastSquaresDatum, LeastSquaresGradients, LeastSquaresResult };
export { leastSquaresData };

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
    const result = this.begin(batch);
    for (let i = 0; i < batch.size; i++) {
      this.solve(i);
      if (!this.isGood(i)) result.reported.push(i);
    }
    if (this.settings.onFailure === 'throw') stopAtFailure(result);
    return result;
  }

  /** The first part of `forward`: instances may then be solved in any order. A thread of a pool solves only some and shares the result's arrays. */
  begin(
    batch: LeastSquaresBatch,
    result: LeastSquaresResult = makeResult(batch.size, this.model.n, this.settings),
  ): LeastSquaresResult {
    const { n, e } = this.model;
    const { size, anchor, x, initial = anchor } = batch;
    checkLengths({ anchor, initial }, size * n);
    checkLengths({ x }, size * e);
    this.#solved = { size, anchor, x, initial, batch, result, base: new Float64Array(size * n) };
    this.#batches.set(result, batch);
    this.#choose(batch);
    this.#anchored.begin(size);
    if (this.settings.mode === 'project') this.#restoration.reserve(size);
    return result;
  }

  /** Solves instance i of the batch that was begun last. */
  solve(i: number): void {
    const solved = this.#solved!;
    const { anchor, x, result } = solved;
    this.model.setInstance(anchor, i * this.model.n, x, i * this.model.e);
    this.#solve(i, solved);
    result.violation[i] = this.#violation(result.y, i);
  }

  /** Whether instance i has been solved to a y that is what the mode promises. */
  isGood(i: number): boolean {
    const { status, restorationStatus } = this.#solved!.result;
    return isUsable(status[i]) && (this.settings.mode === 'anchored' || restorationStatus[i] === 'converged');
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

  #solve(i: number, { initial, base, result, batch }: Solved): void {
    const { model } = this;
    const { n } = model;
    const { trace } = result;
    const onIterate = trace ? (iterate: Iterate) => noteIterate(trace, i, model, iterate) : undefined;
    const keeps = batch.differentiated ?? true;
    const solved = this.#anchored.solve(i, initial, i * n, keeps, onIterate);
    result.iterations[i] = solved.iterations;
    result.status[i] = solved.status;
    result.restorationStatus[i] = null;
    result.objective[i] = solved.objective;
    base.set(solved.base, i * n);
    result.y.set(solved.y, i * n);
    if (this.settings.mode === 'anchored' || !isUsable(solved.status)) return;
    const phase = this.#restoration;
    result.restorationStatus[i] = phase.run(i, base, keeps, trace);
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
    if (!this.#solved)
      throw new AdjointError('bad-request', 'There is no batch to differentiate.', { fix: 'Call forward before.' });
    if (this.#solved.batch.differentiated === false) throw notKept();
    const { data, n } = this.model;
    const { size } = this.#solved;
    checkLengths({ cotangent }, size * n);
    const gradients: LeastSquaresGradients['gradients'] = {};
    const parts: LeastSquaresGradients['gradients'] = {};
    for (const datum of asked) {
      const own = instanceData.includes(datum);
      gradients[datum] = new Float64Array(datumLength(data, datum) * (own ? size : 1));
      parts[datum] = own ? gradients[datum] : new Float64Array(datumLength(data, datum));
    }
    const outcome: LeastSquaresGradients = { gradients, dropped: [], unconverged: 0 };
    for (let from = 0; from < size; from += chunkSize) {
      for (const datum of asked) if (!instanceData.includes(datum)) parts[datum]!.fill(0);
      for (let i = from; i < Math.min(size, from + chunkSize); i++) {
        const unconverged = this.differentiate(i, cotangent, parts);
        if (unconverged === null) outcome.dropped.push(i);
        else outcome.unconverged = Math.max(outcome.unconverged, unconverged);
      }
      for (const datum of asked)
        if (!instanceData.includes(datum)) parts[datum]!.forEach((value, k) => (gradients[datum]![k] += value));
    }
    return outcome;
  }

  /**
   * Adds the derivatives of instance i of the last batch to `gradients`, of which those of instances are [size, …].
   *
   * @returns DLM's share of what has not converged, 0 in other modes; null if there is no derivative
   */
  differentiate(i: number, cotangent: Float64Array, gradients: LeastSquaresGradients['gradients']): number | null {
    const solved = this.#solved!;
    const { model } = this;
    const { n, e } = model;
    const { anchor, x, result } = solved;
    const restored = result.restorationStatus[i];
    if (!isUsable(result.status[i]) || restored === 'NaN' || restored === 'singular rows') return null;
    this.#choose(solved.batch);
    model.setInstance(anchor, i * n, x, i * e);
    const v = this.#cotangent;
    for (let j = 0; j < n; j++) v[j] = cotangent[i * n + j];
    const into: QcqpGradient = {
      ...gradients,
      anchor: gradients.anchor?.subarray(i * n, (i + 1) * n),
      x: gradients.x?.subarray(i * e, (i + 1) * e),
    };
    return this.#pull(i, v, into, solved, gradients);
  }

  #pull(
    i: number,
    v: Float64Array,
    into: QcqpGradient,
    { base, result, anchor }: Solved,
    { initial, damping }: LeastSquaresGradients['gradients'],
  ): number | null {
    const { mode, backward } = this.settings;
    const { n } = this.model;
    if (mode === 'project') {
      if (backward.kind === 'implicit') return this.#restoration.pullProjected(i, result.y, anchor, v, into) ? 0 : null;
      this.#restoration.pull(i, result.restorationIterations[i], v, into);
    }
    const pulled = this.#anchored.pull(i, result.iterations[i], base, i * n, v, into);
    if (damping) damping[0] += pulled.damping;
    if (pulled.reachesStart) initial?.set(v, i * n);
    return pulled.good ? pulled.unconverged : null;
  }
}
