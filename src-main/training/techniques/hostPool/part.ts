import { chunkSize, ownChunks, takeChunks, type Control } from '../../../layers/threads/part';
import type { Qcqp } from '../../problem';
import type { HostBatch } from '../hostLayer';
import type { HostLayerName, HostLayers } from './layers';

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

export interface Order {
  kind: 'forward' | 'backward';
  batch: SharedBatch;
}

export interface Failure {
  instance: number;
  reason: string;
}

/** What one thread does of a pool's orders: chunks of instances that nobody has taken (forward) or that it has computed (backward). */
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
  run({ kind, batch }: Order, control: Control, announce: (failures: Failure[]) => void): void {
    if (kind === 'backward')
      return ownChunks(control, batch.owner, this.#thread, (chunk) => this.#differentiate(batch, chunk));
    this.#computed.clear();
    takeChunks(control, batch.owner.length, (chunk) => {
      const failures = this.#compute(batch, chunk);
      if (failures.length > 0) announce(failures);
    });
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
