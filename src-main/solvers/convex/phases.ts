import { pivotedCholesky, solvePivoted } from '../../numerics/linalg/pivotedCholesky';
import { dot } from '../../numerics/linalg/products';
import { attempt } from './attempt';
import { addSymmetric, timesSymmetric } from './evaluate';
import { noMultipliers } from './kktRows';
import { fixVariables } from './prepare';
import { convexProblem, type ConvexProblem, type SecondOrderRow, type SymmetricMatrix } from './problem';
import { scaleProblem, scalesOf } from './scaling';
import type { ConvexSettings } from './settings';
import type { Multipliers } from './solution';

/** How deep inside the feasible set a point can be. */
export interface PhaseOne {
  /** min over y of the largest row value, rows scaled to entries of about 1; not below −1. */
  t: number;
  y: Float64Array;
  /** Multipliers of the rows at it, whose weights add up to 1 in the scaled problem. */
  multipliers: Multipliers;
  reliable: boolean;
}

/**
 * Phase one: minimise t subject to c_i(y) ≤ t, bounds and cones relaxed by t, Ay = b, t ≥ −1 (Boyd & Vandenberghe, *Convex
 * Optimization*, §11.4). t > 0 proves that there is no feasible point, and its multipliers are the proof; t = 0 that none is strictly
 * feasible. `problem` has consistent equalities and no fixed variables.
 */
export function phaseOne(problem: ConvexProblem, settings: ConvexSettings): PhaseOne {
  const scaling = scalesOf({ ...problem, p: new Float64Array(problem.n), Q: null });
  const scaled = scaleProblem(problem, scaling);
  const { n, m, lower, upper } = scaled;
  const lowerIndex = [...lower.keys()].filter((j) => lower[j] > -Infinity);
  const upperIndex = [...upper.keys()].filter((j) => upper[j] < Infinity);
  const count = m + lowerIndex.length + upperIndex.length;
  const N = n + 1;
  const G = new Float64Array(count * N);
  const h = new Float64Array(count);
  const H = new Array<SymmetricMatrix>(count).fill(null);
  for (let i = 0; i < m; i++) {
    G.set(scaled.G.subarray(i * n, (i + 1) * n), i * N);
    h[i] = scaled.h[i];
    H[i] = widened(n, scaled.H[i]);
  }
  lowerIndex.forEach((j, r) => {
    G[(m + r) * N + j] = -1;
    h[m + r] = -lower[j];
  });
  upperIndex.forEach((j, r) => {
    const row = m + lowerIndex.length + r;
    G[row * N + j] = 1;
    h[row] = upper[j];
  });
  for (let i = 0; i < count; i++) G[i * N + n] = -1;
  const wide = (rows: Float64Array, k: number) => {
    const result = new Float64Array(k * N);
    for (let i = 0; i < k; i++) result.set(rows.subarray(i * n, (i + 1) * n), i * N);
    return result;
  };
  const p = new Float64Array(N);
  p[n] = 1;
  const least = new Float64Array(N).fill(-Infinity);
  least[n] = -1;
  const soc = scaled.soc.map(({ k, F, g, c, d }): SecondOrderRow => {
    const head = wide(c, 1);
    head[n] = 1;
    return { k, F: wide(F, k), g, c: head, d };
  });
  const parts = { p, A: wide(scaled.A, scaled.e), b: scaled.b, G, h, H, lower: least, soc };
  // Where the least t is reached on an unbounded set, a little curvature keeps the iterates from following it.
  const bend = new Float64Array(N).fill(1e-9);
  bend[n] = 0;
  let solved = attempt(convexProblem(N, parts), settings);
  if (!solved.holds) {
    const bent = attempt(convexProblem(N, { ...parts, Q: { kind: 'diagonal', values: bend } }), settings);
    if (bent.holds) solved = bent;
  }
  const { inequality, equality, soc: cones } = solved.multipliers;
  const multipliers = noMultipliers(problem);
  equality.forEach((value, i) => (multipliers.equality[i] = value * scaling.equality[i]));
  for (let i = 0; i < m; i++) multipliers.inequality[i] = inequality[i] * scaling.inequality[i];
  lowerIndex.forEach((j, r) => (multipliers.lower[j] = inequality[m + r] / scaling.variables[j]));
  upperIndex.forEach((j, r) => (multipliers.upper[j] = inequality[m + lowerIndex.length + r] / scaling.variables[j]));
  cones.forEach((z, k) => z.forEach((value, i) => (multipliers.soc[k][i] = value * scaling.soc[k])));
  return {
    t: solved.y[n],
    y: solved.y.slice(0, n).map((value, j) => value * scaling.variables[j]),
    multipliers,
    reliable: solved.holds,
  };
}

