import { dot } from '../../numerics/linalg/products';
import type { BoxQpData } from '../activeSet/boxQp';

export interface ProjectedGradientSettings {
  maxIterations: number;
  /** Stops where one step of the plain method moves no variable by more than this. */
  tolerance: number;
  /** Nesterov's momentum with restarts; without it the plain method. */
  accelerated: boolean;
}

export const defaultProjectedGradientSettings: ProjectedGradientSettings = {
  maxIterations: 10_000,
  tolerance: 1e-9,
  accelerated: true,
};

export interface ProjectedGradient {
  readonly data: BoxQpData;
  readonly settings: ProjectedGradientSettings;
  readonly p: Float64Array;
  readonly y: Float64Array;
  /** The point at which the gradient is taken. */
  readonly ahead: Float64Array;
  readonly gradient: Float64Array;
  /** Largest eigenvalue of Q, from above. */
  readonly lipschitz: number;
  momentum: number;
  /** ‖change of y‖∞ of the last step. */
  moved: number;
  iteration: number;
  status: 'converged' | 'iteration limit' | null;
}

/**
 * Projected gradient on a box QP, y ← Π(y − (Qy + p)/L): a baseline, and the lower level that unrolled estimators differentiate. With
 * acceleration (Beck & Teboulle, *SIAM J. Imaging Sci.* 2, 2009) it restarts where the step turns against the momentum (O’Donoghue &
 * Candès, *Found. Comput. Math.* 15, 2015, gradient scheme).
 */
export function makeProjectedGradient(
  data: BoxQpData,
  settings: Partial<ProjectedGradientSettings> = {},
): ProjectedGradient {
  const { n } = data;
  const array = () => new Float64Array(n);
  return {
    data,
    settings: { ...defaultProjectedGradientSettings, ...settings },
    ...{ p: array(), y: array(), ahead: array(), gradient: array() },
    lipschitz: largestEigenvalueBound(data),
    momentum: 1,
    moved: Infinity,
    iteration: 0,
    status: null,
  };
}

/** min of ‖Q‖∞ and ‖Q‖_F: both are at least the largest eigenvalue. */
function largestEigenvalueBound({ n, Q }: BoxQpData): number {
  let [rows, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      sum += Math.abs(Q[i * n + j]);
      squares += Q[i * n + j] ** 2;
    }
    rows = Math.max(rows, sum);
  }
  return Math.min(rows, Math.sqrt(squares));
}

/** Begins at `start` [n], projected, or at the point of the box nearest 0. */
export function init(state: ProjectedGradient, p: ArrayLike<number>, start?: ArrayLike<number>): void {
  const { n, lower, upper } = state.data;
  state.p.set(p);
  for (let i = 0; i < n; i++) state.y[i] = Math.min(upper[i], Math.max(lower[i], start?.[i] ?? 0));
  state.ahead.set(state.y);
  state.momentum = 1;
  state.moved = Infinity;
  state.iteration = 0;
  state.status = null;
}

export function step(state: ProjectedGradient): void {
  const { data, settings, p, y, ahead, gradient, lipschitz } = state;
  const { n, Q, lower, upper } = data;
  for (let i = 0; i < n; i++) gradient[i] = p[i] + dot(n, Q, i * n, ahead, 0);
  const momentum = settings.accelerated ? (1 + Math.sqrt(1 + 4 * state.momentum ** 2)) / 2 : 1;
  const weight = settings.accelerated ? (state.momentum - 1) / momentum : 0;
  let [moved, turned] = [0, 0];
  for (let i = 0; i < n; i++) {
    const next = Math.min(upper[i], Math.max(lower[i], ahead[i] - gradient[i] / lipschitz));
    const change = next - y[i];
    moved = Math.max(moved, Math.abs(next - ahead[i]));
    turned += (ahead[i] - next) * change;
    y[i] = next;
    ahead[i] = next + weight * change;
  }
  state.moved = moved;
  state.momentum = momentum;
  if (turned > 0) {
    state.momentum = 1;
    ahead.set(y);
  }
  state.iteration++;
}

export function terminate(state: ProjectedGradient): boolean {
  if (state.moved <= state.settings.tolerance) state.status = 'converged';
  else if (state.iteration >= state.settings.maxIterations) state.status = 'iteration limit';
  return state.status !== null;
}

/** `gradient` becomes Qy + p at the final point. */
export function postprocess({ data: { n, Q }, p, y, gradient }: ProjectedGradient): void {
  for (let i = 0; i < n; i++) gradient[i] = p[i] + dot(n, Q, i * n, y, 0);
}
