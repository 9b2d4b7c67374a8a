import { z } from 'zod';
import { makeLowerLevel } from '../lower/makeLowerLevel';
import { addRowsInX, addRowsInY, rowValues, type BilevelProblem } from '../problem';
import type { OuterState } from './algorithm';
import type { Domain } from './domain';
import { measuredLength, operatorNorm } from './stepLength';

/** Settings of the methods that carry y, a lower-level point θ and multipliers along with x, one gradient step each. */
export const singleLoopSettings = {
  iterations: z.int().min(1).default(20_000).describe('Steps T.'),
  penalty: z
    .number()
    .positive()
    .default(10)
    .describe('c in c_k = c(k + 1)ᵖ, the weight of the lower level against f.')
    .meta({ scale: 'log' }),
  power: z.number().min(0).max(0.49).default(0.3).describe('p in c_k = c(k + 1)ᵖ, below ½.'),
  gamma1: z.number().positive().default(1).describe('γ₁: the lower level is regularised by ‖θ − y‖²/(2γ₁).'),
  gamma2: z.number().positive().default(1).describe('γ₂: the multipliers by ‖λ − z‖²/(2γ₂).'),
  bound: z.number().positive().default(1e3).describe('r: multipliers are kept in [0, r].').meta({ scale: 'log' }),
  alpha: measuredLength(
    'Step α of x, y and z; by default each has its own, from bounds of the curvature at the start.',
  ),
  eta: measuredLength('Step η of θ (and λ); by default from a bound of the curvature.'),
};

export type SingleLoopSettings = z.output<z.ZodObject<typeof singleLoopSettings>>;

export interface SingleLoopState extends OuterState {
  y: Float64Array;
  theta: Float64Array;
  /** The multipliers that move slowly, and those of the last step, [m] each. */
  z: Float64Array;
  lambda: Float64Array;
  /** c_k d_x, in the units of ∇F. */
  direction: Float64Array;
  /** α of x, y and z. */
  alphaX: number;
  alphaY: number;
  alphaZ: number;
  eta: number;
}

export const ownEntries = ({ d, n, m }: BilevelProblem): Omit<SingleLoopState, keyof OuterState> => ({
  ...{ y: new Float64Array(n), theta: new Float64Array(n), z: new Float64Array(m), lambda: new Float64Array(m) },
  ...{ direction: new Float64Array(d) },
  ...{ alphaX: NaN, alphaY: NaN, alphaZ: NaN, eta: NaN },
});

/** y = θ = y*(x) and λ = z = λ* at the start, where x is moved to if it has none; and the lengths of steps. */
export function begin(problem: BilevelProblem, settings: SingleLoopSettings, state: SingleLoopState, domain: Domain) {
  const level = makeLowerLevel(problem);
  const { result, restored } = domain.attempt(state.x, (x) => level.solve(x));
  if (restored) state.restorations++;
  state.lowerSolves++;
  state.y.set(result.y);
  state.theta.set(result.y);
  state.z.set(result.multipliers.inequality);
  clip(state.z, settings.bound);
  state.lambda.set(state.z);
  const { alpha, eta } = settings;
  const automatic = steps(problem, settings, state);
  [state.alphaX, state.alphaY, state.alphaZ] = alpha === null ? automatic.alpha : [alpha, alpha, alpha];
  state.eta = eta ?? automatic.eta;
}

/**
 * Steps from bounds of the curvature of f/c + g + (multipliers) − (regularised value function) in x, y and z each, shared among the blocks,
 * and of the regularised lower level in (θ, λ); norms by power iteration. One step for all would be that of the most curved, mostly x,
 * and along y*(x) progress would stall.
 */
function steps(problem: BilevelProblem, settings: SingleLoopSettings, { x, y }: SingleLoopState) {
  const { d, n, rows } = problem;
  const { gamma1, gamma2, penalty } = settings;
  const curvature = problem.lowerCurvature(x);
  const frobenius = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const [a, b] = [frobenius(rows.A), frobenius(rows.B)];
  const cross = crossNorm(problem, x, y);
  const inverse = 1 / (Math.max(0, curvature.least) + 1 / gamma1);
  const size = d + n;
  const at = (v: Float64Array, h: number) => {
    const [px, py] = [x.map((value, i) => value + h * v[i]), y.map((value, j) => value + h * v[d + j])];
    const result = new Float64Array(size);
    problem.upperGradientX(px, py, result.subarray(0, d));
    problem.upperGradientY(px, py, result.subarray(d));
    return result;
  };
  const h = 1e-4;
  const upper = operatorNorm(size, (v) => {
    const [ahead, behind] = [at(v, h), at(v, -h)];
    return ahead.map((value, k) => (value - behind[k]) / (2 * h));
  });
  const own = curvature.most + 1 / gamma1;
  const blocks = problem.m > 0 ? 3 : 2;
  const inX = upper / penalty + cross ** 2 * inverse + gamma2 * b ** 2 + b;
  const inY = upper / penalty + own + gamma2 * a ** 2 + a;
  const inZ = 1 / gamma2 + a ** 2 * inverse + a + b;
  return {
    alpha: [inX, inY, inZ].map((curvature) => 1 / (blocks * Math.max(curvature, Number.MIN_VALUE))),
    eta: 1 / (own + a + 1 / gamma2),
  };
}

