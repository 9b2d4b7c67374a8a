/** Rows Σ_j (η_j w_j + g_j)w_j ≤ h with η ≥ 0: [rows, n], [rows, n], [rows], and the largest η of every row. */
export interface QuadraticRows {
  eta: Float64Array;
  g: Float64Array;
  h: Float64Array;
  bend: Float64Array;
}

/** p [n], the copies s [rows, n], what they are summed into [n], and the multipliers [rows] of the step before, from which those of this one are sought. */
export interface SplitPoint {
  p: Float64Array;
  s: Float64Array;
  sum: Float64Array;
  lambda: Float64Array;
}

/** A value within this of 0, relative to the size of its terms, is 0. */
const resolution = 1e-14;
const mostSteps = 100;

/**
 * One step of Douglas–Rachford splitting for the copy s of every row: w the nearest point of the row to 2p − s, s ← s + ω(w − p), sum ← sum + s.
 * w(λ) = (2p − s − λg)/(1 + 2λη) with the root λ ≥ 0 of q(λ) = Σ(η w² + g w) − h, which is convex and falls. It is sought by Halley's method, by Newton's where that would go more
 * than twice as far, from the multiplier of the step before.
 */
export function splitRows(rows: number, n: number, row: QuadraticRows, point: SplitPoint, omega: number): void {
  const { p, s, sum, lambda } = point;
  for (let i = 0; i < rows; i++) {
    const found = (lambda[i] = rowMultiplier(n, row, point, i));
    for (let j = 0, at = i * n; j < n; j++, at++) {
      const w = (2 * p[j] - s[at] - found * row.g[at]) / (1 + 2 * found * row.eta[at]);
      s[at] += omega * (w - p[j]);
      sum[j] += s[at];
    }
  }
}

/** The root λ of row i; 0 where 2p − s satisfies it. */
function rowMultiplier(
  n: number,
  { eta, g, h, bend }: QuadraticRows,
  { p, s, lambda: before }: SplitPoint,
  i: number,
): number {
  const from = i * n;
  let value = -h[i];
  for (let j = 0; j < n; j++) {
    const t = 2 * p[j] - s[from + j];
    value += (eta[from + j] * t + g[from + j]) * t;
  }
  if (!(value > 0)) return 0;
  let lambda = before[i];
  for (let step = 0; step < mostSteps; step++) {
    value = -h[i];
    let [slope, curvature] = [0, 0];
    let size = Math.abs(h[i]);
    for (let j = 0, at = from; j < n; j++, at++) {
      const m = 1 + 2 * lambda * eta[at];
      const w = (2 * p[j] - s[at] - lambda * g[at]) / m;
      const term = (eta[at] * w + g[at]) * w;
      const gradient = 2 * eta[at] * w + g[at];
      value += term;
      size += Math.abs(term);
      slope += (gradient * gradient) / m;
      curvature += (eta[at] * gradient * gradient) / (m * m);
    }
    if (Math.abs(value) <= resolution * size || !(slope > 0)) break;
    const doubled = 2 * slope * slope;
    const halley = doubled - 6 * value * curvature;
    const next = Math.max(0, lambda + (2 * halley > doubled ? (2 * value * slope) / halley : value / slope));
    if (next === lambda) break;
    // With κ the largest η/(1 + 2λη), q″ ≤ 6κ|q′| and |q‴| ≤ 48κ²|q′|, so that a step leaves about 9κ² times its third power at most.
    const left = Math.abs(next - lambda);
    const kappa = bend[i] / (1 + 2 * Math.min(lambda, next) * bend[i]);
    const done = 9 * kappa * kappa * left * left * left * slope <= resolution * size;
    lambda = next;
    if (done) break;
  }
  return lambda;
}
