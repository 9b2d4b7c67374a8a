import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collector: (() => void) | null = null;

/** Collects garbage now. V8 lends its collector on request only. */
export function collectGarbage(): void {
  if (!collector) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as () => void;
  }
  collector();
}

/** Bytes of live objects and of what typed arrays hold, after a collection. */
export function liveBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes that what `make` returns keeps alive. */
export function heldBytes(make: () => unknown): number {
  const before = liveBytes();
  const held = make();
  const after = liveBytes();
  // Read after the measurement, so that it is alive during it.
  return held === undefined ? 0 : Math.max(0, after - before);
}
