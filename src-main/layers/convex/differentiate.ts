import { factorSaddlePoint, solveSaddlePoint, type SaddlePoint } from '../../numerics/linalg/saddlePoint';
import { examine } from '../../solvers/convex/certificate';
import { secondOrderAt } from '../../solvers/convex/evaluate';
import { hessianOf, type KktRow } from '../../solvers/convex/kktRows';
import { fixVariables } from '../../solvers/convex/prepare';
import { data as everyDatum, type ConvexProblem, type Datum } from '../../solvers/convex/problem';
import { isSeparable } from '../../solvers/convex/separable';
import { defaultConvexSettings } from '../../solvers/convex/settings';
import type { Finding, Multipliers, Solution } from '../../solvers/convex/solution';
import type { Derivative, Gradients } from './derivative';
import { differentiateSeparable } from './separable';

/** What derivatives are taken of: the optimum, its strictly active rows and the factored KKT system. */
export interface Linearisation {
  problem: ConvexProblem;
  y: Float64Array;
  multipliers: Multipliers;
  /** Equality rows and strictly active rows with their multipliers; weakly active rows. */
  rows: KktRow[];
  lambda: Float64Array;
  weak: KktRow[];
  /** Rows in a linear dependency. */
  dependent: KktRow[];
  system: SaddlePoint;
  /** Variables that equal bounds fix; their rows are equalities after those of A. */
  fixed: number[];
  /** The problem is that of a face of the feasible set, on which only p and Q may move. */
  onFace: boolean;
}

/** Linearises the KKT conditions at a solution, which must be optimal. */
export function linearise(original: ConvexProblem, solution: Solution, tolerance: number): Linearisation {
  const fixing = solution.face ? { problem: solution.face.problem, fixed: [] as number[] } : fixVariables(original);
  const { problem, fixed } = fixing;
  const multipliers = solution.face?.multipliers ?? withFixed(solution.multipliers, fixed);
  const examined = examine(problem, solution.y, multipliers, tolerance);
  const isWeak = solution.face
    ? (_: KktRow, r: number) => examined.weak[r]
    : (row: KktRow) => solution.findings.some((finding) => isWeakIn(finding, row));
  const rows: KktRow[] = [];
  const lambda: number[] = [];
  const weak: KktRow[] = [];
  const J: number[] = [];
  examined.rows.forEach((row, r) => {
    // At an apex with its multiplier on the cone's boundary the chosen element keeps the apex.
    const inactive = isWeak(row, r) && row.kind !== 'apex';
    if (isWeak(row, r)) weak.push(row);
    if (inactive) return;
    rows.push(row);
    lambda.push(examined.lambda[r]);
    J.push(...examined.J.subarray(r * problem.n, (r + 1) * problem.n));
  });
  const strict = Float64Array.from(lambda);
  const hessian = hessianOf(problem, rows, strict, solution.y);
  const dependent = new Set(
    solution.findings
      .filter(({ diagnosis }) => ['duplicate-constraint', 'licq-failure', 'redundant-equality'].includes(diagnosis))
      .flatMap((finding) => rows.filter((row) => isNamedIn(finding, row))),
  );
  return {
    ...{ problem, y: solution.y, multipliers, rows, lambda: strict, weak, dependent: [...dependent], fixed },
    system: factorSaddlePoint(problem.n, rows.length, hessian, Float64Array.from(J)),
    onFace: solution.face !== null,
  };
}

function withFixed(multipliers: Multipliers, fixed: number[]): Multipliers {
  if (fixed.length === 0) return multipliers;
  const { lower, upper, equality } = multipliers;
  const without = (values: Float64Array) => values.map((value, j) => (fixed.includes(j) ? 0 : value));
  return {
    ...multipliers,
    equality: Float64Array.from([...equality, ...fixed.map((j) => upper[j] - lower[j])]),
    lower: without(lower),
    upper: without(upper),
  };
}

const isWeakIn = (finding: Finding, row: KktRow): boolean =>
  (finding.diagnosis === 'zero-multiplier' || finding.diagnosis === 'kink') && isNamedIn(finding, row);

function isNamedIn({ equality, rows, bounds, soc }: Finding, row: KktRow): boolean {
  if (row.kind === 'equality') return equality?.includes(row.index) ?? false;
  if (row.kind === 'inequality') return rows?.includes(row.index) ?? false;
  if (row.kind === 'boundary' || row.kind === 'apex') return soc?.includes(row.index) ?? false;
  return bounds?.includes(`${row.kind} ${row.index}`) ?? false;
}

