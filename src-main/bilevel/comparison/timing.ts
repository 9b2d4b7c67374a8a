import { median } from '@shared/statistics/summary';

/** Calls are timed in batches of about this length, since a clock tells microseconds badly. */
const batchSeconds = 2e-3;
const batches = 5;

/** Median seconds of a call over a few batches; the `first` seconds that were seen where more calls would take the budget. */
export function secondsOf(call: () => unknown, first: number, budget: number): number {
  if (first * batches > budget) return first;
  const size = Math.max(1, Math.ceil(batchSeconds / Math.max(first, 1e-7)));
  return median(Array.from({ length: batches }, () => timed(call, size)));
}

function timed(call: () => unknown, times: number): number {
  const began = performance.now();
  for (let k = 0; k < times; k++) call();
  return (performance.now() - began) / 1000 / times;
}