/** ‖∂(∇_y g)/∂x‖₂ at (x, y), by GᵀG with G by central differences. */
function crossNorm(problem: BilevelProblem, x: Float64Array, y: Float64Array): number {
  const { d, n } = problem;
  const h = 1e-4;
  const at = (v: Float64Array, length: number) => {
    const result = new Float64Array(n);
    const moved = x.map((value, i) => value + length * v[i]);
    problem.lowerGradientY(moved, y, result);
    return result;
  };
  return Math.sqrt(
    operatorNorm(d, (v) => {
      const [ahead, behind] = [at(v, h), at(v, -h)];
      const result = new Float64Array(d);
      const Gv = ahead.map((value, j) => (value - behind[j]) / (2 * h));
      problem.lowerCrossProduct(x, y, Gv, result);
      return result;
    }),
  );
}

/** values ← the nearest point of [0, bound]. */
export function clip(values: Float64Array, bound: number): void {
  for (let r = 0; r < values.length; r++) values[r] = Math.min(bound, Math.max(0, values[r]));
}

/** y ← the nearest point within its bounds. */
export function clipToBounds({ bounds }: BilevelProblem, y: Float64Array): void {
  for (let j = 0; j < y.length; j++) y[j] = Math.min(bounds.upper[j], Math.max(bounds.lower[j], y[j]));
}

/**
 * How far (y, λ) is from the lower level's conditions: the largest of ‖y − Π_Y(y − ∇_y g − Aᵀλ)‖∞, the violation of the rows and
 * multiplier × slack.
 */
export function naturalResidual(problem: BilevelProblem, { x, y, lambda }: SingleLoopState): number {
  const moved = new Float64Array(problem.n);
  problem.lowerGradientY(x, y, moved);
  addRowsInY(problem, lambda, moved);
  for (let j = 0; j < moved.length; j++) moved[j] = y[j] - moved[j];
  clipToBounds(problem, moved);
  const values = new Float64Array(problem.m);
  rowValues(problem, x, y, values);
  let worst = 0;
  for (let j = 0; j < moved.length; j++) worst = Math.max(worst, Math.abs(y[j] - moved[j]));
  values.forEach((value, r) => (worst = Math.max(worst, value, Math.abs(lambda[r] * value))));
  return worst;
}

/** The parts of d_x and d_y that both methods share; allocates nothing. */
export class Slopes {
  readonly #problem: BilevelProblem;
  readonly #inX: Float64Array;
  readonly #inY: Float64Array;

  constructor(problem: BilevelProblem) {
    this.#problem = problem;
    this.#inX = new Float64Array(problem.d);
    this.#inY = new Float64Array(problem.n);
  }

  /** `result` [d] ← ∇_x f/c + ∇_x g(x, y) − ∇_x g(x, θ) + Bᵀw; w [m]. */
  inX({ x, y, theta }: SingleLoopState, c: number, w: Float64Array, result: Float64Array): void {
    const problem = this.#problem;
    const inX = this.#inX;
    problem.upperGradientX(x, y, result);
    problem.lowerGradientX(x, y, inX);
    for (let i = 0; i < inX.length; i++) result[i] = result[i] / c + inX[i];
    problem.lowerGradientX(x, theta, inX);
    for (let i = 0; i < inX.length; i++) result[i] -= inX[i];
    addRowsInX(problem, w, result);
  }

  /** `result` [n] ← ∇_y f/c + ∇_y g(x, y) − (y − θ)/γ₁. */
  inY({ x, y, theta }: SingleLoopState, c: number, gamma1: number, result: Float64Array): void {
    const inY = this.#inY;
    this.#problem.upperGradientY(x, y, result);
    this.#problem.lowerGradientY(x, y, inY);
    for (let j = 0; j < inY.length; j++) result[j] = result[j] / c + inY[j] - (y[j] - theta[j]) / gamma1;
  }
}

export const isFinite = (values: Float64Array): boolean => {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
};

/** Products with second derivatives or rows that a step's gradients cost, where both levels are quadratic. */
export const productsOfStep = ({ m }: BilevelProblem): number => (m > 0 ? 9 : 6);
