// A thread that computes one preview or solution: it can be ended at any time, and the engine goes on meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { toProblem } from '@shared/errors';
import { runViewTask, type ViewTask } from './viewTask';

function answer(task: ViewTask): { result: unknown } | { problem: unknown } {
  try {
    return { result: runViewTask(task) };
  } catch (error) {
    return { problem: toProblem(error) };
  }
}

parentPort?.postMessage(answer(workerData as ViewTask));
