/** Sweeps after which rotations have long converged for anything but NaN. */
const mostSweeps = 60;

/**
 * A = U diag(values) Uᵀ of a symmetric matrix a [n, n] by cyclic Jacobi rotations (Golub & Van Loan, *Matrix Computations*, 4th ed.,
 * §8.5); column k of U [n, n] belongs to values[k]. a is not changed.
 */
export function symmetricEigen(n: number, a: Float64Array): { values: Float64Array; vectors: Float64Array } {
  const m = a.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        all += m[i * n + j] ** 2;
        if (i !== j) off += m[i * n + j] ** 2;
      }
    if (!(off > (Number.EPSILON * n) ** 2 * all)) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(n, m, vectors, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => m[i * n + i]), vectors };
}

/** The rotation in the plane (p, q) that makes m[p, q] zero. */
function rotate(n: number, m: Float64Array, vectors: Float64Array, p: number, q: number): void {
  const entry = m[p * n + q];
  if (entry === 0) return;
  const tau = (m[q * n + q] - m[p * n + p]) / (2 * entry);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [m[k * n + p], m[k * n + q]];
    m[k * n + p] = c * kp - s * kq;
    m[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [m[p * n + k], m[q * n + k]];
    m[p * n + k] = c * pk - s * qk;
    m[q * n + k] = s * pk + c * qk;
    const [vp, vq] = [vectors[k * n + p], vectors[k * n + q]];
    vectors[k * n + p] = c * vp - s * vq;
    vectors[k * n + q] = s * vp + c * vq;
  }
}
