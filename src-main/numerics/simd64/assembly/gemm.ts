// C = φ(op(A) op(B) + initial value), float64, row-major: the usual packed scheme (Goto & van de Geijn, 2008) with tiles of 6 × 4.
// Every entry of C is one chain of multiply-adds over k in ascending order, whatever tile or thread computes it: results depend neither
// on the number of threads nor on how the matrix is cut.
import { integer, pointer, PREPARED } from './layout';
import { madd } from './madd';
import { awaitCount } from './wait';

const MR: i32 = 6;
const NR: i32 = 4;
/** Depth of a block: a strip of A (6 × 256) and a strip of B (256 × 4) stay in the first-level cache together. */
const KC: i32 = 256;
/** Strips of B that are packed as one item. */
const PACK_STRIPS: i32 = 8;

// Integers: 0 transposed A, 1 transposed B, 2 M, 3 N, 4 K, 5 A, 6 row of A in numbers, 7 B, 8 row of B, 9 C, 10 row of C, 11 packed B,
// 12 start (0: the bias or zero, 1: what C holds), 13 bias or 0, 14 activation (0: none, 1: relu), 15 parts of N, 16 items of the first phase

/** Where this thread packs its strip of A; behind it a tile for edges. */
let stripA: usize = 0;
let tile: usize = 0;

export function useScratch(at: usize): void {
  stripA = at;
  tile = at + <usize>(MR * KC * 8);
}

/** The items of a product: first those that pack B, then the strips of C, which wait for them. */
export function multiply(item: i32): void {
  const packing = integer(16);
  if (item < packing) {
    packB(item);
    if (atomic.add<i32>(PREPARED, 1) + 1 == packing) atomic.notify(PREPARED, -1);
    return;
  }
  awaitCount(PREPARED, packing);
  multiplyStrip(item - packing);
}

/** Packs strips of B: strip s holds op(B)[k][4s … 4s+3] for ascending k, with zeros beyond N. */
function packB(item: i32): void {
  const N = integer(3);
  const K = integer(4);
  const strips = (N + NR - 1) / NR;
  const first = item * PACK_STRIPS;
  const last = min(first + PACK_STRIPS, strips);
  for (let strip = first; strip < last; strip++) packStripB(strip, N, K);
}

function packStripB(strip: i32, N: i32, K: i32): void {
  const row = (<usize>integer(8)) << 3;
  const from = strip * NR;
  const width = min(NR, N - from);
  let to = pointer(11) + ((<usize>strip * <usize>K * NR) << 3);
  if (integer(1)) {
    // op(B)[k][j] = B[j][k]: rows of B are columns here.
    let at = pointer(7) + <usize>from * row;
    if (width == NR) {
      const r1 = row;
      const r2 = row + row;
      const r3 = r2 + row;
      for (let k = 0; k < K; k++) {
        store<f64>(to, load<f64>(at));
        store<f64>(to, load<f64>(at + r1), 8);
        store<f64>(to, load<f64>(at + r2), 16);
        store<f64>(to, load<f64>(at + r3), 24);
        at += 8;
        to += 32;
      }
    } else
      for (let k = 0; k < K; k++) {
        for (let j = 0; j < NR; j++) store<f64>(to + ((<usize>j) << 3), j < width ? load<f64>(at + <usize>j * row) : 0);
        at += 8;
        to += 32;
      }
  } else {
    let at = pointer(7) + ((<usize>from) << 3);
    if (width == NR)
      for (let k = 0; k < K; k++) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        at += row;
        to += 32;
      }
    else
      for (let k = 0; k < K; k++) {
        for (let j = 0; j < NR; j++)
          store<f64>(to + ((<usize>j) << 3), j < width ? load<f64>(at + ((<usize>j) << 3)) : 0);
        at += row;
        to += 32;
      }
  }
}

/** Packs rows `from … from+5` of op(A), columns `k0 … k0+depth-1`, k-major, with zeros beyond M. */
function packA(from: i32, k0: i32, depth: i32): void {
  const row = (<usize>integer(6)) << 3;
  const height = min(MR, integer(2) - from);
  let to = stripA;
  if (integer(0)) {
    // op(A)[i][k] = A[k][i]: six neighbours.
    let at = pointer(5) + <usize>k0 * row + ((<usize>from) << 3);
    if (height == MR)
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        v128.store(to, v128.load(at, 32), 32);
        at += row;
        to += 48;
      }
    else
      for (let k = 0; k < depth; k++) {
        for (let i = 0; i < MR; i++)
          store<f64>(to + ((<usize>i) << 3), i < height ? load<f64>(at + ((<usize>i) << 3)) : 0);
        at += row;
        to += 48;
      }
    return;
  }
  const at = pointer(5) + <usize>from * row + ((<usize>k0) << 3);
  if (height < MR) {
    for (let k = 0; k < depth; k++) {
      for (let i = 0; i < MR; i++)
        store<f64>(to + ((<usize>i) << 3), i < height ? load<f64>(at + <usize>i * row + ((<usize>k) << 3)) : 0);
      to += 48;
    }
    return;
  }
  let a0 = at;
  let a1 = a0 + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let a4 = a3 + row;
  let a5 = a4 + row;
  let k = 0;
  for (; k + 2 <= depth; k += 2) {
    const x0 = v128.load(a0);
    const x1 = v128.load(a1);
    const x2 = v128.load(a2);
    const x3 = v128.load(a3);
    const x4 = v128.load(a4);
    const x5 = v128.load(a5);
    v128.store(to, v128.shuffle<f64>(x0, x1, 0, 2));
    v128.store(to, v128.shuffle<f64>(x2, x3, 0, 2), 16);
    v128.store(to, v128.shuffle<f64>(x4, x5, 0, 2), 32);
    v128.store(to, v128.shuffle<f64>(x0, x1, 1, 3), 48);
    v128.store(to, v128.shuffle<f64>(x2, x3, 1, 3), 64);
    v128.store(to, v128.shuffle<f64>(x4, x5, 1, 3), 80);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    a4 += 16;
    a5 += 16;
    to += 96;
  }
  if (k < depth) {
    store<f64>(to, load<f64>(a0));
    store<f64>(to, load<f64>(a1), 8);
    store<f64>(to, load<f64>(a2), 16);
    store<f64>(to, load<f64>(a3), 24);
    store<f64>(to, load<f64>(a4), 32);
    store<f64>(to, load<f64>(a5), 40);
  }
}

