// Work is cut into items that any thread may take, in order. A thread that is late or asleep takes none and nobody waits for it; an item
// always computes the same numbers, whoever takes it.
import { CLAIMED, EPOCH, FINISHED, ITEMS, OPERATION, PREPARED, SCRATCH, SCRATCH_BYTES } from './layout';
import { useScratch } from './gemm';
import { runItem } from './operations';
import { awaitCount, SPINS } from './wait';

/** No command: nothing can be claimed. */
const CLOSED: i64 = -1;

/** To be called once in every thread; 0 is the main one. */
export function begin(thread: i32): void {
  useScratch(SCRATCH + <usize>thread * SCRATCH_BYTES);
}

/** Does a command whose arguments have been written, here and, if `shared`, in every thread that is awake in time. */
export function execute(operation: i32, items: i32, shared: bool): void {
  if (!shared) {
    store<i32>(PREPARED, 0);
    for (let item = 0; item < items; item++) runItem(operation, item);
    return;
  }
  store<i32>(OPERATION, operation);
  store<i32>(ITEMS, items);
  atomic.store<i32>(FINISHED, 0);
  atomic.store<i32>(PREPARED, 0);
  const epoch = atomic.load<i32>(EPOCH) + 1;
  atomic.store<i64>(CLAIMED, (<i64>(<u32>epoch)) << 32);
  atomic.store<i32>(EPOCH, epoch);
  atomic.notify(EPOCH, -1);
  participate(epoch);
  awaitCount(FINISHED, items);
  // From here on a late thread finds nothing to claim, and may read arguments that are being written without harm.
  atomic.store<i64>(CLAIMED, CLOSED);
}

/** Takes items of a command until there are none left. */
function participate(epoch: i32): void {
  const operation = load<i32>(OPERATION);
  const items = load<i32>(ITEMS);
  for (;;) {
    const claimed = atomic.load<i64>(CLAIMED);
    if (<i32>(claimed >> 32) != epoch || claimed == CLOSED) return;
    const item = <i32>claimed;
    if (item >= items) return;
    if (atomic.cmpxchg<i64>(CLAIMED, claimed, claimed + 1) != claimed) continue;
    runItem(operation, item);
    if (atomic.add<i32>(FINISHED, 1) + 1 == items) atomic.notify(FINISHED, -1);
  }
}

/** What a thread does all its life. */
export function serve(thread: i32): void {
  begin(thread);
  let seen = atomic.load<i32>(EPOCH);
  for (;;) {
    let spins = 0;
    while (atomic.load<i32>(EPOCH) == seen) if (++spins > SPINS) atomic.wait<i32>(EPOCH, seen, -1);
    seen = atomic.load<i32>(EPOCH);
    participate(seen);
  }
}