function widened(n: number, matrix: SymmetricMatrix): SymmetricMatrix {
  if (matrix === null) return null;
  const { kind, values } = matrix;
  if (kind === 'diagonal') return { kind, values: Float64Array.from([...values, 0]) };
  const wide = new Float64Array((n + 1) * (n + 1));
  for (let i = 0; i < n; i++) wide.set(values.subarray(i * n, (i + 1) * n), i * (n + 1));
  return { kind, values: wide };
}

/**
 * What multipliers u prove about feasibility: inf over y of φ(y) = uᵀ(rows at y), which is ≤ 0 where a feasible point exists. Positive
 * beyond rounding is a proof that there is none. For linear rows this is −(bᵀu + hᵀu − lᵀu_l + uᵀu_u) with Aᵀu + Gᵀu − u_l + u_u = 0.
 *
 * @returns the infimum over the size of its terms; −Infinity where φ has no lower bound or a multiplier has the wrong sign
 */
export function infeasibilityMargin(problem: ConvexProblem, u: Multipliers): number {
  const { n, e, m, A, b, G, h, H, lower, upper, soc } = problem;
  const W = new Float64Array(n * n);
  const g = new Float64Array(n);
  const size = new Float64Array(n);
  let constant = 0;
  let total = 0;
  const add = (value: number) => {
    constant += value;
    total += Math.abs(value);
  };
  const along = (row: Float64Array, at: number, weight: number) => {
    for (let j = 0; j < n; j++) {
      g[j] += weight * row[at + j];
      size[j] += Math.abs(weight * row[at + j]);
    }
  };
  let signs = 0;
  for (let i = 0; i < e; i++) {
    along(A, i * n, u.equality[i]);
    add(-b[i] * u.equality[i]);
  }
  for (let i = 0; i < m; i++) {
    signs = Math.min(signs, u.inequality[i]);
    along(G, i * n, u.inequality[i]);
    addSymmetric(n, H[i], 2 * u.inequality[i], W);
    add(-h[i] * u.inequality[i]);
  }
  for (let j = 0; j < n; j++) {
    signs = Math.min(signs, u.lower[j], u.upper[j]);
    g[j] += u.upper[j] - u.lower[j];
    size[j] += Math.abs(u.upper[j]) + Math.abs(u.lower[j]);
    if (u.lower[j] !== 0) add(lower[j] * u.lower[j]);
    if (u.upper[j] !== 0) add(-upper[j] * u.upper[j]);
  }
  soc.forEach(({ k, F, g: offset, c, d }, q) => {
    const z = u.soc[q];
    signs = Math.min(signs, (z[0] - Math.hypot(...z.subarray(1))) / Math.max(1e-300, z[0]) + 1e-12);
    along(c, 0, -z[0]);
    add(-z[0] * d);
    for (let i = 0; i < k; i++) {
      along(F, i * n, -z[i + 1]);
      add(-z[i + 1] * offset[i]);
    }
  });
  if (signs < 0 || total === 0) return -Infinity;
  // inf ½yᵀWy + gᵀy = −½gᵀW⁺g where g is in the range of W.
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, W[j * (n + 1)]);
  const direction = g.slice();
  if (largest > 0) {
    const rest = g.slice();
    const factored = pivotedCholesky(n, W.slice(), 1e-13 * n * largest);
    solvePivoted(factored, direction);
    const negative = direction.map((value) => -value);
    for (let i = 0; i < n; i++) rest[i] += dot(n, W, i * n, negative, 0);
    for (let j = 0; j < n; j++) if (Math.abs(rest[j]) > 1e-9 * Math.max(size[j], largest)) return -Infinity;
    const dip = 0.5 * dot(n, g, 0, direction, 0);
    return (constant - dip) / (total + Math.abs(dip));
  }
  for (let j = 0; j < n; j++) if (Math.abs(g[j]) > 1e-9 * size[j]) return -Infinity;
  return constant / total;
}

/**
 * A direction d along which the objective falls and no row is ever violated: the projection of −p onto the recession cone
 * {Qd = 0, Ad = 0, H_id = 0, G_iᵀd ≤ 0, d ≥ 0 and d ≤ 0 at bounds, ‖Fd‖ ≤ cᵀd} (Rockafellar, *Convex Analysis*, §8), scaled to
 * ‖d‖∞ = 1. Null where there is none.
 */
