import type { QcqpFamily } from '../../modelling/families/family';
import { certify, makeCertificateWork, type CertificateWork } from './certificate';
import { init, makeInteriorPoint, step, terminate, type InteriorPoint, type StartingPoint } from './interiorPoint';
import { DenseModel } from './denseModel';
import { DiagonalModel } from './diagonalModel';
import { reduceFamily, type ReducedFamily } from './model';
import { makePolish, polish, type Polish } from './polish';
import { defaultSolverSettings, type QcqpResult, type QcqpSolverSettings } from './types';

/** Solves instances of one family, one after the other. */
export interface InstanceSolver {
  /** Solves the instance x = `x[at …]`, [e]. The result is overwritten by the next call. */
  solve(x: Float64Array, at?: number): QcqpResult;
}

/**
 * Instances of a family without bounds (those of `family` are not looked at), in float64: interior point, then a polish to machine precision, then a
 * certificate from the original data. An instance's result does not depend on those before it. Allocates at construction only.
 */
export class QcqpSolver implements InstanceSolver {
  readonly settings: QcqpSolverSettings;
  readonly #reduced: ReducedFamily;
  readonly #state: InteriorPoint;
  readonly #polish: Polish;
  readonly #start: StartingPoint;
  readonly #work: CertificateWork;
  readonly #kept: Float64Array;
  readonly #result: QcqpResult;

  /** @throws AdjointError `bad-request` if A has no full row rank */
  constructor(family: QcqpFamily, settings: Partial<QcqpSolverSettings> = {}) {
    this.settings = { ...defaultSolverSettings, ...settings };
    this.#reduced = reduceFamily(family);
    const model = this.#reduced.diagonal ? new DiagonalModel(this.#reduced) : new DenseModel(this.#reduced);
    this.#state = makeInteriorPoint(model);
    this.#polish = makePolish(model);
    this.#work = makeCertificateWork(family.n);
    this.#kept = new Float64Array(model.size);
    this.#start = { z: new Float64Array(model.k), lambda: new Float64Array(model.m), mu: 0.1 };
    this.#result = {
      status: 'iteration limit',
      y: new Float64Array(family.n),
      inequality: new Float64Array(family.m),
      equality: new Float64Array(family.e),
      lower: new Float64Array(0),
      upper: new Float64Array(0),
      objective: NaN,
      certificate: { violation: Infinity, gap: Infinity, stationarity: Infinity, complementarityMargin: 0 },
      iterations: 0,
      polishSteps: 0,
    };
    this.#centre();
  }

  /**
   * Starts instances from the central path of x = 0 instead of from A⁺x: a member of the same family has much the same active rows.
   * It is the family's own and not another instance's, so that a result depends on its instance alone.
   */
  #centre(): void {
    const state = this.#state;
    const { model } = state;
    const start = this.#start;
    const limit = { ...this.settings, maxIterations: 20 };
    init(state, new Float64Array(this.#reduced.family.e), 0, start);
    while (!terminate(state, limit) && state.mu > centreMu) step(state);
    // Only a point of the path will do; where x = 0 has none, instances start cold.
    if (state.status !== null || state.primalResidual > 1 || state.dualResidual > state.scale) return;
    model.reduce(model.v, start.z);
    start.lambda.set(state.lambda);
    start.mu = state.mu;
  }

  /** Solves the instance x = `x[at …]`, [e]. The result is overwritten by the next call. */
  solve(x: Float64Array, at = 0): QcqpResult {
    const { settings } = this;
    const state = this.#state;
    init(state, x, at, this.#start);
    this.#result.polishSteps = 0;
    while (!terminate(state, settings)) {
      step(state);
      // A steady active set is worth a try: the polish costs a few iterations and ends the solve when it holds.
      if (state.status === null && isSteady(state) && this.#polished(x, at)) return this.#result;
    }
    if (state.status !== 'primal infeasible' && state.status !== 'dual infeasible' && this.#polished(x, at))
      return this.#result;
    return this.#postprocess(x, at, state.lambda);
  }

  /** Polishes a copy of the iterate; true if its certificate holds, and then the result is it. */
  #polished(x: Float64Array, at: number): boolean {
    const state = this.#state;
    const { model } = state;
    const attempt = this.#polish;
    const { status } = state;
    this.#kept.set(model.v);
    attempt.active.set(state.active);
    attempt.lambda.set(state.lambda);
    if (polish(attempt, this.settings.polishSteps)) {
      state.status = 'optimal';
      this.#result.polishSteps = attempt.steps;
      if (this.#postprocess(x, at, attempt.lambda).status === 'optimal') return true;
      this.#result.polishSteps = 0;
      state.status = status;
    }
    model.v.set(this.#kept);
    model.evaluate();
    return false;
  }

  /** y, multipliers and certificate of the model's point; `optimal` is granted by the certificate alone. */
  #postprocess(x: Float64Array, at: number, lambda: Float64Array): QcqpResult {
    const state = this.#state;
    const result = this.#result;
    state.model.point(result.y);
    result.inequality.set(lambda);
    certify(this.#reduced, x, at, result, this.#work);
    result.iterations = state.iteration;
    const { violation, gap } = result.certificate;
    const holds = violation <= this.settings.maxViolation && gap <= this.settings.maxGap;
    if (state.status === 'primal infeasible' || state.status === 'dual infeasible') result.status = state.status;
    else if (holds) result.status = 'optimal';
    else result.status = state.status === 'iteration limit' ? 'iteration limit' : 'numerical trouble';
    return result;
  }
}

/** Where on the central path instances start: chosen by the number of iterations at n = 100. */
const centreMu = 0.03;

/** The same rows have dominated for an iteration, and the path has been followed far enough for them to mean something. */
function isSteady({ steadyFor, mu, dualResidual, primalResidual, scale }: InteriorPoint): boolean {
  return steadyFor >= 1 && mu < 1e-2 && dualResidual < 1e-1 * scale && primalResidual < 1e-1;
}
