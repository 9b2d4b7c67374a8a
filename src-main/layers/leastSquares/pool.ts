import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { AdjointError } from '@shared/errors';
import type { QcqpRows } from '../../solvers/leastSquares/qcqpResidual';
import {
  chunkSize,
  datumLength,
  instanceData,
  makeResult,
  notKept,
  plainArrays,
  stopAtFailure,
  type Arrays,
  type LeastSquaresBatch,
  type LeastSquaresDatum,
  type LeastSquaresGradients,
  type LeastSquaresResult,
} from './batch';
import { LeastSquaresLayer } from './leastSquaresLayer';
import { restorationStatuses, runCommand, statuses, type Command, type SharedBatch } from './poolCommand';
import type { LeastSquaresLayerSettings } from './settings';

const shared: Arrays = {
  floats: (length) => new Float64Array(new SharedArrayBuffer(8 * length)),
  integers: (length) => new Int32Array(new SharedArrayBuffer(4 * length)),
};

/** The thread's bundle, seen from an entry, a chunk or the source. */
function threadEntry(): URL | undefined {
  const places = ['./leastSquares.mjs', '../leastSquares.mjs', '../../../out/node/leastSquares.mjs'];
  return places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
}

/** What a thread is started with. */
export interface PoolThreadData {
  rows: QcqpRows;
  anchorWeight: number;
  settings: LeastSquaresLayerSettings;
  thread: number;
  /** Counts the commands sent. */
  signal: Int32Array;
  port: MessagePort;
}

/** Instances times n² from which on other threads are asked to help. */
const worthSharing = 50_000;

/** A thread that has not answered for so long is taken for dead. */
const patience = 120_000;

/**
 * The layer over several threads, with the same numbers as one: an instance is solved and differentiated by one thread, and sums over the batch are
 * taken in parts that do not depend on who computed them. Calls block, as those of the layer do; the calling thread works too. A thread that
 * is late, or cannot be had, is not waited for.
 */
export class LeastSquaresPool {
  readonly settings: LeastSquaresLayerSettings;
  readonly #layer: LeastSquaresLayer;
  readonly #anchorWeight: number;
  readonly #rows: QcqpRows;
  readonly #workers: { worker: Worker; port: MessagePort }[] = [];
  readonly #wanted: number;
  readonly #held: Float64Array;
  readonly #signal = shared.integers(1);
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
    this.#anchorWeight = anchorWeight;
    this.#wanted = threads;
    this.#held = shared.floats(Math.max(1, threads));
  }

  /** Started when there is work that is worth it. */
  #start(): void {
    const entry = threadEntry();
    const anchorWeight = this.#anchorWeight;
    for (let thread = this.#workers.length + 1; entry && thread < this.#wanted; thread++) {
      const { port1, port2 } = new MessageChannel();
      const workerData: PoolThreadData = {
        ...{ rows: this.#rows, anchorWeight, settings: this.#layer.settings, thread },
        ...{ signal: this.#signal, port: port2 },
      };
      const worker = new Worker(entry, { workerData, transferList: [port2] });
      worker.unref();
      port1.unref();
      this.#workers.push({ worker, port: port1 });
    }
  }

  /** At most: threads are started for the first batch that is large enough. */
  get threads(): number {
    return Math.max(1, this.#wanted);
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
    for (const { worker } of this.#workers) void worker.terminate();
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
      ...{ size, chunks, anchor: shared.floats(size * n), x: shared.floats((size * A.length) / n) },
      ...{ initial: shared.floats(size * n), cotangent: shared.floats(size * n) },
      ...{ result: makeResult(size, n, this.settings, shared), codes: shared.integers(2 * size) },
      ...{
        good: shared.integers(size),
        unconverged: shared.floats(size),
        held: this.#held,
        owner: shared.integers(chunks),
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
      (batch.gradients[datum] ??= shared.floats(length)).fill(0);
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

  /** Sends a command to every thread, takes part in it, and waits for its end. */
  #run(order: Command['order']): void {
    const batch = this.#batch!;
    // Of its own, so that a thread that is late finds nothing left to do instead of the next command's work.
    const control = shared.integers(3);
    const command: Command = { batch, control, order };
    if (batch.chunks > 1 && batch.initial.length * this.#rows.n >= worthSharing) {
      this.#start();
      for (const { port } of this.#workers) port.postMessage(command);
      Atomics.add(this.#signal, 0, 1);
      Atomics.notify(this.#signal, 0);
    }
    runCommand(this.#layer, command, 0);
    const until = performance.now() + patience;
    for (let done = Atomics.load(control, 1); done < batch.chunks; done = Atomics.load(control, 1)) {
      Atomics.wait(control, 1, done, 1000);
      if (performance.now() > until) break;
    }
    if (Atomics.load(control, 1) < batch.chunks || Atomics.load(control, 2) > 0)
      throw new AdjointError('internal', 'A thread of the least-squares layer has died.', {
        where: order.kind === 'forward' ? 'the forward pass' : 'the backward pass',
      });
  }
}
