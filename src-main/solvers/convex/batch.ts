import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { toProblem, type Problem } from '@shared/errors';
import { ask, idleThread } from '../threads';
import type { ConvexProblem } from './problem';
import type { ConvexSettings } from './settings';
import type { Solution } from './solution';
import { solveConvex } from './solve';

/** What became of one instance: a solution, whatever its status, or why the problem was refused. */
export type BatchResult = { solution: Solution; problem?: undefined } | { problem: Problem; solution?: undefined };

export interface BatchSolveOptions {
  settings?: Partial<ConvexSettings>;
  onProgress?: (done: number, total: number) => void;
  /** Stops the batch within an instance's time. */
  signal?: AbortSignal;
}

/** One instance; a refusal is a result like any other, so that one bad instance never spoils a batch. */
export function solveInstance(problem: ConvexProblem, settings?: Partial<ConvexSettings>): BatchResult {
  try {
    return { solution: solveConvex(problem, settings) };
  } catch (error) {
    return { problem: toProblem(error) };
  }
}

/** Solves instances in this thread. */
export const solveBatch = (problems: readonly ConvexProblem[], settings?: Partial<ConvexSettings>): BatchResult[] =>
  problems.map((problem) => solveInstance(problem, settings));

/** What a thread is sent: a few instances at a time. */
export interface BatchChunk {
  problems: ConvexProblem[];
  settings?: Partial<ConvexSettings>;
}

/**
 * Worker threads that solve batches of convex problems. An instance's result does not depend on the others or on the number of
 * threads. One batch at a time.
 */
export class ConvexPool {
  readonly threads: number;
  readonly #workers: Worker[];

  /** `entry`: the bundle of batchThread.ts. */
  constructor(entry: string, threads: number = availableParallelism()) {
    this.threads = Math.max(1, threads);
    this.#workers = Array.from({ length: this.threads }, () => idleThread(entry));
  }

  /**
   * Results in the order of the problems; null when the signal stopped it.
   *
   * @throws AdjointError `internal` when a thread dies
   */
  async solve(problems: readonly ConvexProblem[], options: BatchSolveOptions = {}): Promise<BatchResult[] | null> {
    const { settings, onProgress, signal } = options;
    const results = new Array<BatchResult>(problems.length);
    const size = Math.max(1, Math.min(16, Math.ceil(problems.length / (4 * this.threads))));
    let next = 0;
    let done = 0;
    const work = async (worker: Worker) => {
      while (next < problems.length && !signal?.aborted) {
        const from = next;
        next += size;
        const chunk: BatchChunk = { problems: problems.slice(from, from + size), settings };
        const part = await ask<BatchResult[]>(worker, chunk, 'A thread that solves problems');
        part.forEach((result, i) => (results[from + i] = result));
        onProgress?.((done += part.length), problems.length);
      }
    };
    await Promise.all(this.#workers.map(work));
    return signal?.aborted ? null : results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
