import { AdjointError } from '@shared/errors';
import { dot } from '../../numerics/linalg/products';
import { factorRowSpace, leastNorm } from '../../numerics/linalg/rowSpace';
import type { Qcqp } from '../problem';

/**
 * Completion: n − e free numbers z determine y by Ay = x. With the columns of A parted into e dependent ones, o, and the free ones p,
 *
 *     y_p = z,   y_o = A_o⁻¹(x − A_p z),   together y = Tz + Bx.
 *
 * (Donti, Rolnick & Kolter, DC3, ICLR 2021, §3.1.) The dependent columns are those that Householder QR of A with column pivoting takes
 * first: each the longest of what the ones before it leave, so that A_o is as well conditioned as a greedy choice makes it.
 */
export interface Completion {
  /** Variables in their order: those that the network gives, n − e, and those that follow, e. */
  free: Int32Array;
  dependent: Int32Array;
  /** T [n, n − e] and B [n, e], row-major. */
  T: Float64Array;
  B: Float64Array;
}

/** @throws AdjointError `invalid-dataset` if A has no full row rank */
export function makeCompletion({ n, e, A }: Pick<Qcqp, 'n' | 'e' | 'A'>): Completion {
  const columns = new Float64Array(n * e);
  for (let i = 0; i < e; i++) for (let j = 0; j < n; j++) columns[j * e + i] = A[i * n + j];
  const { order, rank } = factorRowSpace(columns, n, e);
  if (rank < e)
    throw new AdjointError('invalid-dataset', `A has ${e} rows but only rank ${rank}.`, {
      where: 'A',
      fix: 'Leave out the rows that depend on others.',
    });
  const dependent = order.slice(0, e).toSorted();
  const free = order.slice(e).toSorted();
  const square = new Float64Array(e * e);
  for (let i = 0; i < e; i++) for (let k = 0; k < e; k++) square[i * e + k] = A[i * n + dependent[k]];
  // A_o is square and regular: its least-norm solutions are its solutions.
  const space = factorRowSpace(square, e, e);
  const k = n - e;
  const [T, B] = [new Float64Array(n * k), new Float64Array(n * e)];
  const [side, solution] = [new Float64Array(e), new Float64Array(e)];
  /** to[·, column] ← the solution of A_o y_o = s on the dependent variables. */
  const solveInto = (to: Float64Array, width: number, column: number) => {
    leastNorm(space, side, 0, solution);
    dependent.forEach((variable, i) => (to[variable * width + column] = solution[i]));
  };
  free.forEach((variable, column) => {
    T[variable * k + column] = 1;
    for (let i = 0; i < e; i++) side[i] = -A[i * n + variable];
    solveInto(T, k, column);
  });
  for (let i = 0; i < e; i++) {
    side.fill(0);
    side[i] = 1;
    solveInto(B, e, i);
  }
  return { free, dependent, T, B };
}

/** y ← Tz + Bx for z = `Z[zAt …]` and x = `X[xAt …]`. */
export function complete(
  { free, dependent, T, B }: Completion,
  Z: Float64Array,
  zAt: number,
  X: Float64Array,
  xAt: number,
  y: Float64Array,
): void {
  const [k, e] = [free.length, dependent.length];
  for (let j = 0; j < k + e; j++) y[j] = dot(k, T, j * k, Z, zAt) + dot(e, B, j * e, X, xAt);
}

/** M·W [rows, width] for M [rows, n] and W [n, width]. */
export function times(rows: number, n: number, width: number, M: Float64Array, W: Float64Array): Float64Array {
  const result = new Float64Array(rows * width);
  const column = new Float64Array(n);
  for (let c = 0; c < width; c++) {
    for (let j = 0; j < n; j++) column[j] = W[j * width + c];
    for (let i = 0; i < rows; i++) result[i * width + c] = dot(n, M, i * n, column, 0);
  }
  return result;
}
