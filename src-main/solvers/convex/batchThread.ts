// A thread of a ConvexPool: solves the instances it is sent.
import { parentPort } from 'node:worker_threads';
import { solveBatch, type BatchChunk } from './batch';

parentPort?.on('message', ({ problems, settings }: BatchChunk) => {
  parentPort?.postMessage(solveBatch(problems, settings));
});
