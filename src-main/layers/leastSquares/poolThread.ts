// A thread of a LeastSquaresPool.
import { workerData } from 'node:worker_threads';
import { serve, type ThreadData } from '../threads/part';
import { LeastSquaresLayer } from './leastSquaresLayer';
import type { PoolThreadData } from './pool';
import { runOrder, type Order } from './poolCommand';

const data = workerData as PoolThreadData & ThreadData;
const layer = new LeastSquaresLayer(data.rows, data.anchorWeight, data.settings);
serve<Order, never>(data, (order, control) => runOrder(layer, order, control, data.thread));
