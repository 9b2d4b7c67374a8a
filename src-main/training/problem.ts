import { AdjointError } from '@shared/errors';
import type { Device, Tensor } from '../numerics/devices/device';
import { fusedKernels, hasKernel } from '../numerics/ops/fused';
import { diagonalQuadratic, qcqpResidual, squaredNorm } from '../numerics/ops/qcqp';

/**
 * Parametric quadratically constrained quadratic program: data fixed, x varies from instance to instance.
 *
 *     minimise ½ yᵀQy + pᵀy   subject to   c_i(y) = yᵀH_i y + G_i y − h_i ≤ 0  (i = 1 … m),   A y = x,   l ≤ y ≤ u
 *
 * There is no factor ½ on H. Arrays are row-major: Q[n,n], p[n], A[e,n], G[m,n], h[m], and H either [m,n] (diagonals) or [m,n,n], all
 * zero where the rows are linear. Every finite bound is one more inequality row, after the m others: first l_j − y_j ≤ 0 by j,
 * then y_j − u_j ≤ 0 by j.
 */
export interface Qcqp {
  n: number;
  /** Inequality rows m, without the bounds. */
  m: number;
  /** Equality rows e, and length of x. */
  e: number;
  Q: Float64Array;
  p: Float64Array;
  A: Float64Array;
  G: Float64Array;
  H: Float64Array;
  h: Float64Array;
  /** [n], −∞ where there is none; absent where no variable has one. */
  lower?: Float64Array;
  /** [n], ∞ where there is none; absent where no variable has one. */
  upper?: Float64Array;
}

/** A finite bound as an inequality row: sign·y_j − bound ≤ 0. */
interface BoundRow {
  j: number;
  sign: 1 | -1;
  bound: number;
}

function boundRows({ lower = new Float64Array(0), upper = new Float64Array(0) }: Qcqp): BoundRow[] {
  const rows: BoundRow[] = [];
  lower.forEach((value, j) => {
    if (value > -Infinity) rows.push({ j, sign: -1, bound: -value });
  });
  upper.forEach((value, j) => {
    if (value < Infinity) rows.push({ j, sign: 1, bound: value });
  });
  return rows;
}

/** Number of inequality rows r, those of finite bounds included. */
export const inequalityCount = (problem: Qcqp): number => problem.m + boundRows(problem).length;

/** Equality rows, then inequality rows with the bounds. */
export const rowCount = (problem: Qcqp): number => problem.e + inequalityCount(problem);

/** The problem on a device, batched: y is [B,n] and x is [B,e]. */
export interface DeviceProblem {
  /** f(y), [B]. */
  objective(y: Tensor): Tensor;
  /** c(y) and the bounds, [B,r]; feasible where ≤ 0. */
  inequality(y: Tensor): Tensor;
  /** ∇_y ‖relu(c(y))‖², [B,n]. */
  violationGradient(y: Tensor): Tensor;
  /** Ay − x, [B,e]. */
  equality(y: Tensor, x: Tensor): Tensor;
  /** ‖r‖² with r = [relu(c(y)); Ay − x], [B], in one piece, where the device has a kernel for it. */
  squaredResidual?(y: Tensor, x: Tensor): Tensor;
  dispose(): void;
}

/** @throws AdjointError `invalid-dataset` naming the array whose length does not agree with the dimensions. */
export function checkQcqp(problem: Qcqp): void {
  const { n, m, e } = problem;
  const expected = { Q: n * n, p: n, A: e * n, G: m * n, h: m };
  for (const [name, length] of Object.entries(expected)) {
    const found = problem[name as keyof typeof expected].length;
    if (found !== length)
      throw new AdjointError(
        'invalid-dataset',
        `${name} has ${found} entries, but n=${n}, m=${m}, e=${e} ask for ${length}.`,
        {
          where: name,
          fix: 'Check the shapes of the dataset with “adjoint datasets show”.',
        },
      );
  }
  for (const name of ['lower', 'upper'] as const)
    if (problem[name] && problem[name].length !== n)
      throw new AdjointError('invalid-dataset', `${name} has ${problem[name].length} entries, but n=${n}.`, {
        where: name,
      });
  if (problem.H.length !== m * n && problem.H.length !== m * n * n)
    throw new AdjointError('invalid-dataset', `H has ${problem.H.length} entries: neither [m,n] nor [m,n,n].`, {
      where: 'H',
    });
}

