/**
 * Turns of a waiting loop before a thread goes to sleep: about a tenth of a millisecond, longer than what JavaScript does between two
 * kernels of a step, so that the others need not be woken for each (25 µs). With other work on every core it makes no difference.
 */
export const SPINS: i32 = 100_000;

/** Waits until a counter has come to `count`. */
export function awaitCount(counter: usize, count: i32): void {
  let spins = 0;
  for (;;) {
    const value = atomic.load<i32>(counter);
    if (value >= count) return;
    if (++spins > SPINS) atomic.wait<i32>(counter, value, 100_000);
  }
}
