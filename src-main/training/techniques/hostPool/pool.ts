import { existsSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { AdjointError } from '@shared/errors';
import type { HostBatch, HostLayer } from '../hostLayer';
import { chunkSize, HostPart, type Command, type Failure, type HostPoolThreadData, type SharedBatch } from './part';
import { makeHostLayers, type HostLayerName, type HostLayers, type HostLayersOf } from './layers';

/** The thread's bundle, seen from an entry, a chunk or the source. */
function threadEntry(): URL | undefined {
  const places = ['./hostLayer.mjs', '../hostLayer.mjs', '../../../../out/node/hostLayer.mjs'];
  return places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
}

const floats = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
const integers = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));

/** Instances times n² from which on other threads are asked to help. */
const worthSharing = 50_000;

/** A thread that has not answered for so long is taken for dead. */
const patience = 120_000;

/**
 * Layers whose instances have nothing to do with each other, over several threads: every instance is computed and differentiated by one thread, so that
 * the bits are those of one. Calls block, as those of a layer do, and the calling thread works too; threads are started for the first batch that is
 * worth it, and one that is late is not waited for.
 */
export class HostPool {
  readonly #of: HostLayersOf;
  readonly #own: HostLayers;
  readonly #part: HostPart;
  readonly #workers: { worker: Worker; port: MessagePort }[] = [];
  readonly #signal = integers(1);
  #last: SharedBatch | null = null;

  constructor(of: HostLayersOf) {
    const { n, m, e, Q, p, A, G, H, h, lower, upper } = of.problem;
    this.#of = { ...of, problem: { n, m, e, Q, p, A, G, H, h, lower, upper } };
    this.#own = makeHostLayers(of);
    this.#part = new HostPart(this.#own, of.problem, 0);
  }

  /** The layer on at most `threads` threads, of which the calling one is the first. */
  layer(name: HostLayerName, threads: number): HostLayer {
    const { n, e } = this.#of.problem;
    return (raw, X, count) => {
      const chunks = Math.ceil(count / chunkSize);
      const helpers = Math.min(threads, chunks) - 1;
      if (helpers < 1 || count * n * n < worthSharing || !this.#start(helpers)) return this.#own[name](raw, X, count);
      const batch: SharedBatch = {
        ...{ name, count, raw: floats(count * n), X: floats(count * e), y: floats(count * n) },
        ...{ cotangent: floats(count * n), gradient: floats(count * n) },
        ...{ iterations: integers(count), owner: integers(chunks) },
      };
      batch.raw.set(raw);
      batch.X.set(X.subarray(0, count * e));
      return this.#solve(batch, helpers);
    };
  }

  /** Which thread computed each part of the last batch that was shared; 0 is the calling one. */
  get owners(): readonly number[] {
    return [...(this.#last?.owner ?? [])];
  }

  dispose(): void {
    for (const { worker } of this.#workers.splice(0)) void worker.terminate();
  }

  #solve(batch: SharedBatch, helpers: number): HostBatch {
    const failures = this.#forward(batch, helpers);
    return {
      y: Float64Array.from(batch.y),
      iterations: [...batch.iterations],
      failures,
      backward: (dy) => {
        // Threads hold what one batch needs.
        if (this.#last !== batch) this.#forward(batch, helpers);
        batch.cotangent.set(dy);
        this.#run({ kind: 'backward', batch }, helpers);
        return Float64Array.from(batch.gradient);
      },
    };
  }

  #forward(batch: SharedBatch, helpers: number): (string | null)[] {
    this.#last = batch;
    const failures = new Array<string | null>(batch.count).fill(null);
    for (const { instance, reason } of this.#run({ kind: 'forward', batch }, helpers)) failures[instance] = reason;
    return failures;
  }

  /** Sends a command to the helpers, takes part in it, and waits for its end. */
  #run(order: Pick<Command, 'kind' | 'batch'>, helpers: number): Failure[] {
    // Of its own, so that a thread that is late finds nothing left to do instead of the next command's work.
    const command: Command = { ...order, control: integers(3) };
    const { control, batch } = command;
    const chunks = batch.owner.length;
    const asked = this.#workers.slice(0, helpers);
    for (const { port } of asked) port.postMessage(command);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
    const failures = this.#part.run(command);
    const until = performance.now() + patience;
    for (let done = Atomics.load(control, 1); done < chunks; done = Atomics.load(control, 1)) {
      Atomics.wait(control, 1, done, 1000);
      if (performance.now() > until) break;
    }
    if (Atomics.load(control, 1) < chunks || Atomics.load(control, 2) > 0)
      throw new AdjointError('internal', 'A thread of a layer on the host has died.', {
        where: `the ${order.kind} pass`,
      });
    for (const { port } of asked)
      for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port))
        failures.push(...(received.message as Failure[]));
    return failures;
  }

  /** False where threads cannot be had. */
  #start(helpers: number): boolean {
    const entry = threadEntry();
    while (entry && this.#workers.length < helpers) {
      const { port1, port2 } = new MessageChannel();
      const thread = this.#workers.length + 1;
      const workerData: HostPoolThreadData = { of: this.#of, thread, signal: this.#signal, port: port2 };
      const worker = new Worker(entry, { workerData, transferList: [port2] });
      worker.unref();
      port1.unref();
      this.#workers.push({ worker, port: port1 });
    }
    return entry !== undefined;
  }
}