/** Six rows of C, in one of the parts that its columns are cut into. */
function multiplyStrip(item: i32): void {
  const N = integer(3);
  const K = integer(4);
  const parts = integer(15);
  const from = (item / parts) * MR;
  const part = item % parts;
  const height = min(MR, integer(2) - from);
  const strips = (N + NR - 1) / NR;
  const firstStrip = (strips * part) / parts;
  const lastStrip = (strips * (part + 1)) / parts;
  const rowC = (<usize>integer(10)) << 3;
  const C = pointer(9) + <usize>from * rowC;
  const bias = pointer(13);
  let k0 = 0;
  do {
    const depth = min(KC, K - k0);
    packA(from, k0, depth);
    const begins = k0 == 0 && integer(12) == 0;
    const rectified = integer(14) == 1 && k0 + depth == K;
    for (let strip = firstStrip; strip < lastStrip; strip++) {
      const column = strip * NR;
      const B = pointer(11) + ((<usize>strip * <usize>K * NR + <usize>k0 * NR) << 3);
      const c = C + ((<usize>column) << 3);
      const width = min(NR, N - column);
      const start = bias == 0 ? 0 : bias + (<usize>column << 3);
      if (height == MR && width == NR) multiplyTile(depth, B, c, rowC, begins, start, rectified);
      else {
        copyTile(c, rowC, tile, NR << 3, height, width, begins);
        multiplyTile(depth, B, tile, NR << 3, begins, start, rectified);
        copyTile(tile, NR << 3, c, rowC, height, width, false);
      }
    }
    k0 += depth;
  } while (k0 < K);
}

/** Copies the part of a tile that lies within C; `skip` says that there is nothing in it yet. */
function copyTile(from: usize, fromRow: usize, to: usize, toRow: usize, height: i32, width: i32, skip: bool): void {
  if (skip) return;
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      store<f64>(to + <usize>i * toRow + ((<usize>j) << 3), load<f64>(from + <usize>i * fromRow + ((<usize>j) << 3)));
}

/**
 * c[6][4] (+)= strip of A · strip of B. The chains of multiply-adds begin with what c holds or, if nothing yet, with the bias of the column
 * (beyond the last column: with whatever lies there, which goes nowhere).
 */
function multiplyTile(
  depth: i32,
  B: usize,
  c: usize,
  row: usize,
  begins: bool,
  bias: usize,
  rectified: bool,
): void {
  let a = stripA;
  let b = B;
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  if (begins) {
    if (bias != 0) {
      c00 = v128.load(bias);
      c01 = v128.load(bias, 16);
      c10 = c00;
      c11 = c01;
      c20 = c00;
      c21 = c01;
      c30 = c00;
      c31 = c01;
      c40 = c00;
      c41 = c01;
      c50 = c00;
      c51 = c01;
    }
  } else {
    let at = c;
    c00 = v128.load(at);
    c01 = v128.load(at, 16);
    at += row;
    c10 = v128.load(at);
    c11 = v128.load(at, 16);
    at += row;
    c20 = v128.load(at);
    c21 = v128.load(at, 16);
    at += row;
    c30 = v128.load(at);
    c31 = v128.load(at, 16);
    at += row;
    c40 = v128.load(at);
    c41 = v128.load(at, 16);
    at += row;
    c50 = v128.load(at);
    c51 = v128.load(at, 16);
  }
  const end = a + <usize>depth * 48;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load64_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load64_splat(a, 8);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load64_splat(a, 16);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load64_splat(a, 24);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load64_splat(a, 32);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load64_splat(a, 40);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
    a += 48;
    b += 32;
  }
  if (rectified) {
    const zero = f64x2.splat(0);
    c00 = f64x2.max(c00, zero);
    c01 = f64x2.max(c01, zero);
    c10 = f64x2.max(c10, zero);
    c11 = f64x2.max(c11, zero);
    c20 = f64x2.max(c20, zero);
    c21 = f64x2.max(c21, zero);
    c30 = f64x2.max(c30, zero);
    c31 = f64x2.max(c31, zero);
    c40 = f64x2.max(c40, zero);
    c41 = f64x2.max(c41, zero);
    c50 = f64x2.max(c50, zero);
    c51 = f64x2.max(c51, zero);
  }
  let at = c;
  v128.store(at, c00);
  v128.store(at, c01, 16);
  at += row;
  v128.store(at, c10);
  v128.store(at, c11, 16);
  at += row;
  v128.store(at, c20);
  v128.store(at, c21, 16);
  at += row;
  v128.store(at, c30);
  v128.store(at, c31, 16);
  at += row;
  v128.store(at, c40);
  v128.store(at, c41, 16);
  at += row;
  v128.store(at, c50);
  v128.store(at, c51, 16);
}
