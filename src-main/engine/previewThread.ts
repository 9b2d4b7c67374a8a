// A thread that computes one preview or solution: it can be ended at any time, and the engine goes on meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { toProblem, type Problem } from '@shared/errors';
import { isStreamTask, runViewTask, streamViewTask, type StreamTask, type ViewTask } from './viewTask';

/** What comes back: one result, or parts and then that there are no more; or why not. */
export type ThreadMessage = { result: unknown } | { part: unknown } | { done: true } | { problem: Problem };

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

try {
  const task = workerData as ViewTask | StreamTask;
  if (isStreamTask(task)) {
    for await (const part of streamViewTask(task)) post({ part });
    post({ done: true });
  } else post({ result: await runViewTask(task) });
} catch (error) {
  post({ problem: toProblem(error) });
}
