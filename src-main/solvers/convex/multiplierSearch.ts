import { addTransposed, multiplySymmetric } from '../../numerics/linalg/products';
import { attempt } from './attempt';
import { certificateHolds, examine, type Examined } from './certificate';
import { gradientAt, rounded } from './evaluate';
import { noMultipliers, scatterMultipliers } from './kktRows';
import { convexProblem, type ConvexProblem, type SecondOrderRow } from './problem';
import { scalesOf } from './scaling';
import type { ConvexSettings } from './settings';
import type { Multipliers } from './solution';

/** λ ≥ 0 of rows that are inequalities, (z₀, z) in its cone at an apex. */
function signs(examined: Examined): { lower: Float64Array; soc: SecondOrderRow[] } {
  const { rows } = examined;
  const r = rows.length;
  const lower = Float64Array.from(rows, ({ kind }) => (kind === 'equality' || kind === 'apex' ? -Infinity : 0));
  const soc: SecondOrderRow[] = [];
  rows.forEach((row, at) => {
    if (row.kind !== 'apex' || row.part !== 0) return;
    const k = rows.filter((other) => other.kind === 'apex' && other.index === row.index).length - 1;
    const F = new Float64Array(k * r);
    for (let i = 0; i < k; i++) F[i * r + at + 1 + i] = 1;
    const c = new Float64Array(r);
    c[at] = 1;
    soc.push({ k, F, g: new Float64Array(k), c, d: 0 });
  });
  return { lower, soc };
}

/**
 * Multipliers of a point y that is known to be optimal: the λ of the right signs with the smallest ‖∇f + Jᵀλ‖.
 *
 * @returns null where that is not 0: no multipliers satisfy the KKT conditions
 */
export function searchMultipliers(
  problem: ConvexProblem,
  y: Float64Array,
  settings: ConvexSettings,
): Multipliers | null {
  const { n } = problem;
  const examined = examine(problem, y, noMultipliers(problem), settings.activeTolerance);
  const { rows } = examined;
  const r = rows.length;
  if (r === 0) return null;
  // In the scale of the variables, so that every component of the sum counts.
  const { variables } = scalesOf(problem);
  const J = examined.J.map((value, at) => value * variables[at % n]);
  const gradient = rounded(gradientAt(problem, y)).map((value, j) => value * variables[j]);
  const gram = new Float64Array(r * r);
  multiplySymmetric(r, n, J, J, gram);
  for (let i = 0; i < r; i++) for (let j = 0; j < i; j++) gram[j * r + i] = gram[i * r + j];
  const p = Float64Array.from(rows, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += J[i * n + j] * gradient[j];
    return sum;
  });
  const { y: lambda } = attempt(
    convexProblem(r, { Q: { kind: 'dense', values: gram }, p, ...signs(examined) }),
    settings,
  );
  const multipliers = scatterMultipliers(problem, rows, lambda, y);
  const { certificate } = examine(problem, y, multipliers, settings.activeTolerance);
  return certificateHolds(certificate, y, settings.maxResidual) ? multipliers : null;
}

/** The set of all multipliers of an examined optimum, {λ: Jᵀλ = Jᵀλ₀, λ of the right signs}, as the rows of a problem in λ. */
function multiplierSet({ n }: ConvexProblem, examined: Examined) {
  const { rows, J, lambda } = examined;
  const r = rows.length;
  const A = new Float64Array(n * r);
  for (let i = 0; i < r; i++) for (let j = 0; j < n; j++) A[j * r + i] = J[i * n + j];
  const b = new Float64Array(n);
  addTransposed(r, n, J, lambda, b);
  return { A, b, ...signs(examined) };
}

/** Has row r a positive multiplier among all that an examined optimum has? Minimises −λ_r and a little of the norm. */
export function canBePositive(
  problem: ConvexProblem,
  examined: Examined,
  r: number,
  settings: ConvexSettings,
): boolean {
  const size = examined.rows.length;
  const largest = Math.max(1e-300, ...examined.lambda.map(Math.abs));
  const p = new Float64Array(size);
  p[r] = -largest;
  const Q = { kind: 'diagonal' as const, values: new Float64Array(size).fill(1e-3) };
  const { holds, y } = attempt(convexProblem(size, { Q, p, ...multiplierSet(problem, examined) }), settings);
  return holds && y[r] > 1e-7 * largest;
}

/** Of all multipliers that an examined optimum has, those of least norm; null if they cannot be found. */
export function leastMultipliers(
  problem: ConvexProblem,
  examined: Examined,
  y: Float64Array,
  settings: ConvexSettings,
): Multipliers | null {
  const { rows } = examined;
  const Q = { kind: 'diagonal' as const, values: new Float64Array(rows.length).fill(1) };
  const solved = attempt(convexProblem(rows.length, { Q, ...multiplierSet(problem, examined) }), settings);
  if (!solved.holds) return null;
  const multipliers = scatterMultipliers(problem, rows, solved.y, y);
  const { certificate } = examine(problem, y, multipliers, settings.activeTolerance);
  return certificateHolds(certificate, y, settings.maxResidual) ? multipliers : null;
}
