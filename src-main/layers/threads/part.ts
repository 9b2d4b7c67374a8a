import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** Instances that a thread takes at a time. Sums over a batch are taken over a chunk, and then over chunks in order: so they do not depend on how many threads there are. */
export const chunkSize = 8;

export const sharedArrays = {
  floats: (length: number) => new Float64Array(new SharedArrayBuffer(8 * length)),
  integers: (length: number) => new Int32Array(new SharedArrayBuffer(4 * length)),
};

/** How far an order has come: chunks claimed, chunks done, chunks that broke. */
export type Control = Int32Array;

/** What one thread does of an order. Whoever gave it has an `answer` that was sent before its chunk was done. */
export type Work<Order, Answer> = (order: Order, control: Control, answer: (answer: Answer) => void) => void;

/** What is sent to a thread. */
export interface Command<Order> {
  order: Order;
  control: Control;
}

/** What a thread is started with, besides what its work is made of. */
export interface ThreadData {
  thread: number;
  /** Counts the commands sent. */
  signal: Int32Array;
  port: MessagePort;
}

/** A thread of a team: sleeps until there is a command, and does its part of it. */
export function serve<Order, Answer>({ signal, port }: ThreadData, work: Work<Order, Answer>): never {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
      const { order, control } = received.message as Command<Order>;
      work(order, control, (answer) => port.postMessage(answer));
    }
    Atomics.wait(signal, 0, seen);
  }
}

/** Runs chunks that nobody has taken. */
export function takeChunks(control: Control, chunks: number, run: (chunk: number) => void): void {
  for (let chunk = Atomics.add(control, 0, 1); chunk < chunks; chunk = Atomics.add(control, 0, 1))
    finish(control, chunk, run);
}

/** Runs the chunks that a thread has taken before, owner [chunks]. */
export function ownChunks(control: Control, owner: Int32Array, thread: number, run: (chunk: number) => void): void {
  for (let chunk = 0; chunk < owner.length; chunk++) if (owner[chunk] === thread) finish(control, chunk, run);
}

/** Whatever happens, the chunk counts as done, so that nobody waits for it. */
function finish(control: Control, chunk: number, run: (chunk: number) => void): void {
  try {
    run(chunk);
  } catch (error) {
    Atomics.add(control, 2, 1);
    throw error;
  } finally {
    Atomics.add(control, 1, 1);
    Atomics.notify(control, 1);
  }
}
