import type { QcqpFamily } from '../../modelling/families/family';
import { addTransposed, dot, multiply } from '../../numerics/linalg/products';
import { transposedLeastSquares } from '../../numerics/linalg/rowSpace';
import { norm } from './interiorPoint';
import type { ReducedFamily } from './model';
import type { QcqpResult } from './types';

/** Scratch arrays for `certify`, [n] each. */
export interface CertificateWork {
  gradient: Float64Array;
  product: Float64Array;
  copy: Float64Array;
}

export const makeCertificateWork = (n: number): CertificateWork => ({
  gradient: new Float64Array(n),
  product: new Float64Array(n),
  copy: new Float64Array(n),
});

/**
 * Objective, equality multipliers ν = −(A⁺)ᵀ(∇f + Σλ_i∇c_i) and certificate of `result.y` and `result.inequality`, from the original
 * data of the family and x = `x[at …]`: nothing of the solve is taken on trust.
 */
export function certify(
  { family, space }: ReducedFamily,
  x: Float64Array,
  at: number,
  result: QcqpResult,
  { gradient, product, copy }: CertificateWork,
): void {
  const { n, m, e, Q, p, A, G, h } = family;
  const { y, inequality, equality, certificate } = result;
  multiply(n, n, Q, y, gradient);
  result.objective = 0.5 * dot(n, gradient, 0, y, 0) + dot(n, p, 0, y, 0);
  for (let j = 0; j < n; j++) gradient[j] += p[j];
  let violation = 0;
  let slackness = 0;
  let margin = Infinity;
  for (let i = 0; i < m; i++) {
    timesHessian(family, i, y, product);
    let value = -h[i];
    for (let j = 0; j < n; j++) {
      const g = G[i * n + j];
      value += (product[j] + g) * y[j];
      gradient[j] += inequality[i] * (2 * product[j] + g);
    }
    violation = Math.max(violation, value);
    slackness += Math.abs(inequality[i] * value);
    margin = Math.min(margin, Math.max(inequality[i], -value));
  }
  for (let j = 0; j < e; j++) violation = Math.max(violation, Math.abs(dot(n, A, j * n, y, 0) - x[at + j]));
  copy.set(gradient);
  transposedLeastSquares(space, copy, equality);
  for (let j = 0; j < e; j++) equality[j] = -equality[j];
  addTransposed(e, n, A, equality, gradient);
  certificate.violation = violation;
  certificate.stationarity = norm(gradient);
  certificate.gap =
    (slackness + certificate.stationarity * Math.max(1, norm(y))) / Math.max(1, Math.abs(result.objective));
  certificate.complementarityMargin = margin;
}

/** to [n] ← H_i y */
function timesHessian({ n, H, diagonal }: QcqpFamily, i: number, y: Float64Array, to: Float64Array): void {
  if (diagonal) for (let j = 0, at = i * n; j < n; j++, at++) to[j] = H[at] * y[j];
  else for (let j = 0; j < n; j++) to[j] = dot(n, H, (i * n + j) * n, y, 0);
}
