import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { dot } from '../numerics/linalg/products';
import { bilevelProblem, type QuadraticBilevel } from './quadratic';

/** The benchmark problems of the literature; docs/methods.md has their formulas. */
export const bilevelFamilies = ['coupled', 'V1', 'V2', 'V3'] as const;
export type BilevelFamily = (typeof bilevelFamilies)[number];

export interface FamilySettings {
  /** Entries of x and of y. V3 needs as many of both. */
  d: number;
  n: number;
  seed: number;
  /** Standard deviation of the perturbation q. */
  perturbation: number;
}

export const defaultFamilySettings: FamilySettings = { d: 10, n: 10, seed: 1234, perturbation: 1e-2 };

/**
 * A problem of a family and a point x to start from. All numbers are numpy's standard normals from one generator
 * (`numpy.random.default_rng(seed)`); matrices are drawn row by row. The order is for ever.
 *
 * - coupled, V2, V3: G [n, n], c [n], P [d, n], c_u [d], x [d], q [n].
 * - V1: W_u [d, d], x_t [d], c_u [n], W_l [n, n], c_l [n], P [d, n], A₁ [3, d], B₁ [3, n], b [3], x [d], q [n].
 *
 * @throws AdjointError `bad-request` for sizes that make no problem
 */
export function drawBilevel(
  family: BilevelFamily,
  settings: Partial<FamilySettings> = {},
): { problem: QuadraticBilevel; x: Float64Array } {
  const complete = { ...defaultFamilySettings, ...settings };
  const { d, n } = complete;
  if (![d, n].every((size) => Number.isInteger(size) && size >= 1))
    throw new AdjointError('bad-request', `A problem with x of ${d} and y of ${n} entries cannot be made.`, {
      where: 'd, n',
      fix: 'Give whole numbers from 1 on.',
    });
  if (family === 'V3' && d !== n)
    throw new AdjointError(
      'bad-request',
      `V3 multiplies c_l and x entry by entry: x of ${d} and y of ${n} do not fit.`,
      {
        where: 'd, n',
        fix: 'Give x and y the same size, or take the family coupled.',
      },
    );
  return family === 'V1' ? drawV1(complete) : drawBox(family, complete);
}

const draws = (seed: number) => {
  const generator = new Generator(seed);
  return (count: number, scale = 1) => generator.standardNormals(count).map((value) => value * scale);
};

/** f = ½xᵀ2Ix + c_uᵀx + ½yᵀIy + xᵀPy; g = ½yᵀ(GGᵀ + .1I)y + (c + q + P_lᵀx)ᵀy over |y| ≤ 1, where P_l is P, 0 or diag(c). */
function drawBox(family: 'coupled' | 'V2' | 'V3', { d, n, seed, perturbation }: FamilySettings) {
  const normals = draws(seed);
  const G = normals(n * n, 1 / Math.sqrt(n));
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const value = dot(n, G, i * n, G, j * n) + (i === j ? 0.1 : 0);
      Q[i * n + j] = value;
      Q[j * n + i] = value;
    }
  const c = normals(n);
  const P = normals(d * n, 1 / Math.sqrt(n));
  const cx = normals(d);
  const x = normals(d);
  const q = normals(n, perturbation);
  const through = { coupled: P, V2: new Float64Array(d * n), V3: diagonal(n, (i) => c[i]) }[family];
  const problem = bilevelProblem(
    d,
    n,
    { Qxx: diagonal(d, () => 2), cx, Qyy: diagonal(n, () => 1), Qxy: P },
    { ...{ Q, c, q, P: through }, lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) },
  );
  return { problem, x };
}

const diagonal = (size: number, value: (i: number) => number): Float64Array => {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * (size + 1)] = value(i);
  return matrix;
};

const couplingRows = 3;

/** f = ½(x − x_t)ᵀQ_u(x − x_t) + c_uᵀy; g = ½yᵀQ_ly + (c_l + q + Pᵀx)ᵀy over A₁x − B₁y ≤ b: canonical A = −B₁, B = A₁. */
function drawV1({ d, n, seed, perturbation }: FamilySettings) {
  const normals = draws(seed);
  /** 2I + .01/√k·(W + Wᵀ)/2 */
  const nearlyTwo = (k: number) => {
    const W = normals(k * k, 0.01 / Math.sqrt(k));
    const sum = (i: number, j: number) => 0.5 * (W[i * k + j] + W[j * k + i]) + (i === j ? 2 : 0);
    return Float64Array.from({ length: k * k }, (_, at) => sum(Math.floor(at / k), at % k));
  };
  const Qxx = nearlyTwo(d);
  const target = normals(d);
  const cy = normals(n, 0.1 / Math.sqrt(n));
  const Q = nearlyTwo(n);
  const c = normals(n, 0.1 / Math.sqrt(n));
  const P = normals(d * n, 0.1 / Math.sqrt(n));
  const B = normals(couplingRows * d, 0.05 / Math.sqrt(d));
  const A = normals(couplingRows * n, 0.05 / Math.sqrt(n)).map((value) => 0 - value);
  const b = normals(couplingRows).map((value) => 0.2 * Math.abs(value) + 0.1);
  const x = normals(d);
  const q = normals(n, perturbation);
  const cx = Float64Array.from({ length: d }, (_, i) => 0 - dot(d, Qxx, i * d, target, 0));
  const constant = -0.5 * dot(d, cx, 0, target, 0);
  return { problem: bilevelProblem(d, n, { Qxx, cx, cy, constant }, { Q, c, q, P, A, B, b }), x };
}
