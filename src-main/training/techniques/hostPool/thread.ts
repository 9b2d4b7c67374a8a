// A thread of a HostPool.
import { workerData } from 'node:worker_threads';
import { serve, type ThreadData } from '../../../layers/threads/part';
import { makeHostLayers, type HostLayersOf } from './layers';
import { HostPart, type Failure, type Order } from './part';

const data = workerData as { of: HostLayersOf } & ThreadData;
const part = new HostPart(makeHostLayers(data.of), data.of.problem, data.thread);
serve<Order, Failure[]>(data, (order, control, announce) => part.run(order, control, announce));
