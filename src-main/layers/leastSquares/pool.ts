import { availableParallelism } from 'node:os';
import { AdjointError } from '@shared/errors';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import { chunkSize, sharedArrays } from '../threads/part';
import { Team, threadEntry, worthSharing } from '../threads/team';
import {
  datumLength,
  instanceData,
  makeResult,
  notKept,
  plainArrays,
  stopAtFailure,
  type LeastSquaresBatch,
  type LeastSquaresDatum,
  type LeastSquaresGradients,
  type LeastSquaresResult,
} from './batch';
import { LeastSquaresLayer } from './leastSquaresLayer';
import { restorationStatuses, runOrder, statuses, type Order, type SharedBatch } from './poolCommand';
import type { LeastSquaresLayerSettings } from './settings';

/** What a thread's layer is made of. */
export interface PoolThreadData {
  rows: QcqpRows;
  anchorWeight: number;
  settings: LeastSquaresLayerSettings;
}

/**
 * The layer over several threads, with the same numbers as one: an instance is solved and differentiated by one thread, and sums over the batch are
 * taken in parts that do not depend on who computed them. Calls block, as those of the layer do; the calling thread works too. A thread that
 * is late, or cannot be had, is not waited for.
 */
export class LeastSquaresPool {
  readonly settings: LeastSquaresLayerSettings;
  /** At most: threads are started for the first batch that is large enough. */
  readonly threads: number;
  readonly #layer: LeastSquaresLayer;
  readonly #rows: QcqpRows;
  readonly #team: Team<Order>;
  readonly #held: Float64Array;
  #batch: SharedBatch | null = null;
  #last: LeastSquaresResult | null = null;
  readonly #batches = new WeakMap<LeastSquaresResult, LeastSquaresBatch>();

