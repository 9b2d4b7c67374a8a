import { cholesky, solveCholesky } from '../../numerics/linalg/cholesky';
import { dot } from '../../numerics/linalg/products';

/** minimise ½yᵀQy + pᵀy subject to low ≤ Ay ≤ high, Q positive semidefinite. Equality rows have low = high. */
export interface RowQp {
  n: number;
  rows: number;
  /** [n, n], [rows, n], row-major; only read. */
  Q: Float64Array;
  A: Float64Array;
}

export interface AdmmSettings {
  maxIterations: number;
  /** Absolute and relative tolerance of both residuals. */
  tolerance: number;
  /** Relaxation α. */
  relaxation: number;
  /** Proximal weight σ of y. */
  sigma: number;
  /** First step size ρ of inequality rows; equality rows have a thousand times as much. */
  rho: number;
  /** Iterations between adaptations of ρ, each of which costs a factorisation; 0 for none. */
  adaptEvery: number;
  /** Iterations between looks at the residuals, which cost as much as an iteration. */
  checkEvery: number;
}

export const defaultAdmmSettings: AdmmSettings = {
  maxIterations: 10_000,
  tolerance: 1e-6,
  relaxation: 1.6,
  sigma: 1e-6,
  rho: 0.1,
  adaptEvery: 50,
  checkEvery: 10,
};

export interface Admm {
  readonly data: RowQp;
  readonly settings: AdmmSettings;
  readonly p: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly y: Float64Array;
  readonly sparse: SparseRows;
  /** Copy of Ay that satisfies the rows, and multipliers of the rows, [rows]. */
  readonly z: Float64Array;
  readonly multipliers: Float64Array;
  /** Cholesky factor of Q + σI + AᵀRA. */
  readonly factor: Float64Array;
  readonly work: { y: Float64Array; Ay: Float64Array };
  rho: number;
  factored: number;
  primalResidual: number;
  dualResidual: number;
  /** What the residuals are relative to. */
  primalSize: number;
  dualSize: number;
  iteration: number;
  status: 'converged' | 'iteration limit' | null;
}

/**
 * The operator splitting of OSQP (Stellato et al., *Math. Programming Computation* 12, 2020, Algorithm 1) with its adaptation of ρ
 * (§5.2), the linear system reduced to n unknowns: a baseline of moderate accuracy.
 */
export function makeAdmm(data: RowQp, settings: Partial<AdmmSettings> = {}): Admm {
  const { n, rows } = data;
  const all = { ...defaultAdmmSettings, ...settings };
  return {
    data,
    settings: all,
    ...{ p: new Float64Array(n), low: new Float64Array(rows), high: new Float64Array(rows) },
    ...{ y: new Float64Array(n), z: new Float64Array(rows), multipliers: new Float64Array(rows) },
    factor: new Float64Array(n * n),
    sparse: sparseRows(data),
    work: { y: new Float64Array(n), Ay: new Float64Array(rows) },
    rho: all.rho,
    factored: NaN,
    ...{ primalResidual: Infinity, dualResidual: Infinity, primalSize: 1, dualSize: 1 },
    iteration: 0,
    status: null,
  };
}

/** The entries of A that are not zero: row i has those from `starts[i]` to `starts[i + 1]`. Bounds are rows of one entry. */
interface SparseRows {
  starts: Int32Array;
  columns: Int32Array;
  values: Float64Array;
}

function sparseRows({ n, rows, A }: RowQp): SparseRows {
  const starts = new Int32Array(rows + 1);
  for (let i = 0; i < rows; i++) {
    starts[i + 1] = starts[i];
    for (let j = 0; j < n; j++) if (A[i * n + j] !== 0) starts[i + 1]++;
  }
  const columns = new Int32Array(starts[rows]);
  const values = new Float64Array(starts[rows]);
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < n; j++)
      if (A[i * n + j] !== 0) {
        columns[at] = j;
        values[at++] = A[i * n + j];
      }
  return { starts, columns, values };
}

/** A_i y */
function rowTimes({ starts, columns, values }: SparseRows, i: number, y: Float64Array): number {
  let sum = 0;
  for (let at = starts[i]; at < starts[i + 1]; at++) sum += values[at] * y[columns[at]];
  return sum;
}

/** y ← y + weight·A_iᵀ */
function addRow({ starts, columns, values }: SparseRows, i: number, weight: number, y: Float64Array): void {
  for (let at = starts[i]; at < starts[i + 1]; at++) y[columns[at]] += weight * values[at];
}

