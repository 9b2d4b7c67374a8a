// A thread of a HostPool: sleeps until there is a command, and does its part of it.
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { makeHostLayers } from './layers';
import { HostPart, type Command, type HostPoolThreadData } from './part';

const { of, thread, signal, port } = workerData as HostPoolThreadData;
const part = new HostPart(makeHostLayers(of), of.problem, thread);
for (;;) {
  const seen = Atomics.load(signal, 0);
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port))
    part.run(received.message as Command, (failures) => port.postMessage(failures));
  Atomics.wait(signal, 0, seen);
}
