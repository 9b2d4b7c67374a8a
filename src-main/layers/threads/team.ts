import { existsSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { AdjointError } from '@shared/errors';
import { sharedArrays, type Command, type ThreadData, type Work } from './part';

/** Instances times n² from which on other threads are asked to help. */
export const worthSharing = 50_000;

/** A thread that has not answered for so long is taken for dead. */
const patience = 120_000;

/** The bundle of a kind of thread, seen from an entry, a chunk or the source. */
export function threadEntry(name: string): URL | undefined {
  const places = [`./${name}.mjs`, `../${name}.mjs`, `../../../out/node/${name}.mjs`];
  return places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
}

/** Threads that do the chunks of an order together. Calls block, and the calling thread works too; one that is late is not waited for. */
export class Team<Order, Answer = never> {
  readonly #whose: string;
  readonly #entry: URL | undefined;
  readonly #data: object;
  readonly #work: Work<Order, Answer>;
  readonly #workers: { worker: Worker; port: MessagePort }[] = [];
  readonly #signal = sharedArrays.integers(1);

  /**
   * @param whose for errors: what the threads are of
   * @param entry of a thread, which is started with `data` and its `ThreadData`; without it the calling thread works alone
   * @param work of the calling thread, which is number 0
   */
  constructor(whose: string, entry: URL | undefined, data: object, work: Work<Order, Answer>) {
    this.#whose = whose;
    this.#entry = entry;
    this.#data = data;
    this.#work = work;
  }

  /** Whether threads can be had. */
  get helps(): boolean {
    return this.#entry !== undefined;
  }

  /**
   * Gives an order to at most `helpers` other threads, takes part in it, and waits for its end.
   *
   * @throws AdjointError `internal` where a thread has died, and what the work throws here
   */
  run(order: Order, chunks: number, helpers: number, where: string): Answer[] {
    // Of its own, so that a thread that is late finds nothing left to do instead of the next command's work.
    const control = sharedArrays.integers(3);
    const command: Command<Order> = { order, control };
    this.#start(helpers);
    const asked = this.#workers.slice(0, helpers);
    for (const { port } of asked) port.postMessage(command);
    if (asked.length > 0) {
      Atomics.add(this.#signal, 0, 1);
      Atomics.notify(this.#signal, 0);
    }
    const answers: Answer[] = [];
    this.#work(order, control, (answer) => answers.push(answer));
    const until = performance.now() + patience;
    for (let done = Atomics.load(control, 1); done < chunks; done = Atomics.load(control, 1)) {
      Atomics.wait(control, 1, done, 1000);
      if (performance.now() > until) break;
    }
    if (Atomics.load(control, 1) < chunks || Atomics.load(control, 2) > 0)
      throw new AdjointError('internal', `A thread of ${this.#whose} has died.`, { where });
    for (const { port } of asked)
      for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port))
        answers.push(received.message as Answer);
    return answers;
  }

  dispose(): void {
    for (const { worker } of this.#workers.splice(0)) void worker.terminate();
  }

  #start(helpers: number): void {
    while (this.#entry && this.#workers.length < helpers) {
      const { port1, port2 } = new MessageChannel();
      const data: ThreadData = { thread: this.#workers.length + 1, signal: this.#signal, port: port2 };
      const worker = new Worker(this.#entry, { workerData: { ...this.#data, ...data }, transferList: [port2] });
      // Not the end of the process: what the thread had taken is an error of `run`, and where it had taken nothing the others do its work.
      worker.on('error', (error) => process.emitWarning(error instanceof Error ? error : String(error)));
      worker.unref();
      port1.unref();
      this.#workers.push({ worker, port: port1 });
    }
  }
}
