import { Worker } from 'node:worker_threads';
import { AdjointError, type Problem } from '@shared/errors';
import type { ViewResults, ViewTask } from './viewTask';

/** Computes previews and solves what is looked at in threads, so that the engine never waits. */
export class Previewer {
  readonly #entry: string;
  readonly #threads = new Map<Worker, string>();

  /** `entry`: the bundle of previewThread.ts. */
  constructor(entry: string) {
    this.#entry = entry;
  }

  /**
   * Runs a task. A task with the same non-empty key that still runs is ended: nobody looks at it any more.
   *
   * @throws AdjointError `conflict` when it was superseded or the client went away, and whatever the task throws
   */
  run<T extends ViewTask>(task: T, key = '', signal?: AbortSignal): Promise<ViewResults[T['kind']]> {
    if (key) for (const [worker, other] of this.#threads) if (other === key) void worker.terminate();
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.#entry, { workerData: task });
      worker.unref();
      this.#threads.set(worker, key);
      const stop = () => void worker.terminate();
      signal?.addEventListener('abort', stop, { once: true });
      worker.once('message', (answer: { result: ViewResults[T['kind']] } | { problem: Problem }) => {
        if ('result' in answer) return resolve(answer.result);
        const { code, what, ...rest } = answer.problem;
        reject(new AdjointError(code, what, rest));
      });
      worker.once('error', (cause) => reject(threadFailure(cause)));
      worker.once('exit', () => {
        this.#threads.delete(worker);
        signal?.removeEventListener('abort', stop);
        // After an answer this changes nothing.
        reject(new AdjointError('conflict', 'A newer question has taken the place of this one.'));
      });
    });
  }

  close(): void {
    for (const worker of this.#threads.keys()) void worker.terminate();
  }
}

function threadFailure(cause: Error & { code?: string }): AdjointError {
  if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AdjointError('bad-request', 'The problem does not fit into the memory of its thread.', {
      fix: 'Choose a smaller problem.',
      cause,
    });
  return new AdjointError('internal', `The thread that computes previews has died: ${cause.message}.`, { cause });
}
