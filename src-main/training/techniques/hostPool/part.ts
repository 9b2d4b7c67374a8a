import type { MessagePort } from 'node:worker_threads';
import type { Qcqp } from '../../problem';
import type { HostBatch } from '../hostLayer';
import type { HostLayerName, HostLayers, HostLayersOf } from './layers';

/** Instances that a thread takes at a time. */
export const chunkSize = 8;

/** A batch in memory that threads share. */
export interface SharedBatch {
  name: HostLayerName;
  count: number;
  raw: Float64Array;
  X: Float64Array;
  y: Float64Array;
  cotangent: Float64Array;
  gradient: Float64Array;
  /** [count] */
  iterations: Int32Array;
  /** [chunks]: the thread that computed it, and has what its derivative needs. */
  owner: Int32Array;
}

export interface Command {
  kind: 'forward' | 'backward';
  batch: SharedBatch;
  /** Chunks claimed, chunks done, chunks that broke. */
  control: Int32Array;
}

/** What a thread is started with. */
export interface HostPoolThreadData {
  of: HostLayersOf;
  thread: number;
  /** Counts the commands sent. */
  signal: Int32Array;
  port: MessagePort;
}

export interface Failure {
  instance: number;
  reason: string;
}

/** What one thread does of a pool's commands: chunks of instances that nobody has taken (forward) or that it has computed (backward). */
export class HostPart {
  readonly #layers: HostLayers;
  readonly #n: number;
  readonly #e: number;
  readonly #thread: number;
  /** What this thread has computed of the last batch, by chunk. */
  readonly #computed = new Map<number, HostBatch>();

  constructor(layers: HostLayers, { n, e }: Qcqp, thread: number) {
    this.#layers = layers;
    [this.#n, this.#e, this.#thread] = [n, e, thread];
  }

  /** `announce` gets the failures of a chunk before it counts as done. */
  run({ kind, batch, control }: Command, announce?: (failures: Failure[]) => void): Failure[] {
    const chunks = batch.owner.length;
    const failures: Failure[] = [];
    if (kind === 'backward') {
      for (const chunk of this.#computed.keys())
        if (batch.owner[chunk] === this.#thread) finish(control, () => this.#differentiate(batch, chunk));
      return failures;
    }
    this.#computed.clear();
    for (let chunk = Atomics.add(control, 0, 1); chunk < chunks; chunk = Atomics.add(control, 0, 1))
      finish(control, () => {
        const found = this.#compute(batch, chunk);
        if (found.length > 0) announce?.(found);
        failures.push(...found);
      });
    return failures;
  }

  #compute(batch: SharedBatch, chunk: number): Failure[] {
    const [n, e] = [this.#n, this.#e];
    const from = chunk * chunkSize;
    const to = Math.min(batch.count, from + chunkSize);
    const part = this.#layers[batch.name](
      batch.raw.slice(from * n, to * n),
      batch.X.slice(from * e, to * e),
      to - from,
    );
    batch.owner[chunk] = this.#thread;
    this.#computed.set(chunk, part);
    batch.y.set(part.y, from * n);
    batch.iterations.set(part.iterations, from);
    return part.failures.flatMap((reason, i) => (reason === null ? [] : [{ instance: from + i, reason }]));
  }

  #differentiate(batch: SharedBatch, chunk: number): void {
    const [from, to] = [chunk * chunkSize * this.#n, Math.min(batch.count, (chunk + 1) * chunkSize) * this.#n];
    batch.gradient.set(this.#computed.get(chunk)!.backward(batch.cotangent.slice(from, to)), from);
  }
}

/** Whatever happens, the chunk counts as done, so that nobody waits for it. */
function finish(control: Int32Array, run: () => void): void {
  try {
    run();
  } catch (error) {
    Atomics.add(control, 2, 1);
    throw error;
  } finally {
    Atomics.add(control, 1, 1);
    Atomics.notify(control, 1);
  }
}
