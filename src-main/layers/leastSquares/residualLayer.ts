import { AdjointError } from '@shared/errors';
import { isUsable, type LeastSquaresStatus } from '../../solvers/leastSquares/leastSquares';
import type { DifferentiableResidual } from '../../solvers/leastSquares/residualModel';
import { defaultLeastSquaresSettings, type LeastSquaresSettings } from '../../solvers/leastSquares/settings';
import { AnchoredPhase } from './anchoredPhase';
import { makeAdjointWork } from './iterationAdjoint';
import { checkLayerSettings, defaultLeastSquaresLayerSettings, type BackwardMode } from './settings';

export interface ResidualBatch {
  size: number;
  /** Starts, [size, n] */
  initial: Float64Array;
  /** Gives the model the data of instance i. */
  choose: (i: number) => void;
}

export interface ResidualResult {
  /** [size, n] */
  y: Float64Array;
  /** ½‖r‖², [size] */
  objective: Float64Array;
  iterations: Int32Array;
  status: LeastSquaresStatus[];
  /** Instances without a y to go on with. */
  reported: number[];
}

export interface ResidualGradients {
  /** [size, n] */
  initial: Float64Array;
  damping: number;
  /** Instances that contribute nothing. */
  dropped: number[];
  /** As of LeastSquaresGradients. */
  unconverged: number;
}

/** y ≈ argmin ½‖r‖² of any residual as a differentiable function of its data and of the start, in every mode of the least-squares layer. */
export class ResidualLayer<Gradient> {
  readonly #phase: AnchoredPhase<Gradient, DifferentiableResidual<Gradient>>;
  readonly #model: DifferentiableResidual<Gradient>;
  readonly #cotangent: Float64Array;
  #last: { batch: ResidualBatch; result: ResidualResult; base: Float64Array } | null = null;

  /** @throws AdjointError `bad-request`, as `checkLayerSettings` and `checkSettings` */
  constructor(
    model: DifferentiableResidual<Gradient>,
    backward: BackwardMode,
    solver: LeastSquaresSettings = defaultLeastSquaresSettings,
  ) {
    checkLayerSettings({ ...defaultLeastSquaresLayerSettings, mode: 'anchored', backward, solver });
    this.#model = model;
    this.#cotangent = model.kernels.allocate(model.n);
    const work = makeAdjointWork(model);
    this.#phase = new AnchoredPhase<Gradient, DifferentiableResidual<Gradient>>(
      model,
      { solver, backward, lastStep: true },
      work,
    );
  }

  /** The batch is kept, not copied, and must stay as it is until `backward`. */
  forward(batch: ResidualBatch): ResidualResult {
    const { n } = this.#model;
    const { size, initial, choose } = batch;
    const result: ResidualResult = {
      ...{ y: new Float64Array(size * n), objective: new Float64Array(size), iterations: new Int32Array(size) },
      ...{ status: [], reported: [] },
    };
    const base = new Float64Array(size * n);
    this.#phase.begin(size);
    for (let i = 0; i < size; i++) {
      choose(i);
      const solved = this.#phase.solve(i, initial, i * n);
      result.y.set(solved.y, i * n);
      base.set(solved.base, i * n);
      result.objective[i] = solved.objective;
      result.iterations[i] = solved.iterations;
      result.status[i] = solved.status;
      if (!isUsable(solved.status)) result.reported.push(i);
    }
    this.#last = { batch, result, base };
    return result;
  }

  /**
   * Derivatives of Σ_i v_iᵀy_i of the last `forward`, v = cotangent [size, n]; those of instance i for the residual's data are added to
   * `gradientOf(i)`.
   *
   * @throws AdjointError `bad-request` before any forward
   */
  backward(cotangent: Float64Array, gradientOf: (i: number) => Gradient): ResidualGradients {
    if (!this.#last)
      throw new AdjointError('bad-request', 'There is no batch to differentiate.', { fix: 'Call forward before.' });
    const { batch, result, base } = this.#last;
    const { n } = this.#model;
    const v = this.#cotangent;
    const outcome = { initial: new Float64Array(base.length), damping: 0, dropped: [] as number[], unconverged: 0 };
    for (let i = 0; i < batch.size; i++) {
      if (!isUsable(result.status[i])) {
        outcome.dropped.push(i);
        continue;
      }
      batch.choose(i);
      for (let j = 0; j < n; j++) v[j] = cotangent[i * n + j];
      const pulled = this.#phase.pull(i, result.iterations[i], base, i * n, v, gradientOf(i));
      outcome.damping += pulled.damping;
      outcome.unconverged = Math.max(outcome.unconverged, pulled.unconverged);
      if (pulled.reachesStart) outcome.initial.set(v, i * n);
      if (!pulled.good) outcome.dropped.push(i);
    }
    return outcome;
  }
}
