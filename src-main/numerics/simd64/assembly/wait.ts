/** Turns of a waiting loop before a thread goes to sleep. */
export const SPINS: i32 = 2000;

/** Waits until a counter has come to `count`. */
export function awaitCount(counter: usize, count: i32): void {
  let spins = 0;
  for (;;) {
    const value = atomic.load<i32>(counter);
    if (value >= count) return;
    if (++spins > SPINS) atomic.wait<i32>(counter, value, 100_000);
  }
}
