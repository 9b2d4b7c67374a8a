import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { AdjointError, type Problem } from '@shared/errors';
import type { QcqpInstances } from '../../modelling/families/family';
import { ask, idleThread } from '../threads';
import { control, makeBatchMemory, statuses, type BatchMemory } from './batchMemory';
import type { QcqpStatus } from './types';

/** Results of a batch; row i is instance i. */
export interface QcqpLabels {
  /** [N, n], and multipliers [N, m] and [N, e] */
  Y: Float64Array;
  inequality: Float64Array;
  equality: Float64Array;
  /** Multipliers of the bounds [N, n]; empty for a family without bounds. */
  lower: Float64Array;
  upper: Float64Array;
  /** [N]: objective, and the certificate's violation and relative gap. */
  objective: Float64Array;
  violation: Float64Array;
  gap: Float64Array;
  status(instance: number): QcqpStatus;
  /** Instances that are not `optimal`, in order. */
  failed: number[];
}

export interface BatchOptions {
  /** Called about five times a second. */
  onProgress?: (done: number, total: number) => void;
  /** Stops the batch within an instance's time. */
  signal?: AbortSignal;
}

/**
 * Worker threads that label batches of QCQP instances. The same instances give the same bits on any number of threads, because an
 * instance is solved by one thread and does not depend on any other.
 */
export class LabelPool {
  readonly threads: number;
  readonly #workers: Worker[];

  /** `entry`: the bundle of labelThread.ts. */
  constructor(entry: string, threads: number = availableParallelism()) {
    this.threads = Math.max(1, threads);
    this.#workers = Array.from({ length: this.threads }, () => idleThread(entry));
  }

  /**
   * Labels every instance; those that cannot be labelled are in `failed`, and spoil no other. One batch at a time.
   *
   * @returns null when the signal stopped it
   * @throws AdjointError `bad-request` for a family that has no solver (A without full row rank), `internal` when a thread dies
   */
  async label({ family, X, N }: QcqpInstances, { onProgress, signal }: BatchOptions = {}): Promise<QcqpLabels | null> {
    const batch = makeBatchMemory(family, X, N);
    const stop = () => void Atomics.store(batch.control, control.cancelled, 1);
    if (signal?.aborted) return null;
    signal?.addEventListener('abort', stop);
    const timer = setInterval(() => onProgress?.(Atomics.load(batch.control, control.done), N), 200);
    try {
      await Promise.all(this.#workers.map((worker) => work(worker, batch)));
    } finally {
      stop();
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
    }
    if (signal?.aborted) return null;
    onProgress?.(N, N);
    const status = (i: number): QcqpStatus => statuses[batch.status[i]] ?? 'numerical trouble';
    const failed = Array.from({ length: N }, (_, i) => i).filter((i) => status(i) !== 'optimal');
    const { Y, inequality, equality, lower, upper, objective, violation, gap } = batch;
    return { Y, inequality, equality, lower, upper, objective, violation, gap, status, failed };
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** One thread's part of a batch. */
async function work(worker: Worker, batch: BatchMemory): Promise<void> {
  const problem = await ask<Problem | null>(worker, batch, 'A thread that labels instances');
  if (!problem) return;
  const { code, what, ...rest } = problem;
  throw new AdjointError(code, what, rest);
}
