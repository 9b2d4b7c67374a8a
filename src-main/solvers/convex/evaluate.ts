import { addProduct, addTransposedCompensated, compensatedDot } from '../../numerics/linalg/compensated';
import { dot, multiply } from '../../numerics/linalg/products';
import type { ConvexProblem, SecondOrderRow, SymmetricMatrix } from './problem';

/** to [n] ← Mx */
export function timesSymmetric(n: number, matrix: SymmetricMatrix, x: Float64Array, to: Float64Array): void {
  if (matrix === null) to.fill(0);
  else if (matrix.kind === 'diagonal') for (let j = 0; j < n; j++) to[j] = matrix.values[j] * x[j];
  else multiply(n, n, matrix.values, x, to);
}

/** to [n, n] ← to + factor·M */
export function addSymmetric(n: number, matrix: SymmetricMatrix, factor: number, to: Float64Array): void {
  if (matrix === null || factor === 0) return;
  const { kind, values } = matrix;
  if (kind === 'diagonal') for (let j = 0; j < n; j++) to[j * (n + 1)] += factor * values[j];
  else for (let k = 0; k < n * n; k++) to[k] += factor * values[k];
}

/** f(y) = ½yᵀQy + pᵀy */
export function objectiveAt({ n, Q, p }: ConvexProblem, y: Float64Array): number {
  const product = new Float64Array(n);
  timesSymmetric(n, Q, y, product);
  return compensatedDot(n, p, 0, y, 0, 0.5 * compensatedDot(n, product, 0, y, 0));
}

/** A sum in twice the working precision by entries, and what its terms add up to in magnitude. */
export interface AccurateVector {
  high: Float64Array;
  low: Float64Array;
  size: Float64Array;
}

export const accurateVector = (n: number): AccurateVector => ({
  high: new Float64Array(n),
  low: new Float64Array(n),
  size: new Float64Array(n),
});

export const rounded = ({ high, low }: AccurateVector): Float64Array => high.map((value, j) => value + low[j]);

/** to ← to + factor·Mx */
export function addSymmetricTimes(
  n: number,
  matrix: SymmetricMatrix,
  factor: number,
  x: Float64Array,
  to: AccurateVector,
): void {
  if (matrix === null || factor === 0) return;
  const { kind, values } = matrix;
  if (kind === 'diagonal')
    for (let j = 0; j < n; j++) {
      addProduct(to.high, to.low, j, factor * values[j], x[j]);
      to.size[j] += Math.abs(factor * values[j] * x[j]);
    }
  else
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        addProduct(to.high, to.low, i, factor * values[i * n + j], x[j]);
        to.size[i] += Math.abs(factor * values[i * n + j] * x[j]);
      }
}

/** to ← to + factor·Mᵀx for M [rows, n] */
export function addRows(rows: number, n: number, m: Float64Array, x: Float64Array, to: AccurateVector): void {
  addTransposedCompensated(rows, n, m, x, 1, to.high, to.low);
  for (let i = 0; i < rows; i++)
    if (x[i] !== 0) for (let j = 0; j < n; j++) to.size[j] += Math.abs(x[i] * m[i * n + j]);
}

/** ∇f = Qy + p */
export function gradientAt({ n, Q, p }: ConvexProblem, y: Float64Array): AccurateVector {
  const to = accurateVector(n);
  for (let j = 0; j < n; j++) {
    to.high[j] = p[j];
    to.size[j] = Math.abs(p[j]);
  }
  addSymmetricTimes(n, Q, 1, y, to);
  return to;
}

/** A row's value, and what its terms add up to in magnitude. */
export interface RowValue {
  value: number;
  size: number;
}

/** A_iy − b_i */
export function equalityAt({ n, A, b }: ConvexProblem, i: number, y: Float64Array): RowValue {
  return { value: compensatedDot(n, A, i * n, y, 0, -b[i]), size: Math.abs(b[i]) + absoluteDot(n, A, i * n, y) };
}

/** c_i(y) = yᵀH_iy + G_iᵀy − h_i */
export function inequalityAt({ n, G, H, h }: ConvexProblem, i: number, y: Float64Array): RowValue {
  let value = -h[i];
  let size = Math.abs(h[i]) + absoluteDot(n, G, i * n, y);
  const matrix = H[i];
  if (matrix !== null) {
    const product = new Float64Array(n);
    if (matrix.kind === 'diagonal') for (let j = 0; j < n; j++) product[j] = matrix.values[j] * y[j];
    else for (let j = 0; j < n; j++) product[j] = compensatedDot(n, matrix.values, j * n, y, 0);
    for (let j = 0; j < n; j++) size += Math.abs(product[j] * y[j]);
    // Linear and curved part cancel in an active row: both are added up in one sum.
    const both = new Float64Array(2 * n);
    const twice = new Float64Array(2 * n);
    both.set(product);
    both.set(G.subarray(i * n, (i + 1) * n), n);
    twice.set(y);
    twice.set(y, n);
    return { value: compensatedDot(2 * n, both, 0, twice, 0, value), size };
  }
  value = compensatedDot(n, G, i * n, y, 0, value);
  return { value, size };
}

/** ∇c_i = 2H_iy + G_i into to[at …] */
export function inequalityGradient(
  { n, G, H }: ConvexProblem,
  i: number,
  y: Float64Array,
  to: Float64Array,
  at: number,
): void {
  const matrix = H[i];
  if (matrix === null) {
    to.set(G.subarray(i * n, (i + 1) * n), at);
    return;
  }
  const { kind, values } = matrix;
  for (let j = 0; j < n; j++) {
    const product = kind === 'diagonal' ? values[j] * y[j] : compensatedDot(n, values, j * n, y, 0);
    to[at + j] = 2 * product + G[i * n + j];
  }
}

/** A second-order row at y: r = Fy + g, ρ = ‖r‖, t = cᵀy + d, value ρ − t. */
export interface SecondOrderValue extends RowValue {
  r: Float64Array;
  rho: number;
  t: number;
}

export function secondOrderAt(row: SecondOrderRow, n: number, y: Float64Array): SecondOrderValue {
  const r = Float64Array.from(row.g, (g, i) => compensatedDot(n, row.F, i * n, y, 0, g));
  const rho = Math.hypot(...r);
  const t = compensatedDot(n, row.c, 0, y, 0, row.d);
  let size = Math.abs(row.d) + absoluteDot(n, row.c, 0, y);
  for (let i = 0; i < row.k; i++) size += Math.abs(row.g[i]) + absoluteDot(n, row.F, i * n, y);
  return { r, rho, t, value: rho - t, size };
}

/** ∇(‖Fy + g‖ − cᵀy − d) = Fᵀr/ρ − c into to[at …], for ρ > 0. */
export function secondOrderGradient(
  row: SecondOrderRow,
  n: number,
  { r, rho }: SecondOrderValue,
  to: Float64Array,
  at: number,
): void {
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < row.k; i++) sum += row.F[i * n + j] * r[i];
    to[at + j] = sum / rho - row.c[j];
  }
}

function absoluteDot(length: number, x: Float64Array, at: number, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.abs(x[at + i] * y[i]);
  return sum;
}

/** yᵀMy */
export function quadraticForm(n: number, matrix: SymmetricMatrix, y: Float64Array): number {
  const product = new Float64Array(n);
  timesSymmetric(n, matrix, y, product);
  return dot(n, product, 0, y, 0);
}