export function deviceProblem(device: Device, problem: Qcqp): DeviceProblem {
  checkQcqp(problem);
  const { tf } = device;
  const { n, m, e } = problem;
  const dense = problem.H.length !== m * n;
  const curved = problem.H.some((value) => value !== 0);
  const bounds = boundRows(problem);
  const Q = device.tensor(problem.Q, [n, n]);
  const p = device.tensor(problem.p, [n, 1]);
  const A = device.tensor(problem.A, [e, n]);
  const H = curved ? device.tensor(problem.H, dense ? [m * n, n] : [m, n]) : null;
  // The linear part of all rows as one product: G over ±eⱼᵀ.
  const rows = m + bounds.length;
  const linear = new Float64Array(rows * n);
  linear.set(problem.G);
  bounds.forEach(({ j, sign }, i) => (linear[(m + i) * n + j] = sign));
  const G = device.tensor(linear, [rows, n]);
  const limits = Float64Array.from([...problem.h, ...bounds.map(({ bound }) => bound)]);
  const h = device.tensor(limits, [rows]);
  const diagonals = new Float64Array(rows * n);
  if (!dense) diagonals.set(problem.H);
  const fused = fusedProblem(device, { ...problem, m: rows, G: linear, H: dense ? null : diagonals, h: limits });

  /** yᵀH_i y for every row, [B,r]; bounds have none. */
  const curvature = (y: Tensor, ofRows: Tensor): Tensor => {
    const padded = (own: Tensor) => (bounds.length === 0 ? own : tf.pad(own, [[0, 0], [0, bounds.length]])); // prettier-ignore
    if (!dense) return padded(tf.matMul(tf.square(y), ofRows, false, true));
    const products = tf.reshape(tf.matMul(y, ofRows, false, true), [y.shape[0], m, n]);
    return padded(tf.sum(tf.mul(products, tf.expandDims(y, 1)), 2));
  };
  const inequality = (y: Tensor): Tensor => {
    const ofLinear = tf.matMul(y, G, false, true);
    return tf.sub(H === null ? ofLinear : tf.add(curvature(y, H), ofLinear), h);
  };

  /** Σ_i r_i H_i y for r [B,r] over all rows, [B,n]. */
  const weighted = (y: Tensor, r: Tensor, ofRows: Tensor): Tensor => {
    const own = bounds.length === 0 ? r : tf.slice(r, [0, 0], [r.shape[0], m]);
    if (!dense) return tf.mul(tf.matMul(own, ofRows), y);
    const products = tf.reshape(tf.matMul(y, ofRows, false, true), [y.shape[0], m, n]);
    return tf.sum(tf.mul(products, tf.expandDims(own, 2)), 1);
  };
  return {
    objective: (y) => {
      const quadratic = tf.sum(tf.mul(tf.matMul(y, Q, false, true), y), 1);
      return tf.add(tf.mul(quadratic, 0.5), tf.reshape(tf.matMul(y, p), [y.shape[0]]));
    },
    inequality,
    violationGradient: (y) => {
      const r = tf.relu(inequality(y));
      const ofLinear = tf.matMul(r, G);
      return tf.mul(H === null ? ofLinear : tf.add(ofLinear, tf.mul(weighted(y, r, H), 2)), 2);
    },
    equality: (y, x) => tf.sub(tf.matMul(y, A, false, true), x),
    ...fused.parts,
    dispose: () => tf.dispose([Q, p, A, G, h, ...(H ? [H] : []), ...fused.tensors]),
  };
}

/** What a device with kernels for it computes at once, where the matrices are diagonal; H is null where its are not. */
function fusedProblem(
  device: Device,
  { n, m, e, Q, p, A, G, H, h }: Omit<Qcqp, 'H'> & { H: Float64Array | null },
): { parts: Partial<Pick<DeviceProblem, 'objective' | 'squaredResidual'>>; tensors: Tensor[] } {
  const { tf } = device;
  const parts: Partial<Pick<DeviceProblem, 'objective' | 'squaredResidual'>> = {};
  const tensors: Tensor[] = [];
  const keep = (values: Float64Array, shape: number[]): Tensor => {
    const tensor = device.tensor(values, shape);
    tensors.push(tensor);
    return tensor;
  };
  if (hasKernel(tf, fusedKernels.quadratic) && isDiagonal(Q, n)) {
    const [diagonal, linear] = [
      keep(
        Q.filter((_, i) => i % (n + 1) === 0),
        [n],
      ),
      keep(p, [n]),
    ];
    parts.objective = (y) => diagonalQuadratic(tf, y, diagonal, linear);
  }
  if (hasKernel(tf, fusedKernels.qcqpResidual) && H !== null) {
    const constraints = { H: keep(H, [m, n]), GA: keep(joined(G, A), [m + e, n]), h: keep(h, [m]) };
    parts.squaredResidual = (y, x) => squaredNorm(tf, qcqpResidual(tf, y, x, constraints));
  }
  return { parts, tensors };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function isDiagonal(matrix: Float64Array, n: number): boolean {
  return matrix.every((value, i) => value === 0 || i % (n + 1) === 0);
}

/** ½ yᵀQy + pᵀy in float64; y is `values[offset … offset + n)`. */
export function objectiveAt(problem: Qcqp, values: Float64Array, offset = 0): number {
  const { n, Q, p } = problem;
  let total = 0;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let j = 0; j < n; j++) row += Q[i * n + j] * values[offset + j];
    total += values[offset + i] * (0.5 * row + p[i]);
  }
  return total;
}

/** c(y) and the bounds in float64, written to `out` (`inequalityCount` numbers). */
export function inequalityAt(problem: Qcqp, values: Float64Array, offset: number, out: Float64Array): void {
  const { n, m, G, H, h, lower, upper } = problem;
  const dense = H.length !== m * n;
  for (let i = 0; i < m; i++) {
    let total = -h[i];
    for (let j = 0; j < n; j++) {
      const y = values[offset + j];
      let curved = 0;
      if (dense) for (let k = 0; k < n; k++) curved += H[(i * n + j) * n + k] * values[offset + k];
      else curved = H[i * n + j] * y;
      total += y * (curved + G[i * n + j]);
    }
    out[i] = total;
  }
  let row = m;
  if (lower) for (let j = 0; j < n; j++) if (lower[j] > -Infinity) out[row++] = lower[j] - values[offset + j];
  if (upper) for (let j = 0; j < n; j++) if (upper[j] < Infinity) out[row++] = values[offset + j] - upper[j];
}

/** Ay − x in float64, written to `out` (e numbers); x is `X[xOffset … xOffset + e)`. */
export function equalityAt(
  problem: Qcqp,
  values: Float64Array,
  offset: number,
  X: Float64Array,
  xOffset: number,
  out: Float64Array,
): void {
  const { n, e, A } = problem;
  for (let i = 0; i < e; i++) {
    let total = -X[xOffset + i];
    for (let j = 0; j < n; j++) total += A[i * n + j] * values[offset + j];
    out[i] = total;
  }
}
