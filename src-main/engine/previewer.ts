import { Worker } from 'node:worker_threads';
import { AdjointError, type Problem } from '@shared/errors';
import type { ThreadMessage } from './previewThread';
import type { StreamParts, StreamTask, ViewResults, ViewTask } from './viewTask';

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
    return new Promise((resolve, reject) => {
      const isAnswer = (message: ThreadMessage): void => {
        if ('result' in message) resolve(message.result as ViewResults[T['kind']]);
      };
      // After an answer a rejection changes nothing.
      this.#start(task, key, signal, isAnswer, reject);
    });
  }

  /**
   * Runs a task that answers in parts, each a whole picture and better than the one before: parts that nobody took are left out.
   *
   * @throws AdjointError as `run` does
   */
  async *stream<T extends StreamTask>(
    task: T,
    key = '',
    signal?: AbortSignal,
  ): AsyncGenerator<StreamParts[T['kind']], void, void> {
    let newest: StreamParts[T['kind']] | null = null;
    let failure: AdjointError | null = null;
    let isDone = false;
    let wake = () => {};
    const take = (message: ThreadMessage) => {
      if ('part' in message) newest = message.part as StreamParts[T['kind']];
      else isDone = true;
      wake();
    };
    const fail = (problem: AdjointError) => {
      failure ??= problem;
      wake();
    };
    const worker = this.#start(task, key, signal, take, fail);
    try {
      for (;;) {
        const part: StreamParts[T['kind']] | null = newest;
        newest = null;
        if (part) yield part;
        else if (isDone) return;
        else if (failure) throw failure;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      void worker.terminate();
    }
  }

  #start(
    task: ViewTask | StreamTask,
    key: string,
    signal: AbortSignal | undefined,
    onMessage: (message: ThreadMessage) => void,
    onFailure: (problem: AdjointError) => void,
  ): Worker {
    if (key) for (const [worker, other] of this.#threads) if (other === key) void worker.terminate();
    const worker = new Worker(this.#entry, { workerData: task });
    worker.unref();
    this.#threads.set(worker, key);
    const stop = () => void worker.terminate();
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: ThreadMessage) => {
      if ('problem' in message) onFailure(failureOf(message.problem));
      else onMessage(message);
    });
    worker.once('error', (cause) => onFailure(threadFailure(cause)));
    worker.once('exit', () => {
      this.#threads.delete(worker);
      signal?.removeEventListener('abort', stop);
      onFailure(new AdjointError('conflict', 'A newer question has taken the place of this one.'));
    });
    return worker;
  }

  close(): void {
    for (const worker of this.#threads.keys()) void worker.terminate();
  }
}

const failureOf = ({ code, what, ...rest }: Problem) => new AdjointError(code, what, rest);

function threadFailure(cause: Error & { code?: string }): AdjointError {
  if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AdjointError('bad-request', 'The problem does not fit into the memory of its thread.', {
      fix: 'Choose a smaller problem.',
      cause,
    });
  return new AdjointError('internal', `The thread that computes previews has died: ${cause.message}.`, { cause });
}
