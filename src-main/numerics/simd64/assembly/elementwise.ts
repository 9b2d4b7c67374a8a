// Functions of one and of two arrays, entry by entry. The last entry of an odd length is computed as a pair of equal ones.
import { integer, number, pointer } from './layout';
import { expPair } from './exp';

/** Entries of one item where nothing is broadcast by rows. `../kernels/elementwise.ts` knows it. */
const CHUNK: i32 = 8192;

// Kinds of functions of two numbers, as in `../operations.ts`.
const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MASK: i32 = 4;
const MAX: i32 = 5;
const MIN: i32 = 6;
const SQUARED_DIFFERENCE: i32 = 7;

// Kinds of functions of one number.
const RELU: i32 = 0;
const SQUARE: i32 = 1;
const NEG: i32 = 2;
const SQRT: i32 = 3;
const ABS: i32 = 4;
const STEP: i32 = 5;
const EXP: i32 = 6;
const SIGMOID: i32 = 7;
const RECIPROCAL: i32 = 8;

/** Integers: 0 kind, 1 rows, 2 columns, 3 a, 4 row of a in numbers, 5 step of a (0 or 1), 6–8 the same of b, 9 result, 10 rows an item. */
export function binaryRows(item: i32): void {
  const columns = integer(2);
  const first = item * integer(10);
  const last = min(first + integer(10), integer(1));
  for (let i = first; i < last; i++) {
    const a = pointer(3) + (<usize>(i * integer(4)) << 3);
    const b = pointer(6) + (<usize>(i * integer(7)) << 3);
    line(integer(0), columns, a, integer(5), b, integer(8), pointer(9) + (<usize>(i * columns) << 3));
  }
}

/** Integers: 0 kind, 1 entries, 3 a, 5 step of a (0 or 1), 6 b, 8 step of b, 9 result. */
export function binaryFlat(item: i32): void {
  const first = item * CHUNK;
  const at = <usize>first << 3;
  const a = pointer(3) + (integer(5) ? at : 0);
  const b = pointer(6) + (integer(8) ? at : 0);
  line(integer(0), min(CHUNK, integer(1) - first), a, integer(5), b, integer(8), pointer(9) + at);
}

function line(kind: i32, n: i32, a: usize, stepA: i32, b: usize, stepB: i32, out: usize): void {
  switch (kind) {
    case ADD:
      return loop(ADD, n, a, stepA, b, stepB, out);
    case SUB:
      return loop(SUB, n, a, stepA, b, stepB, out);
    case MUL:
      return loop(MUL, n, a, stepA, b, stepB, out);
    case DIV:
      return loop(DIV, n, a, stepA, b, stepB, out);
    case MASK:
      return loop(MASK, n, a, stepA, b, stepB, out);
    case MAX:
      return loop(MAX, n, a, stepA, b, stepB, out);
    case MIN:
      return loop(MIN, n, a, stepA, b, stepB, out);
    default:
      return loop(SQUARED_DIFFERENCE, n, a, stepA, b, stepB, out);
  }
}

@inline
function two(kind: i32, x: v128, y: v128): v128 {
  if (kind == ADD) return f64x2.add(x, y);
  if (kind == SUB) return f64x2.sub(x, y);
  if (kind == MUL) return f64x2.mul(x, y);
  if (kind == DIV) return f64x2.div(x, y);
  if (kind == MASK) return v128.and(x, f64x2.gt(y, f64x2.splat(0)));
  if (kind == MAX) return f64x2.max(x, y);
  if (kind == MIN) return f64x2.min(x, y);
  const difference = f64x2.sub(x, y);
  return f64x2.mul(difference, difference);
}

@inline
function loop(kind: i32, n: i32, a: usize, stepA: i32, b: usize, stepB: i32, out: usize): void {
  const end = out + ((<usize>n & ~1) << 3);
  if (stepA && stepB)
    while (out < end) {
      v128.store(out, two(kind, v128.load(a), v128.load(b)));
      a += 16;
      b += 16;
      out += 16;
    }
  else if (stepA) {
    const y = v128.load64_splat(b);
    while (out < end) {
      v128.store(out, two(kind, v128.load(a), y));
      a += 16;
      out += 16;
    }
  } else {
    const x = v128.load64_splat(a);
    while (out < end) {
      v128.store(out, two(kind, x, v128.load(b)));
      if (stepB) b += 16;
      out += 16;
    }
  }
  if (n & 1) v128.store64_lane(out, two(kind, v128.load64_splat(a), v128.load64_splat(b)), 0);
}

/** Integers: 0 kind, 1 entries, 2 x, 3 result; numbers: 0 the value of a step at or below zero. */
export function unary(item: i32): void {
  const first = item * CHUNK;
  const at = <usize>first << 3;
  const n = min(CHUNK, integer(1) - first);
  const x = pointer(2) + at;
  const out = pointer(3) + at;
  switch (integer(0)) {
    case RELU:
      return map(RELU, n, x, out);
    case SQUARE:
      return map(SQUARE, n, x, out);
    case NEG:
      return map(NEG, n, x, out);
    case SQRT:
      return map(SQRT, n, x, out);
    case ABS:
      return map(ABS, n, x, out);
    case STEP:
      return map(STEP, n, x, out);
    case EXP:
      return map(EXP, n, x, out);
    case SIGMOID:
      return map(SIGMOID, n, x, out);
    default:
      return map(RECIPROCAL, n, x, out);
  }
}

@inline
function one(kind: i32, x: v128): v128 {
  if (kind == RELU) return f64x2.max(x, f64x2.splat(0));
  if (kind == SQUARE) return f64x2.mul(x, x);
  if (kind == NEG) return f64x2.neg(x);
  if (kind == SQRT) return f64x2.sqrt(x);
  if (kind == ABS) return f64x2.abs(x);
  if (kind == STEP) {
    const positive = v128.bitselect(f64x2.splat(1), f64x2.splat(number(0)), f64x2.gt(x, f64x2.splat(0)));
    return v128.bitselect(positive, x, f64x2.eq(x, x));
  }
  if (kind == EXP) return expPair(x);
  if (kind == SIGMOID) {
    const unit = f64x2.splat(1);
    return f64x2.div(unit, f64x2.add(unit, expPair(f64x2.neg(x))));
  }
  return f64x2.div(f64x2.splat(1), x);
}

@inline
function map(kind: i32, n: i32, x: usize, out: usize): void {
  const end = out + ((<usize>n & ~1) << 3);
  while (out < end) {
    v128.store(out, one(kind, v128.load(x)));
    x += 16;
    out += 16;
  }
  if (n & 1) v128.store64_lane(out, one(kind, v128.load64_splat(x)), 0);
}
