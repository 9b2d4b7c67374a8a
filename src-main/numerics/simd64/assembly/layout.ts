// Where things lie in the memory that all threads share. `../memory.ts` knows the same numbers.

/** Number of the command; a change of it wakes the threads. */
export const EPOCH: usize = 16384;
/** Items claimed so far, in the low half; the number of the command that they belong to, in the high half. */
export const CLAIMED: usize = 16392;
/** Items finished. */
export const FINISHED: usize = 16400;
/** Of those, items of the first phase, which the second phase waits for. */
export const PREPARED: usize = 16404;
/** What is to be done: operation, number of items. */
export const OPERATION: usize = 16408;
export const ITEMS: usize = 16412;
/** Up to 24 integers and 8 numbers. */
export const INTEGERS: usize = 16448;
export const NUMBERS: usize = 16576;
/** A kilobyte and a half less than 16 KiB for each thread: its strip of A and a tile. */
export const SCRATCH: usize = 20480;
export const SCRATCH_BYTES: usize = 16384;

@inline
export function integer(index: usize): i32 {
  return load<i32>(INTEGERS + (index << 2));
}

@inline
export function pointer(index: usize): usize {
  return load<usize>(INTEGERS + (index << 2));
}

@inline
export function number(index: usize): f64 {
  return load<f64>(NUMBERS + (index << 3));
}
