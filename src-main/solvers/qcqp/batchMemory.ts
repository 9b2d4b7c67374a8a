import type { QcqpFamily } from '../../modelling/families/family';
import type { QcqpStatus } from './types';

/** Statuses as they are stored, one byte an instance; 0 is an instance that has not been solved. */
export const statuses: readonly (QcqpStatus | null)[] = [
  null,
  'optimal',
  'primal infeasible',
  'dual infeasible',
  'iteration limit',
  'numerical trouble',
];

/** Instances that a thread takes at a time: few enough for an even end, enough that the counter costs nothing. */
export const chunk = 4;

/** Positions in `BatchMemory.control`: the next instance to take, instances done, and whether to stop. */
export const control = { next: 0, done: 1, cancelled: 2 } as const;

/**
 * Everything that the threads of a batch share, in SharedArrayBuffers: constant inputs, and outputs of which every instance's part
 * is written by the one thread that took it. So results do not depend on the number of threads.
 */
export interface BatchMemory {
  family: QcqpFamily;
  /** The same for batches of one family: a thread keeps what it has computed for it. */
  familyKey: number;
  N: number;
  /** [N, e] */
  X: Float64Array;
  /** [N, n], [N, m], [N, e] */
  Y: Float64Array;
  inequality: Float64Array;
  equality: Float64Array;
  /** [N, n] each; empty for a family without bounds. */
  lower: Float64Array;
  upper: Float64Array;
  /** [N] each */
  objective: Float64Array;
  violation: Float64Array;
  gap: Float64Array;
  status: Uint8Array;
  control: Int32Array;
}

const shared = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length));

function share(values: Float64Array): Float64Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = shared(values.length);
  copy.set(values);
  return copy;
}

const sharedFamilies = new WeakMap<QcqpFamily, { family: QcqpFamily; familyKey: number }>();
let keys = 0;

/** A family where threads can see it. Asking twice for the same object gives the same memory. */
function shareFamily(family: QcqpFamily): { family: QcqpFamily; familyKey: number } {
  const known = sharedFamilies.get(family);
  if (known) return known;
  const { n, m, e, diagonal, Q, p, A, G, H, h, lower, upper } = family;
  const made = {
    familyKey: ++keys,
    family: {
      ...{ n, m, e, diagonal },
      ...{ Q: share(Q), p: share(p), A: share(A), G: share(G), H: share(H), h: share(h) },
      ...(lower && { lower: share(lower) }),
      ...(upper && { upper: share(upper) }),
    },
  };
  sharedFamilies.set(family, made);
  return made;
}

/** Shared memory for labelling the rows of X [N, e]. */
export function makeBatchMemory(family: QcqpFamily, X: Float64Array, N: number): BatchMemory {
  const { n, m, e, lower, upper } = family;
  const bounds = lower || upper ? N * n : 0;
  return {
    ...shareFamily(family),
    N,
    X: share(X),
    ...{ Y: shared(N * n), inequality: shared(N * m), equality: shared(N * e) },
    ...{ lower: shared(bounds), upper: shared(bounds) },
    ...{ objective: shared(N), violation: shared(N), gap: shared(N) },
    status: new Uint8Array(new SharedArrayBuffer(N)),
    control: new Int32Array(new SharedArrayBuffer(12)),
  };
}
