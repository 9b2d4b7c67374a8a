import { cholesky, solveCholesky, solveLower, solveLowerTransposed } from '../../numerics/linalg/cholesky';
import { addTransposed, dot } from '../../numerics/linalg/products';
import { applyScaling } from './secondOrderCone';
import type { SymmetricMatrix } from './problem';
import type { Workspace } from './workspace';

/**
 * The linear algebra of a direction: K = Q + 2Σλ_iH_i + Jᵀ diag(θ) J + Σ M_kᵀW_k⁻²M_k and [K Aᵀ; A 0], by the Cholesky factor of K + δI
 * and of A(K + δI)⁻¹Aᵀ, with a step of iterative refinement that takes out δ.
 */
export function formNormalEquations(space: Workspace): void {
  const { problem, n, m, lambda, theta, jacobian, kkt, weighted, rowCount, lowerIndex, upperIndex } = space;
  for (let i = 0; i < m; i++) {
    const root = Math.sqrt(theta[i]);
    for (let j = 0; j < n; j++) weighted[j * rowCount + i] = root * jacobian[i * n + j];
  }
  scaleConeRows(space);
  if (rowCount > 0) space.simd.multiplySymmetric(n, rowCount, weighted, weighted, kkt);
  else kkt.fill(0);
  addLower(n, problem.Q, 1, kkt);
  for (let i = 0; i < m; i++) if (problem.H[i] !== null) addLower(n, problem.H[i], 2 * lambda[i], kkt);
  for (let r = 0; r < lowerIndex.length; r++) kkt[lowerIndex[r] * (n + 1)] += theta[m + r];
  const first = m + lowerIndex.length;
  for (let r = 0; r < upperIndex.length; r++) kkt[upperIndex[r] * (n + 1)] += theta[first + r];
}

/** The rows of W_k⁻¹M_k into `weighted`. */
function scaleConeRows({ n, m, coneAt, coneSize, M, w, eta, weighted, rowCount, coneWork }: Workspace): void {
  for (let k = 0; k < coneAt.length; k++) {
    const at = coneAt[k];
    const q = coneSize[k];
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < q; i++) coneWork[at + i] = M[(at + i) * n + j];
      applyScaling(q, w, at, eta[k], true, coneWork, at, weighted, j * rowCount + m + at);
    }
  }
}

/** Lower triangle of to ← to + factor·M */
function addLower(n: number, matrix: SymmetricMatrix, factor: number, to: Float64Array): void {
  if (matrix === null) return;
  const { kind, values } = matrix;
  if (kind === 'diagonal') for (let j = 0; j < n; j++) to[j * (n + 1)] += factor * values[j];
  else for (let i = 0; i < n; i++) for (let at = i * n; at <= i * (n + 1); at++) to[at] += factor * values[at];
}

/** @returns false where no regularisation makes the matrices definite */
export function factorNormalEquations(space: Workspace): boolean {
  const { problem, n, e, kkt, factor, half, schur } = space;
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(kkt[j * (n + 1)]));
  let regularisation = 1e-11 * Math.min(1, largest) + 1e-14 * largest;
  for (let tries = 0; tries < 8; tries++, regularisation *= 100) {
    factor.set(kkt);
    for (let j = 0; j < n; j++) factor[j * (n + 1)] += regularisation;
    if (cholesky(n, factor) >= 0) continue;
    half.set(problem.A);
    for (let i = 0; i < e; i++) {
      solveLower(n, factor, half, i * n);
      for (let j = 0; j <= i; j++) schur[i * e + j] = dot(n, half, i * n, half, j * n);
    }
    for (let i = 0; i < e; i++) schur[i * (e + 1)] *= 1 + 1e-13;
    if (cholesky(e, schur) < 0) return true;
  }
  return false;
}

/** (x, ν) ← the solution of [K Aᵀ; A 0](x, ν) = (f, g); f and g are kept. */
export function solveNormalEquations(
  space: Workspace,
  f: Float64Array,
  g: Float64Array,
  x: Float64Array,
  nu: Float64Array,
): void {
  const { problem, n, e, left, leftNu, solution } = space;
  left.set(f);
  leftNu.set(g);
  x.fill(0);
  nu.fill(0);
  for (let pass = 0; ; pass++) {
    // solution ← (K + δI)⁻¹(left − Aᵀν), leftNu ← ν
    for (let j = 0; j < n; j++) solution[j] = left[j];
    solveLower(n, space.factor, solution);
    if (e > 0) {
      for (let i = 0; i < e; i++) leftNu[i] = dot(n, space.half, i * n, solution, 0) - leftNu[i];
      solveCholesky(e, space.schur, leftNu);
      for (let i = 0; i < e; i++)
        for (let j = 0, at = i * n; j < n; j++, at++) solution[j] -= leftNu[i] * space.half[at];
    }
    solveLowerTransposed(n, space.factor, solution);
    for (let j = 0; j < n; j++) x[j] += solution[j];
    for (let i = 0; i < e; i++) nu[i] += leftNu[i];
    if (pass === 2) return;
    multiplyLower(n, space.kkt, x, left);
    addTransposed(e, n, problem.A, nu, left);
    for (let j = 0; j < n; j++) left[j] = f[j] - left[j];
    for (let i = 0; i < e; i++) leftNu[i] = g[i] - dot(n, problem.A, i * n, x, 0);
  }
}

/** y ← Kx for symmetric K of which the lower triangle is there. */
function multiplyLower(n: number, k: Float64Array, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const weight = x[i];
    let sum = 0;
    for (let j = 0; j < i; j++) {
      sum += k[row + j] * x[j];
      y[j] += k[row + j] * weight;
    }
    y[i] = sum + k[row + i] * weight;
  }
}