/** Begins an instance; `warm` keeps point, multipliers and ρ of the last one. */
export function init(
  state: Admm,
  p: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  warm = false,
): void {
  state.p.set(p);
  // Equality rows have a step size of their own: the factor depends on which they are.
  let same = !Number.isNaN(state.factored);
  for (let i = 0; i < state.data.rows; i++) if ((low[i] === high[i]) !== (state.low[i] === state.high[i])) same = false;
  state.low.set(low);
  state.high.set(high);
  if (!warm) {
    for (const array of [state.y, state.z, state.multipliers]) array.fill(0);
    state.rho = state.settings.rho;
  }
  state.iteration = 0;
  state.status = null;
  state.primalResidual = Infinity;
  if (!same || state.rho !== state.factored) factorise(state);
}

const equalityFactor = 1e3;
const stepOf = ({ low, high, rho }: Admm, i: number) => (low[i] === high[i] ? equalityFactor * rho : rho);

function factorise(state: Admm): void {
  const { data, settings, factor, sparse } = state;
  const { n, rows, Q } = data;
  const { starts, columns, values } = sparse;
  factor.set(Q);
  for (let j = 0; j < n; j++) factor[j * n + j] += settings.sigma;
  for (let i = 0; i < rows; i++) {
    const weight = stepOf(state, i);
    // Columns ascend within a row, so that this is the lower triangle.
    for (let at = starts[i]; at < starts[i + 1]; at++)
      for (let other = starts[i]; other <= at; other++)
        factor[columns[at] * n + columns[other]] += weight * values[at] * values[other];
  }
  cholesky(n, factor);
  state.factored = state.rho;
}

export function step(state: Admm): void {
  const { data, settings, p, low, high, y, z, multipliers, factor, sparse, work } = state;
  const { n, rows } = data;
  const { sigma, relaxation } = settings;
  for (let j = 0; j < n; j++) work.y[j] = sigma * y[j] - p[j];
  for (let i = 0; i < rows; i++) addRow(sparse, i, stepOf(state, i) * z[i] - multipliers[i], work.y);
  solveCholesky(n, factor, work.y);
  for (let i = 0; i < rows; i++) work.Ay[i] = rowTimes(sparse, i, work.y);
  for (let j = 0; j < n; j++) y[j] = relaxation * work.y[j] + (1 - relaxation) * y[j];
  for (let i = 0; i < rows; i++) {
    const rho = stepOf(state, i);
    const relaxed = relaxation * work.Ay[i] + (1 - relaxation) * z[i];
    const projected = Math.min(high[i], Math.max(low[i], relaxed + multipliers[i] / rho));
    multipliers[i] += rho * (relaxed - projected);
    z[i] = projected;
  }
  state.iteration++;
  const { adaptEvery, checkEvery, maxIterations } = settings;
  const adapts = adaptEvery > 0 && state.iteration % adaptEvery === 0;
  if (adapts || state.iteration % checkEvery === 0 || state.iteration >= maxIterations) residuals(state);
  if (adapts) adapt(state);
}

function residuals(state: Admm): void {
  const { data, p, y, z, multipliers, sparse, work } = state;
  const { n, rows, Q } = data;
  state.primalResidual = 0;
  state.primalSize = 0;
  for (let i = 0; i < rows; i++) {
    const value = rowTimes(sparse, i, y);
    state.primalResidual = Math.max(state.primalResidual, Math.abs(value - z[i]));
    state.primalSize = Math.max(state.primalSize, Math.abs(value), Math.abs(z[i]));
  }
  work.y.fill(0);
  for (let i = 0; i < rows; i++) addRow(sparse, i, multipliers[i], work.y);
  state.dualResidual = 0;
  state.dualSize = 0;
  for (let j = 0; j < n; j++) {
    const curved = dot(n, Q, j * n, y, 0);
    state.dualResidual = Math.max(state.dualResidual, Math.abs(curved + p[j] + work.y[j]));
    state.dualSize = Math.max(state.dualSize, Math.abs(curved), Math.abs(p[j]), Math.abs(work.y[j]));
  }
}

/** ρ ← ρ √(relative primal residual / relative dual residual), where that is a change worth a factorisation. */
function adapt(state: Admm): void {
  const primal = state.primalResidual / Math.max(state.primalSize, 1e-30);
  const dual = state.dualResidual / Math.max(state.dualSize, 1e-30);
  const wanted = Math.min(1e6, Math.max(1e-6, state.rho * Math.sqrt(primal / Math.max(dual, 1e-30))));
  if (wanted < 5 * state.rho && wanted > state.rho / 5) return;
  state.rho = wanted;
  factorise(state);
}

export function terminate(state: Admm): boolean {
  const { tolerance, maxIterations } = state.settings;
  const close = (residual: number, size: number) => residual <= tolerance * (1 + size);
  if (close(state.primalResidual, state.primalSize) && close(state.dualResidual, state.dualSize))
    state.status = 'converged';
  else if (state.iteration >= maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}
