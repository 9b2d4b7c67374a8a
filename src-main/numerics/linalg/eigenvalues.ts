/**
 * Eigenvalues of a symmetric matrix a [n, n] in ascending order: Householder tridiagonalisation, then the QL method with implicit
 * shifts (Golub & Van Loan, *Matrix Computations*, 4th ed., §8.3). Reads the lower triangle; overwrites a.
 *
 * @throws RangeError if QL does not converge within 50 sweeps an eigenvalue, which happens for NaN only
 */
export function symmetricEigenvalues(n: number, a: Float64Array): Float64Array {
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalise(n, a, d, e);
  implicitQl(n, d, e);
  return d.sort();
}

/** ‖A‖₂ of a symmetric matrix; overwrites a. */
export function symmetricNorm(n: number, a: Float64Array): number {
  if (n === 0) return 0;
  const values = symmetricEigenvalues(n, a);
  return Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
}

/** Reduces to a diagonal d and a subdiagonal e (e[i] couples i and i + 1). */
function tridiagonalise(n: number, a: Float64Array, d: Float64Array, e: Float64Array): void {
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    d[k] = a[k * n + k];
    let squared = 0;
    for (let i = k + 1; i < n; i++) squared += (v[i] = a[i * n + k]) ** 2;
    const norm = Math.sqrt(squared);
    const alpha = v[k + 1] > 0 ? -norm : norm;
    e[k] = alpha;
    v[k + 1] -= alpha;
    let length = 0;
    for (let i = k + 1; i < n; i++) length += v[i] * v[i];
    if (length === 0) continue;
    const beta = 2 / length;
    // w = βAv − (β/2)(βvᵀAv)v, then A ← A − vwᵀ − wvᵀ on the trailing block.
    w.fill(0);
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      let sum = a[row + i] * v[i];
      for (let j = k + 1; j < i; j++) {
        sum += a[row + j] * v[j];
        w[j] += a[row + j] * v[i];
      }
      w[i] += sum;
    }
    let half = 0;
    for (let i = k + 1; i < n; i++) half += v[i] * (w[i] *= beta);
    half *= beta / 2;
    for (let i = k + 1; i < n; i++) w[i] -= half * v[i];
    for (let i = k + 1; i < n; i++) for (let j = k + 1; j <= i; j++) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
  }
  if (n > 0) d[n - 1] = a[n * n - 1];
}

function implicitQl(n: number, d: Float64Array, e: Float64Array): void {
  for (let l = 0; l < n; l++)
    for (let sweep = 0; ; sweep++) {
      let end = l;
      while (end < n - 1 && Math.abs(e[end]) > Number.EPSILON * (Math.abs(d[end]) + Math.abs(d[end + 1]))) end++;
      if (end === l) break;
      if (sweep === 50) throw new RangeError('the eigenvalues of a matrix with NaN or infinity do not exist');
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[end] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = end - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          // A split in the middle: start again on the smaller blocks.
          d[i + 1] -= p;
          e[end] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[end] = 0;
    }
}