  /** @throws AdjointError `bad-request`, as the layer's constructor */
  constructor(
    rows: QcqpRows,
    anchorWeight: number,
    settings: Partial<LeastSquaresLayerSettings> = {},
    threads = availableParallelism(),
  ) {
    // A failing instance is a result until all have been solved.
    this.#layer = new LeastSquaresLayer(rows, anchorWeight, { ...settings, onFailure: 'continue' });
    this.settings = { ...this.#layer.settings, onFailure: settings.onFailure ?? 'continue' };
    const { n, A, G, H, h } = rows;
    this.#rows = { n, A, G, H, h };
    const data: PoolThreadData = { rows: this.#rows, anchorWeight, settings: this.#layer.settings };
    this.#team = new Team('the least-squares layer', threadEntry('leastSquares'), data, (order, control) =>
      runOrder(this.#layer, order, control, 0),
    );
    this.threads = Math.max(1, threads);
    this.#held = sharedArrays.floats(this.threads);
  }

  /** Which thread solved each part of the last batch; 0 is the calling one. */
  get owners(): readonly number[] {
    return [...(this.#batch?.owner ?? [])];
  }

  /** As the layer's, of all threads, as of the last backward pass that each took part in. */
  get bytesHeld(): number {
    return this.#held.reduce((sum, bytes) => sum + bytes, 0);
  }

  dispose(): void {
    this.#team.dispose();
  }

  /** As the layer's. */
  forward(batch: LeastSquaresBatch): LeastSquaresResult {
    const { size } = batch;
    const { n } = this.#rows;
    const own = this.#reserve(size);
    // The layer says what is wrong with the lengths; only then are they copied.
    this.#layer.begin(batch, makeResult(size, n, this.settings));
    const { anchor, x, initial = anchor } = batch;
    own.anchor.set(anchor);
    own.x.set(x);
    own.initial.set(initial);
    const { anchorWeight, damping, differentiated } = batch;
    const rowWeights = batch.rowWeights && Float64Array.from(batch.rowWeights);
    this.#run({ kind: 'forward', anchorWeight, rowWeights, damping, differentiated });
    const result = this.#collect(own, size, n);
    this.#batches.set(result, batch);
    this.#last = result;
    if (this.settings.onFailure === 'throw') stopAtFailure(result);
    return result;
  }

  #reserve(size: number): SharedBatch {
    const { n, A } = this.#rows;
    if (this.#batch?.size === size) return this.#batch;
    const chunks = Math.ceil(size / chunkSize);
    this.#batch = {
      ...{ size, chunks, anchor: sharedArrays.floats(size * n), x: sharedArrays.floats((size * A.length) / n) },
      ...{ initial: sharedArrays.floats(size * n), cotangent: sharedArrays.floats(size * n) },
      ...{ result: makeResult(size, n, this.settings, sharedArrays), codes: sharedArrays.integers(2 * size) },
      ...{
        good: sharedArrays.integers(size),
        unconverged: sharedArrays.floats(size),
        held: this.#held,
        owner: sharedArrays.integers(chunks),
      },
      gradients: {},
    };
    return this.#batch;
  }

  /** Everything out of the memory that the next batch writes over. */
  #collect({ result, codes, good }: SharedBatch, size: number, n: number): LeastSquaresResult {
    const copy = makeResult(size, n, this.settings, plainArrays);
    for (const name of ['y', 'objective', 'violation'] as const) copy[name].set(result[name]);
    for (const name of ['iterations', 'restorationIterations'] as const) copy[name].set(result[name]);
    for (const name of ['objective', 'gradient', 'violation', 'restoration'] as const)
      copy.trace?.[name].set(result.trace![name]);
    for (let i = 0; i < size; i++) {
      copy.status.push(statuses[codes[2 * i]]);
      copy.restorationStatus.push(restorationStatuses[codes[2 * i + 1]]);
      if (good[i] === 0) copy.reported.push(i);
    }
    return copy;
  }

  /** As the layer's. */
  backward(
    cotangent: Float64Array,
    asked: readonly LeastSquaresDatum[] = ['anchor', 'x', 'initial'],
    of?: LeastSquaresResult,
  ): LeastSquaresGradients {
    const earlier = of && of !== this.#last && this.#batches.get(of);
    if (earlier) this.forward(earlier);
    const batch = this.#batch;
    if (!batch || !this.#last)
      throw new AdjointError('bad-request', 'There is no batch to differentiate.', { fix: 'Call forward before.' });
    if (this.#batches.get(this.#last)?.differentiated === false) throw notKept();
    const { size, chunks } = batch;
    if (cotangent.length !== batch.cotangent.length)
      throw new AdjointError('bad-request', `cotangent has ${cotangent.length} entries.`, { where: 'cotangent' });
    batch.cotangent.set(cotangent);
    for (const datum of asked) {
      const length = datumLength(this.#rows, datum) * (instanceData.includes(datum) ? size : chunks);
      (batch.gradients[datum] ??= sharedArrays.floats(length)).fill(0);
    }
    this.#run({ kind: 'backward', asked });
    const outcome: LeastSquaresGradients = { gradients: {}, dropped: [], unconverged: 0 };
    for (let i = 0; i < size; i++) {
      if (batch.good[i] === 0) outcome.dropped.push(i);
      else outcome.unconverged = Math.max(outcome.unconverged, batch.unconverged[i]);
    }
    for (const datum of asked) outcome.gradients[datum] = this.#summed(datum, batch);
    return outcome;
  }

  /** The gradients of instances as they are, the others summed over the parts of the batch in order. */
  #summed(datum: LeastSquaresDatum, { gradients, chunks }: SharedBatch): Float64Array {
    const parts = gradients[datum]!;
    if (instanceData.includes(datum)) return Float64Array.from(parts);
    const length = datumLength(this.#rows, datum);
    const sum = new Float64Array(length);
    for (let chunk = 0; chunk < chunks; chunk++) for (let k = 0; k < length; k++) sum[k] += parts[chunk * length + k];
    return sum;
  }

  #run(pass: Order['pass']): void {
    const batch = this.#batch!;
    const isShared = batch.chunks > 1 && batch.initial.length * this.#rows.n >= worthSharing;
    this.#team.run({ batch, pass }, batch.chunks, isShared ? this.threads - 1 : 0, `the ${pass.kind} pass`);
  }
}
