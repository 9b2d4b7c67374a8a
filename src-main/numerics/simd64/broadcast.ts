/** How one operand is read when the result is seen as [rows, columns]: numbers from row to row, 1 or 0 from column to column. */
export interface Strides {
  row: number;
  step: 0 | 1;
}

export interface BroadcastPlan {
  rows: number;
  columns: number;
  a: Strides;
  b: Strides;
}

/**
 * The result of a broadcast operation as a matrix of which each operand is the whole, one row, one column, or one number; null if there is
 * no such view (the operands repeat along axes that do not lie together).
 */
export function planBroadcast(
  a: readonly number[],
  b: readonly number[],
  out: readonly number[],
): BroadcastPlan | null {
  const [paddedA, paddedB] = [pad(a, out.length), pad(b, out.length)];
  for (let split = 0; split <= out.length; split++) {
    const rows = product(out, 0, split);
    const columns = product(out, split, out.length);
    const stridesA = strides(paddedA, out, split, columns);
    const stridesB = strides(paddedB, out, split, columns);
    if (stridesA && stridesB) return { rows, columns, a: stridesA, b: stridesB };
  }
  return null;
}

function strides(shape: readonly number[], out: readonly number[], split: number, columns: number): Strides | null {
  const down = extent(shape, out, 0, split);
  const across = extent(shape, out, split, out.length);
  if (down === null || across === null) return null;
  return { row: down === 'whole' ? (across === 'whole' ? columns : 1) : 0, step: across === 'whole' ? 1 : 0 };
}

/** Whether the operand has all of these axes or repeats along all of them; null if it does now this, now that. */
function extent(
  shape: readonly number[],
  out: readonly number[],
  from: number,
  to: number,
): 'whole' | 'repeated' | null {
  let whole = true;
  let repeated = true;
  for (let axis = from; axis < to; axis++) {
    if (shape[axis] !== out[axis]) whole = false;
    if (shape[axis] !== 1) repeated = false;
  }
  return whole ? 'whole' : repeated ? 'repeated' : null;
}

const pad = (shape: readonly number[], rank: number): number[] => [
  ...Array<number>(rank - shape.length).fill(1),
  ...shape,
];

export function product(shape: readonly number[], from = 0, to = shape.length): number {
  let result = 1;
  for (let axis = from; axis < to; axis++) result *= shape[axis];
  return result;
}
