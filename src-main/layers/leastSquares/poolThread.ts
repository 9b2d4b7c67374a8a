// A thread of a LeastSquaresPool: sleeps until there is a command, and does its part of it.
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LeastSquaresLayer } from './leastSquaresLayer';
import type { PoolThreadData } from './pool';
import { runCommand, type Command } from './poolCommand';

const { rows, anchorWeight, settings, thread, signal, port } = workerData as PoolThreadData;
const layer = new LeastSquaresLayer(rows, anchorWeight, settings);
for (;;) {
  const seen = Atomics.load(signal, 0);
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port))
    runCommand(layer, received.message as Command, thread);
  Atomics.wait(signal, 0, seen);
}