/**
 * Vector–Jacobian product of the solution map: gradients of L = vᵀy* with respect to the data that are asked for, by the implicit
 * function theorem on the KKT conditions of the active set (Amos & Kolter, *OptNet*, ICML 2017; Fiacco 1983). With
 *
 *     [∇²L Jᵀ; J 0] [u; λ̇] = [v; 0]
 *
 * every gradient is −(uᵀ ∂_θ∇_yL + Σ λ̇_r ∂_θc_r). The full Jacobian is not formed, and data that are not asked for cost nothing.
 */
export function differentiate(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  asked: readonly Datum[] = everyDatum,
  tolerance = defaultConvexSettings.activeTolerance,
): Derivative {
  const began = performance.now();
  const derivative = compute(problem, solution, cotangent, asked, tolerance);
  derivative.seconds = (performance.now() - began) / 1000;
  return derivative;
}

function compute(
  problem: ConvexProblem,
  solution: Solution,
  cotangent: Float64Array,
  asked: readonly Datum[],
  tolerance: number,
): Derivative {
  const causes = solution.findings;
  if (solution.status !== 'optimal')
    return refuse(
      problem,
      causes,
      'no-optimum',
      `the solve ended "${solution.status}": there is no optimum to differentiate`,
    );
  const unique = causes.find(({ diagnosis }) => diagnosis === 'not-unique');
  if (unique) return refuse(problem, causes, 'reduced-hessian-singular', unique.message);
  if (isSeparable(problem)) return differentiateSeparable(problem, solution, cotangent, asked);
  const linear = linearise(problem, solution, tolerance);
  if (linear.system.singular > 0)
    return refuse(
      problem,
      causes,
      'reduced-hessian-singular',
      'the reduced Hessian is singular once the weakly active rows are left out: only one-sided derivatives exist',
    );
  const { x: u, lambda: rates } = solveSaddlePoint(linear.system, cotangent, new Float64Array(linear.rows.length));
  return {
    refusal: null,
    gradients: gradientsOf(problem, linear, u, rates, asked),
    oneSidedOnly: asked.filter((datum) => !isDifferentiable(problem, linear, datum)),
    findings: causes,
    adjoint: u,
    seconds: 0,
  };
}

type Reason = NonNullable<Derivative['refusal']>['reason'];

const refuse = ({ n }: ConvexProblem, findings: Finding[], reason: Reason, message: string): Derivative => ({
  refusal: { reason, message },
  gradients: {},
  oneSidedOnly: [],
  findings,
  adjoint: new Float64Array(n).fill(NaN),
  seconds: 0,
});

/** Where a datum's rows depend on others, or rows are weakly active and it moves y, left and right derivatives differ. */
function isDifferentiable(problem: ConvexProblem, linear: Linearisation, datum: Datum): boolean {
  const { rows, weak, dependent, system, fixed, onFace } = linear;
  const moves: Record<Datum, KktRow['kind'][]> = {
    ...{ Q: [], p: [], A: ['equality'], b: ['equality'], G: ['inequality'], h: ['inequality'], H: ['inequality'] },
    ...{ lower: ['lower'], upper: ['upper'], soc: ['boundary', 'apex'] },
  };
  const of = (list: readonly KktRow[]) =>
    list.some(({ kind, index }) => moves[datum].includes(kind) && (kind !== 'equality' || index < problem.e));
  if (onFace) return datum === 'p' || datum === 'Q';
  if (of(dependent)) return false;
  if (fixed.length > 0 && (datum === 'lower' || datum === 'upper')) return false;
  if (weak.length === 0) return true;
  if (datum === 'p' || datum === 'Q') return system.rank === problem.n;
  return !of([...rows, ...weak]);
}

