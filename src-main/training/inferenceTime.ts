import { median } from '@shared/statistics/summary';
import { makeSolver } from '../solvers/qcqp/bounds';
import type { Qcqp } from './problem';

/** A measurement takes about so long, unless a single pass takes longer. */
const measureSeconds = 0.1;
const mostPasses = 25;

/**
 * Seconds that a pass over `count` instances takes for each of them: the median of passes over the whole set. Whoever calls has made one
 * already, so that code is compiled and memory is there.
 */
export async function secondsPerInstance(count: number, pass: () => Promise<void>): Promise<number> {
  const taken: number[] = [];
  const until = performance.now() + measureSeconds * 1e3;
  do {
    const began = performance.now();
    await pass();
    taken.push((performance.now() - began) / 1e3);
  } while (performance.now() < until && taken.length < mostPasses);
  return median(taken) / count;
}

/** Solves that compile the solver's code, not measured. */
const warmUp = 5;

/**
 * Seconds that the solver of the labels takes for an instance, on this thread and cold: the median over the first instances of X [count, e], as
 * many as fit into the time. Its preparation for the family is not counted. Null where it does not solve them: rows that are not convex, dependent
 * equality rows.
 */
export function exactSeconds(problem: Qcqp, X: Float64Array, count: number): number | null {
  const { n, m, e, H } = problem;
  try {
    const solver = makeSolver({ ...problem, diagonal: H.length === m * n });
    for (let i = 0; i < Math.min(warmUp, count); i++) solver.solve(X, i * e);
    const taken: number[] = [];
    const until = performance.now() + measureSeconds * 1e3;
    for (let i = 0; i < count && (i === 0 || performance.now() < until); i++) {
      const began = performance.now();
      if (solver.solve(X, i * e).status !== 'optimal') return null;
      taken.push((performance.now() - began) / 1e3);
    }
    return median(taken);
  } catch {
    return null; // The solver refuses such a family.
  }
}
