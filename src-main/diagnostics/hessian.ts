import { dot } from '../numerics/linalg/products';
import { symmetricEigen } from '../numerics/linalg/jacobi';
import { Generator } from '@shared/random/generator';
import type { LossProbe } from './lossProbe';
import type { Progress } from './progress';

export interface HessianSpectrum {
  /** Estimates of eigenvalues at both ends, falling; each with ‖Hv − θv‖ for the unit vector v that belongs to it. */
  largest: Ritz[];
  /** Rising. */
  smallest: Ritz[];
  /** Products Hv that were made; each takes two gradients. */
  products: number;
  /** |uᵀHv − vᵀHu| / ‖H‖ for the first two products: how far differences are from a symmetric matrix. */
  asymmetry: number;
  seconds: number;
}

export interface Ritz {
  value: number;
  residual: number;
}

export interface HessianSettings {
  /** Eigenvalues wanted at each end. */
  count: number;
  /** Steps of Lanczos' iteration, at most. */
  steps: number;
  seed: number;
}

/**
 * `result` ← Hv by central differences of exact gradients, (∇L(w + hv) − ∇L(w − hv))/2h. With float64 gradients and h = ∛ε (1 + ‖w‖)/‖v‖ the
 * error is about ε^⅔ relative where L is smooth; where a ReLU or an active row changes within h it is that of the kink.
 */
export async function hessianProduct(probe: LossProbe, v: Float64Array): Promise<Float64Array> {
  const { weights, size } = probe;
  const norm = Math.sqrt(dot(size, v, 0, v, 0));
  const h = (Math.cbrt(Number.EPSILON) * (1 + Math.sqrt(dot(size, weights, 0, weights, 0)))) / norm;
  const moved = (step: number) => weights.map((value, i) => value + step * v[i]);
  const plus = await probe.gradient(moved(h));
  const minus = await probe.gradient(moved(-h));
  return plus.map((value, i) => (value - minus[i]) / (2 * h));
}

/**
 * Extreme eigenvalues of the Hessian of the loss by Lanczos' iteration with full reorthogonalisation (Golub & Van Loan, *Matrix
 * Computations*, 4th ed., §10.3). Residuals come with the values: |β_k s_k| of the tridiagonal matrix, which bounds the distance to an
 * eigenvalue. They say how far to trust a number, and neither that no eigenvalue was missed.
 */
export async function hessianSpectrum(
  product: (v: Float64Array) => Promise<Float64Array>,
  size: number,
  { count, steps, seed }: HessianSettings,
  onProgress: Progress = () => undefined,
): Promise<HessianSpectrum> {
  const start = performance.now();
  const most = Math.min(steps, size);
  const basis: Float64Array[] = [];
  const alpha: number[] = [];
  const beta: number[] = [];
  let v = unit(new Generator(seed).standardNormals(size));
  let asymmetry = 0;
  let first: Float64Array | null = null;
  while (basis.length < most) {
    const hv = await product(v);
    if (basis.length === 1 && first) {
      const scale = Math.max(
        Math.sqrt(dot(size, first, 0, first, 0)),
        Math.sqrt(dot(size, hv, 0, hv, 0)),
        Number.MIN_VALUE,
      );
      asymmetry = Math.abs(dot(size, v, 0, first, 0) - dot(size, basis[0], 0, hv, 0)) / scale;
    }
    first ??= hv.slice();
    basis.push(v);
    alpha.push(dot(size, v, 0, hv, 0));
    // Twice is enough (Parlett): once leaves rounding errors of the size of what was taken away.
    for (let pass = 0; pass < 2; pass++)
      for (const q of basis) {
        const share = dot(size, q, 0, hv, 0);
        for (let i = 0; i < size; i++) hv[i] -= share * q[i];
      }
    const length = Math.sqrt(dot(size, hv, 0, hv, 0));
    beta.push(length);
    await onProgress(basis.length, most);
    const scale = Math.max(...alpha.map(Math.abs), ...beta);
    if (length <= 1e-12 * scale) break;
    v = hv.map((value) => value / length);
  }
  const ritz = ritzValues(alpha, beta);
  return {
    largest: ritz.slice(-count).reverse(),
    smallest: ritz.slice(0, count),
    ...{ products: basis.length, asymmetry, seconds: (performance.now() - start) / 1e3 },
  };
}

/** Eigenvalues, rising, of the tridiagonal matrix, and the residuals of their vectors in the whole space. */
function ritzValues(alpha: readonly number[], beta: readonly number[]): Ritz[] {
  const k = alpha.length;
  const t = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    t[i * k + i] = alpha[i];
    if (i + 1 < k) t[i * k + i + 1] = t[(i + 1) * k + i] = beta[i];
  }
  const { values, vectors } = symmetricEigen(k, t);
  return Array.from(values, (value, i) => ({ value, residual: Math.abs(beta[k - 1] * vectors[i * k + k - 1]) }));
}

function unit(v: Float64Array): Float64Array {
  const length = Math.sqrt(dot(v.length, v, 0, v, 0));
  return v.map((value) => value / length);
}
