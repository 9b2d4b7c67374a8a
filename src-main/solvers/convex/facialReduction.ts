import { addSymmetric, inequalityGradient, timesSymmetric } from './evaluate';
import { convexProblem, type ConvexProblem, type SecondOrderRow } from './problem';
import type { PhaseOne } from './phases';

/** A multiplier of phase one counts as positive beyond this share of the largest. */
const support = 1e-6;

/**
 * Facial reduction (Borwein & Wolkowicz, J. Austral. Math. Soc. 30, 1981; for quadratics: at t = 0 the rows with positive multipliers
 * hold with equality at every feasible point, and since the feasible set is convex so do H_iy = H_iy₀ and ∇c_i(y₀)ᵀy = ∇c_i(y₀)ᵀy₀).
 * A second-order row with z inside the cone has Fy + g = 0 = cᵀy + d; with z on its boundary, (cᵀy + d, Fy + g) is a multiple of
 * (z₀, −z).
 *
 * @returns the problem with those rows as equalities, or null if the multipliers single out no row
 */
export function reduceToFace(problem: ConvexProblem, { y, multipliers }: PhaseOne): ConvexProblem | null {
  const { n, e, m, A, b, G, h, H, lower, upper, soc } = problem;
  const { inequality } = multipliers;
  let largest = 0;
  for (const part of [inequality, multipliers.lower, multipliers.upper, ...multipliers.soc])
    for (const value of part) largest = Math.max(largest, Math.abs(value));
  const counts = (value: number) => value > support * largest;
  const rows: Float64Array[] = Array.from({ length: e }, (_, i) => A.subarray(i * n, (i + 1) * n));
  const values = [...b];
  let found = false;
  const require = (row: Float64Array, value: number) => {
    found = true;
    if (row.every((entry) => entry === 0)) return;
    rows.push(row);
    values.push(value);
  };
  const at = (row: Float64Array) => row.reduce((sum, entry, j) => sum + entry * y[j], 0);
  const kept: number[] = [];
  for (let i = 0; i < m; i++) {
    if (!counts(inequality[i])) {
      kept.push(i);
      continue;
    }
    const gradient = new Float64Array(n);
    inequalityGradient(problem, i, y, gradient, 0);
    require(gradient, H[i] === null ? h[i] : at(gradient));
    if (H[i] === null) continue;
    const full = new Float64Array(n * n);
    addSymmetric(n, H[i], 1, full);
    const product = new Float64Array(n);
    timesSymmetric(n, H[i], y, product);
    for (let j = 0; j < n; j++) require(full.subarray(j * n, (j + 1) * n), product[j]);
  }
  const least = lower.slice();
  const most = upper.slice();
  for (let j = 0; j < n; j++) {
    const held = counts(multipliers.lower[j]) ? lower[j] : counts(multipliers.upper[j]) ? upper[j] : null;
    if (held === null) continue;
    const unit = new Float64Array(n);
    unit[j] = 1;
    require(unit, held);
    least[j] = -Infinity;
    most[j] = Infinity;
  }
  const cones: SecondOrderRow[] = [];
  const linear: { row: Float64Array; value: number }[] = [];
  soc.forEach((row, q) => {
    const z = multipliers.soc[q];
    if (!counts(z[0])) return void cones.push(row);
    const { k, F, g, c, d } = row;
    const inside = z[0] - Math.hypot(...z.subarray(1)) > 1e-7 * z[0];
    if (inside) require(c, -d);
    else linear.push({ row: c.map((value) => -value), value: d });
    for (let i = 0; i < k; i++) {
      const f = F.subarray(i * n, (i + 1) * n);
      // z₀(Fy + g) + z(cᵀy + d) = 0
      if (inside) require(f, -g[i]);
      else require(f.map((value, j) => z[0] * value + z[i + 1] * c[j]), -z[0] * g[i] - z[i + 1] * d);
    }
  });
  if (!found) return null;
  const flat = (list: Float64Array[]) => {
    const result = new Float64Array(list.length * n);
    list.forEach((row, i) => result.set(row, i * n));
    return result;
  };
  return convexProblem(n, {
    ...{ Q: problem.Q, p: problem.p, A: flat(rows), b: Float64Array.from(values) },
    G: flat([...kept.map((i) => G.subarray(i * n, (i + 1) * n)), ...linear.map(({ row }) => row)]),
    h: Float64Array.from([...kept.map((i) => h[i]), ...linear.map(({ value }) => value)]),
    H: [...kept.map((i) => H[i]), ...linear.map(() => null)],
    ...{ lower: least, upper: most, soc: cones },
  });
}