export function findRay(problem: ConvexProblem, settings: ConvexSettings): Float64Array | null {
  const scaling = scalesOf(problem);
  const scaled = scaleProblem(problem, scaling);
  const { n, e, m, Q, A, G, H, lower, upper, soc, p } = scaled;
  const equalities: Float64Array[] = [];
  for (let i = 0; i < e; i++) equalities.push(A.subarray(i * n, (i + 1) * n));
  for (const matrix of [Q, ...H]) equalities.push(...rowsOfMatrix(n, matrix));
  const rows = new Float64Array(equalities.length * n);
  equalities.forEach((row, i) => rows.set(row, i * n));
  const cone = fixVariables(
    convexProblem(n, {
      Q: { kind: 'diagonal', values: new Float64Array(n).fill(1) },
      p,
      A: rows,
      b: new Float64Array(equalities.length),
      G,
      h: new Float64Array(m),
      lower: lower.map((value) => (Number.isFinite(value) ? 0 : -Infinity)),
      upper: upper.map((value) => (Number.isFinite(value) ? 0 : Infinity)),
      soc: soc.map((row) => ({ ...row, g: new Float64Array(row.k), d: 0 })),
    }),
  );
  const { y: d } = attempt(cone.problem, settings);
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs((d[j] *= scaling.variables[j])));
  if (!(largest > 0)) return null;
  for (let j = 0; j < n; j++) d[j] /= largest;
  return isRay(problem, d) ? d : null;
}

function rowsOfMatrix(n: number, matrix: SymmetricMatrix): Float64Array[] {
  if (matrix === null) return [];
  const { kind, values } = matrix;
  if (kind === 'dense') return Array.from({ length: n }, (_, i) => values.subarray(i * n, (i + 1) * n));
  return [...values.keys()]
    .filter((j) => values[j] !== 0)
    .map((j) => Float64Array.from({ length: n }, (_, i) => (i === j ? values[j] : 0)));
}

/**
 * Does the objective fall for ever along d, from any feasible point, without violating a row? Judged in the scaled problem, where rows and
 * columns have entries of about 1, with ‖d‖∞ = 1: what should vanish is within 1e-9, and within 1e-8 of the fall.
 */
export function isRay(problem: ConvexProblem, direction: Float64Array): boolean {
  const scaling = scalesOf(problem);
  const { n, e, m, Q, p, A, G, H, lower, upper, soc } = scaleProblem(problem, scaling);
  const d = direction.map((value, j) => value / scaling.variables[j]);
  const largest = d.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (!(largest > 0)) return false;
  for (let j = 0; j < n; j++) d[j] /= largest;
  const slope = dot(n, p, 0, d, 0);
  const size = p.reduce((sum, value, j) => sum + Math.abs(value * d[j]), 0);
  if (!(slope < -1e-9 * size)) return false;
  const tolerance = Math.min(1e-9, -1e-8 * slope);
  const product = new Float64Array(n);
  const vanishes = (matrix: SymmetricMatrix) => {
    timesSymmetric(n, matrix, d, product);
    return product.every((value) => Math.abs(value) <= tolerance);
  };
  if (![Q, ...H].every(vanishes)) return false;
  for (let i = 0; i < e; i++) if (Math.abs(dot(n, A, i * n, d, 0)) > tolerance) return false;
  for (let i = 0; i < m; i++) if (dot(n, G, i * n, d, 0) > tolerance) return false;
  for (let j = 0; j < n; j++)
    if ((lower[j] > -Infinity && d[j] < -tolerance) || (upper[j] < Infinity && d[j] > tolerance)) return false;
  return soc.every(({ k, F, c }) => {
    let squares = 0;
    for (let i = 0; i < k; i++) squares += dot(n, F, i * n, d, 0) ** 2;
    return Math.sqrt(squares) - dot(n, c, 0, d, 0) <= tolerance;
  });
}

/**
 * Does the objective fall without bound along no straight ray, as −y₁ does over y₁² ≤ y₂? It is minimised within balls of growing
 * radius around 0 (of the scaled problem): where it has a lower bound its last fall is the smaller one.
 */
export function fallsWithoutBound(problem: ConvexProblem, settings: ConvexSettings): boolean {
  const scaled = scaleProblem(problem, scalesOf(problem));
  const { n, m } = scaled;
  const values: number[] = [];
  for (const radius of [1e2, 1e4, 1e6, 1e8]) {
    const ball: SymmetricMatrix = { kind: 'diagonal', values: new Float64Array(n).fill(radius ** -2) };
    const G = new Float64Array((m + 1) * n);
    G.set(scaled.G);
    const within = { ...scaled, m: m + 1, G, h: Float64Array.from([...scaled.h, 1]), H: [...scaled.H, ball] };
    const solved = attempt(within, settings);
    if (!solved.holds) return false;
    values.push(solved.examined.objective);
  }
  const falls = values.slice(1).map((value, i) => values[i] - value);
  return falls.every((fall, i) => fall > (i === 0 ? 0 : 2 * falls[i - 1]) && fall > 1e-6 * Math.abs(values[i + 1]));
}
