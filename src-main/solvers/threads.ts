import { Worker } from 'node:worker_threads';
import { AdjointError } from '@shared/errors';

/** A thread that keeps no process alive while it has nothing to do. */
export function idleThread(entry: string): Worker {
  const worker = new Worker(entry);
  worker.unref();
  return worker;
}

/**
 * Sends a thread one message and waits for its one answer.
 *
 * @throws AdjointError `internal`, named by `what`, when the thread dies before it has answered
 */
export function ask<Answer>(worker: Worker, message: unknown, what: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off('message', answered).off('error', broken).off('exit', gone);
      worker.unref();
      finish();
    };
    const answered = (answer: Answer) => settle(() => resolve(answer));
    const died = (cause?: unknown) =>
      settle(() => reject(new AdjointError('internal', `${what} has died.`, { cause })));
    const broken = (error: unknown) => died(error);
    const gone = () => died();
    worker.on('message', answered).on('error', broken).on('exit', gone);
    // Work keeps the process alive, an idle thread does not.
    worker.ref();
    worker.postMessage(message);
  });
}
