// A thread of a LabelPool: takes instances of the batch it is sent until none is left.
import { parentPort } from 'node:worker_threads';
import { toProblem } from '@shared/errors';
import { chunk, control, statuses, type BatchMemory } from './batchMemory';
import { makeSolver } from './bounds';
import type { InstanceSolver } from './solver';

/** What was computed for the family of the last batch: a dataset is labelled in many batches. */
let kept: { key: number; solver: InstanceSolver } | null = null;

function label(batch: BatchMemory): void {
  const { family, N, X } = batch;
  const { n, m, e } = family;
  if (kept?.key !== batch.familyKey) kept = { key: batch.familyKey, solver: makeSolver(family) };
  const { solver } = kept;
  for (;;) {
    const from = Atomics.add(batch.control, control.next, chunk);
    if (from >= N) return;
    for (let i = from; i < Math.min(from + chunk, N); i++) {
      if (Atomics.load(batch.control, control.cancelled) === 1) return;
      const { y, inequality, equality, lower, upper, objective, certificate, status } = solver.solve(X, i * e);
      batch.Y.set(y, i * n);
      batch.inequality.set(inequality, i * m);
      batch.equality.set(equality, i * e);
      if (batch.lower.length > 0) {
        batch.lower.set(lower, i * n);
        batch.upper.set(upper, i * n);
      }
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
