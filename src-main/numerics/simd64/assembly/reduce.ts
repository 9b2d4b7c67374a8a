// Sums. Each is taken in an order that depends on the shape only.
import { integer, pointer } from './layout';

/** Columns that are summed together; `../operations.ts` knows it. */
const COLUMNS: i32 = 64;

/** Sums of contiguous rows. Integers: 0 rows, 1 length, 2 x, 3 result, 4 rows an item. */
export function sumRows(item: i32): void {
  const length = integer(1);
  const first = item * integer(4);
  const last = min(first + integer(4), integer(0));
  for (let i = first; i < last; i++)
    store<f64>(pointer(3) + ((<usize>i) << 3), sum(pointer(2) + ((<usize>(i * length)) << 3), length));
}

function sum(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at = x;
  const end = x + (((<usize>n) & ~7) << 3);
  while (at < end) {
    s0 = f64x2.add(s0, v128.load(at));
    s1 = f64x2.add(s1, v128.load(at, 16));
    s2 = f64x2.add(s2, v128.load(at, 32));
    s3 = f64x2.add(s3, v128.load(at, 48));
    at += 64;
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  const stop = x + ((<usize>n) << 3);
  while (at < stop) {
    total += load<f64>(at);
    at += 8;
  }
  return total;
}

/** Sums over the middle axis of [outer, length, inner]. Integers: 0 outer, 1 length, 2 x, 3 result, 4 inner, 5 blocks of columns. */
export function sumColumns(item: i32): void {
  const length = integer(1);
  const inner = integer(4);
  const outer = item / integer(5);
  const column = (item % integer(5)) * COLUMNS;
  const width = min(COLUMNS, inner - column);
  const x = pointer(2) + ((<usize>(outer * length * inner + column)) << 3);
  const out = pointer(3) + ((<usize>(outer * inner + column)) << 3);
  memory.fill(out, 0, (<usize>width) << 3);
  for (let k = 0; k < length; k++) {
    const row = x + ((<usize>(k * inner)) << 3);
    let j = 0;
    for (; j + 2 <= width; j += 2) {
      const at = out + ((<usize>j) << 3);
      v128.store(at, f64x2.add(v128.load(at), v128.load(row + ((<usize>j) << 3))));
    }
    if (j < width) {
      const at = out + ((<usize>j) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(row + ((<usize>j) << 3)));
    }
  }
}
