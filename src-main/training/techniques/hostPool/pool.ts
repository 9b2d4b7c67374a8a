import { chunkSize, sharedArrays } from '../../../layers/threads/part';
import { Team, threadEntry, worthSharing } from '../../../layers/threads/team';
import type { HostBatch, HostLayer } from '../hostLayer';
import { makeHostLayers, type HostLayerName, type HostLayers, type HostLayersOf } from './layers';
import { HostPart, type Failure, type Order, type SharedBatch } from './part';

/**
 * Layers whose instances have nothing to do with each other, over several threads: every instance is computed and differentiated by one thread, so that
 * the bits are those of one. Calls block, as those of a layer do, and the calling thread works too; threads are started for the first batch that is
 * worth it, and one that is late is not waited for.
 */
export class HostPool {
  readonly #n: number;
  readonly #e: number;
  readonly #own: HostLayers;
  readonly #team: Team<Order, Failure[]>;
  #last: SharedBatch | null = null;

  constructor(of: HostLayersOf) {
    const { n, m, e, Q, p, A, G, H, h, lower, upper } = of.problem;
    [this.#n, this.#e] = [n, e];
    this.#own = makeHostLayers(of);
    const part = new HostPart(this.#own, of.problem, 0);
    const data = { of: { ...of, problem: { n, m, e, Q, p, A, G, H, h, lower, upper } } };
    this.#team = new Team('a layer on the host', threadEntry('hostLayer'), data, (order, control, announce) =>
      part.run(order, control, announce),
    );
  }

  /** The layer on at most `threads` threads, of which the calling one is the first. */
  layer(name: HostLayerName, threads: number): HostLayer {
    const [n, e] = [this.#n, this.#e];
    const { floats, integers } = sharedArrays;
    return (raw, X, count) => {
      const chunks = Math.ceil(count / chunkSize);
      const helpers = Math.min(threads, chunks) - 1;
      if (helpers < 1 || count * n * n < worthSharing || !this.#team.helps) return this.#own[name](raw, X, count);
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
    this.#team.dispose();
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

  #run(order: Order, helpers: number): Failure[] {
    return this.#team.run(order, order.batch.owner.length, helpers, `the ${order.kind} pass`).flat();
  }
}
