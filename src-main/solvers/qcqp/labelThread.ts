// A thread of a LabelPool: takes instances of the batch it is sent until none is left.
import { parentPort } from 'node:worker_threads';
import { toProblem } from '@shared/errors';
import { chunk, control, statuses, type BatchMemory } from './batchMemory';
import { QcqpSolver } from './solver';

function label(batch: BatchMemory): void {
  const { family, N, X } = batch;
  const { n, m, e } = family;
  const solver = new QcqpSolver(family);
  for (;;) {
    const from = Atomics.add(batch.control, control.next, chunk);
    if (from >= N) return;
    for (let i = from; i < Math.min(from + chunk, N); i++) {
      if (Atomics.load(batch.control, control.cancelled) === 1) return;
      const { y, inequality, equality, objective, certificate, status } = solver.solve(X, i * e);
      batch.Y.set(y, i * n);
      batch.inequality.set(inequality, i * m);
      batch.equality.set(equality, i * e);
      batch.objective[i] = objective;
      batch.violation[i] = certificate.violation;
      batch.gap[i] = certificate.gap;
      batch.status[i] = statuses.indexOf(status);
      Atomics.add(batch.control, control.done, 1);
    }
  }
}

parentPort?.on('message', (batch: BatchMemory) => {
  let problem: unknown = null;
  try {
    label(batch);
  } catch (error) {
    problem = toProblem(error);
  }
  parentPort?.postMessage(problem);
});
