/** {w : Σ_j (η_j w_j² + g_j w_j) ≤ h}, η ≥ 0: a quadratic row in the coordinates of the eigenvectors of its matrix. */
export interface QuadraticRow {
  eta: Float64Array;
  g: Float64Array;
  h: number;
}

/** Newton steps; from the left they rise monotonically and end by themselves. */
const mostSteps = 100;

/**
 * The nearest point w of the row to w₀ = `values[at …]`, in place: w(λ) = (w₀ − λg)/(1 + 2λη) with the root λ ≥ 0 of the secular function
 * q(λ) = Σ(η w² + g w) − h. It is convex and falls, so that Newton's method from λ = 0 stays left of the root.
 *
 * @returns λ; 0 where w₀ satisfies the row
 */
export function projectOntoRow({ eta, g, h }: QuadraticRow, values: Float64Array, at: number): number {
  const n = eta.length;
  let value = -h;
  for (let j = 0; j < n; j++) value += (eta[j] * values[at + j] + g[j]) * values[at + j];
  if (!(value > 0)) return 0;
  let lambda = 0;
  for (let step = 0; step < mostSteps; step++) {
    value = -h;
    let slope = 0;
    let size = Math.abs(h);
    for (let j = 0; j < n; j++) {
      const m = 1 + 2 * lambda * eta[j];
      const w = (values[at + j] - lambda * g[j]) / m;
      const term = (eta[j] * w + g[j]) * w;
      const gradient = 2 * eta[j] * w + g[j];
      value += term;
      size += Math.abs(term);
      slope += (gradient * gradient) / m;
    }
    // Below this the value is rounding.
    if (!(value > 4 * Number.EPSILON * size) || slope === 0) break;
    const next = lambda + value / slope;
    if (!(next > lambda)) break;
    lambda = next;
  }
  for (let j = 0; j < n; j++) values[at + j] = (values[at + j] - lambda * g[j]) / (1 + 2 * lambda * eta[j]);
  return lambda;
}

/**
 * v ← the derivative of the projection at w with λ > 0, which is symmetric: with M = I + 2λ diag(η) and q = 2ηw + g,
 * dw = M⁻¹dw₀ − (qᵀM⁻¹dw₀/qᵀM⁻¹q) M⁻¹q. v = `values[at …]`.
 */
export function differentiateRow(
  { eta, g }: QuadraticRow,
  lambda: number,
  w: Float64Array,
  values: Float64Array,
  at: number,
): void {
  const n = eta.length;
  let [along, square] = [0, 0];
  for (let j = 0; j < n; j++) {
    const m = 1 + 2 * lambda * eta[j];
    const q = 2 * eta[j] * w[j] + g[j];
    values[at + j] /= m;
    along += q * values[at + j];
    square += (q * q) / m;
  }
  const share = along / square;
  for (let j = 0; j < n; j++) values[at + j] -= (share * (2 * eta[j] * w[j] + g[j])) / (1 + 2 * lambda * eta[j]);
}