/** Gradients from the solution u and the rates λ̇ of the adjoint system. */
export function gradientsOf(
  original: ConvexProblem,
  linear: Linearisation,
  u: Float64Array,
  rates: Float64Array,
  asked: readonly Datum[],
): Gradients {
  const { problem, y, rows, lambda, fixed, onFace } = linear;
  const { n, e, m, Q, H, soc } = original;
  const wants = (datum: Datum) => asked.includes(datum);
  const result: Gradients = {};
  if (wants('p')) result.p = u.map((value) => -value + 0);
  if (wants('Q')) result.Q = curved(n, Q?.kind === 'diagonal', u, y, 0.5, 0);
  // Rows of a face are not the original's: what moves them moves the face.
  if (onFace) return result;
  if (wants('A')) result.A = new Float64Array(e * n);
  if (wants('b')) result.b = new Float64Array(e);
  if (wants('G')) result.G = new Float64Array(m * n);
  if (wants('h')) result.h = new Float64Array(m);
  if (wants('H')) result.H = H.map((row) => row && new Float64Array(row.values.length));
  if (wants('lower')) result.lower = new Float64Array(n);
  if (wants('upper')) result.upper = new Float64Array(n);
  if (wants('soc'))
    result.soc = soc.map(({ k }) => ({
      ...{ F: new Float64Array(k * n), g: new Float64Array(k), c: new Float64Array(n), d: 0 },
    }));
  rows.forEach((row, r) => {
    const { kind, index } = row;
    const [multiplier, rate] = [lambda[r], rates[r]];
    if (kind === 'equality' && index >= e) {
      const j = fixed[index - e];
      const side = multiplier <= 0 ? result.lower : result.upper;
      if (side) side[j] = rate;
    } else if (kind === 'equality') {
      if (result.b) result.b[index] = rate;
      if (result.A) outer(n, result.A, index * n, multiplier, rate, u, y);
    } else if (kind === 'inequality') {
      const gradient = result.H?.[index];
      if (result.h) result.h[index] = rate;
      if (result.G) outer(n, result.G, index * n, multiplier, rate, u, y);
      if (gradient) result.H![index] = curved(n, H[index]?.kind === 'diagonal', u, y, multiplier, rate);
    } else if (kind === 'lower') {
      if (result.lower) result.lower[index] = -rate;
    } else if (kind === 'upper') {
      if (result.upper) result.upper[index] = rate;
    } else if (result.soc) secondOrderGradients(problem, row, multiplier, rate, u, y, result.soc[index]);
  });
  return result;
}

/** to[at …] ← −(λu + λ̇y) */
function outer(
  n: number,
  to: Float64Array,
  at: number,
  multiplier: number,
  rate: number,
  u: Float64Array,
  y: Float64Array,
): void {
  for (let j = 0; j < n; j++) to[at + j] = -(multiplier * u[j] + rate * y[j]);
}

/** −(λ(uyᵀ + yuᵀ) + λ̇yyᵀ), or its diagonal. */
function curved(
  n: number,
  diagonal: boolean,
  u: Float64Array,
  y: Float64Array,
  multiplier: number,
  rate: number,
): Float64Array {
  if (diagonal) return y.map((value, j) => -(2 * multiplier * u[j] + rate * value) * value);
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) result[i * n + j] = -(multiplier * (u[i] * y[j] + y[i] * u[j]) + rate * y[i] * y[j]);
  return result;
}

/** Gradients of one KKT row of a second-order row; see docs/methods.md. */
function secondOrderGradients(
  { n, soc }: ConvexProblem,
  row: KktRow,
  multiplier: number,
  rate: number,
  u: Float64Array,
  y: Float64Array,
  to: NonNullable<Gradients['soc']>[number],
): void {
  const { k, F } = soc[row.index];
  if (row.kind === 'apex') {
    const q = row.part - 1;
    const [target, at] = q < 0 ? [to.c, 0] : [to.F, q * n];
    for (let j = 0; j < n; j++) target[at + j] = multiplier * u[j] + rate * y[j];
    if (q < 0) to.d = rate;
    else to.g[q] = rate;
    return;
  }
  const { r, rho } = secondOrderAt(soc[row.index], n, y);
  const unit = r.map((value) => value / rho);
  // w = (I − unit unitᵀ)Fu/ρ
  const w = new Float64Array(k);
  let along = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < n; j++) w[i] += F[i * n + j] * u[j];
    along += unit[i] * w[i];
  }
  for (let i = 0; i < k; i++) w[i] = (w[i] - along * unit[i]) / rho;
  for (let i = 0; i < k; i++) {
    to.g[i] = -(multiplier * w[i] + rate * unit[i]);
    for (let j = 0; j < n; j++)
      to.F[i * n + j] = -(multiplier * (unit[i] * u[j] + w[i] * y[j]) + rate * unit[i] * y[j]);
  }
  for (let j = 0; j < n; j++) to.c[j] = multiplier * u[j] + rate * y[j];
  to.d = rate;
}
